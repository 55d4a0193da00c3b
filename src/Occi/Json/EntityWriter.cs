using System.Text.Json;
using Occi.Core;

namespace Occi.Json;

/// <summary>Entities and invocations in JSON (GFD.226 §3.1): core's attributes are members, all others lie flat in <c>attributes</c>.</summary>
internal sealed class EntityWriter(Catalogue catalogue)
{
    /// <summary>Whether the entity is a link: by its kind, or where that is unknown by having a target.</summary>
    public bool IsLink(Representation entity) =>
        entity.Kind is { } id && catalogue.Find(id) is Kind kind ? kind.Is(CoreKinds.Link) : entity.Attributes.ContainsKey(CoreKinds.Target.Name);

    public void Entity(Utf8JsonWriter json, Representation entity) => Entity(json, entity, IsLink(entity));

    public static void Invocation(Utf8JsonWriter json, Invocation invocation, IReadOnlyList<Attr> definitions)
    {
        json.WriteStartObject();
        json.WriteString("action", invocation.Action.ToString());
        if (invocation.Attributes.Count > 0)
        {
            json.WriteStartObject("attributes");
            foreach (var (name, value) in invocation.Attributes)
            {
                json.WritePropertyName(name);
                JsonOutput.Value(json, value, definitions.FirstOrDefault(a => a.Name == name));
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private void Entity(Utf8JsonWriter json, Representation entity, bool isLink)
    {
        json.WriteStartObject();
        if (entity.Kind is { } kind)
            json.WriteString("kind", kind.ToString());
        Identifiers(json, "mixins", entity.Mixins);
        Attributes(json, entity, isLink);
        Identifiers(json, "actions", entity.Actions);
        Lift(json, "id", entity, CoreKinds.Id);
        Lift(json, "title", entity, CoreKinds.Title);
        if (isLink)
        {
            End(json, "source", entity, CoreKinds.Source, CoreKinds.SourceKind);
            End(json, "target", entity, CoreKinds.Target, CoreKinds.TargetKind);
        }
        else
        {
            Lift(json, "summary", entity, CoreKinds.Summary);
        }
        if (entity.Links.Count > 0)
        {
            json.WriteStartArray("links");
            foreach (var link in entity.Links)
                Entity(json, link, isLink: true);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private void Attributes(Utf8JsonWriter json, Representation entity, bool isLink)
    {
        var started = false;
        foreach (var (name, value) in entity.Attributes)
        {
            if (IsMember(name, entity, isLink))
                continue;
            if (!started)
                json.WriteStartObject("attributes");
            started = true;
            json.WritePropertyName(name);
            JsonOutput.Value(json, value, catalogue.FindAttribute(name));
        }
        if (started)
            json.WriteEndObject();
    }

    // The kind of an end stands in the end's object; without that end there is none to put it in.
    private static bool IsMember(string name, Representation entity, bool isLink) =>
        name == CoreKinds.Id.Name || name == CoreKinds.Title.Name
        || (isLink
            ? name == CoreKinds.Source.Name || name == CoreKinds.Target.Name
                || (name == CoreKinds.SourceKind.Name && entity.Attributes.ContainsKey(CoreKinds.Source.Name))
                || (name == CoreKinds.TargetKind.Name && entity.Attributes.ContainsKey(CoreKinds.Target.Name))
            : name == CoreKinds.Summary.Name);

    private static void Identifiers(Utf8JsonWriter json, string name, IReadOnlyList<TypeId> identifiers)
    {
        if (identifiers.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (var id in identifiers)
            json.WriteStringValue(id.ToString());
        json.WriteEndArray();
    }

    private static void Lift(Utf8JsonWriter json, string name, Representation entity, Attr attribute)
    {
        if (entity.Attributes.TryGetValue(attribute.Name, out var value))
            json.WriteString(name, value.Text);
    }

    private static void End(Utf8JsonWriter json, string name, Representation entity, Attr end, Attr kind)
    {
        if (!entity.Attributes.TryGetValue(end.Name, out var location))
            return;
        json.WriteStartObject(name);
        json.WriteString("location", location.Text);
        if (entity.Attributes.TryGetValue(kind.Name, out var known))
            json.WriteString("kind", known.Text);
        json.WriteEndObject();
    }
}
