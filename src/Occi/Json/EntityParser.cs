using Occi.Core;

namespace Occi.Json;

/// <summary>
/// Entities in JSON (GFD.226 §3.1), older generations of it included: wrapped single entities, nested attributes, ends and links as URL
/// strings, <c>rel</c>. Members that it doesn't know are ignored.
/// </summary>
internal static class EntityParser
{
    public static Parsed<IReadOnlyList<Representation>> Read(JsonPart root)
    {
        if (!root.IsObject)
            return root.Expected("an object");
        var found = new List<Representation>();
        if (root["resources"] is null && (root["links"] is null || IsEntity(root)))
            return One(root, found) ?? (Parsed<IReadOnlyList<Representation>>)found;
        foreach (var name in (string[])["resources", "links"])
        {
            if (root[name] is not { } list)
                continue;
            if (!list.IsArray)
                return list.Expected("an array");
            foreach (var item in list.Items)
            {
                if (One(item, found) is { } error)
                    return error;
            }
        }
        return Unlinked(found);
    }

    // A bare resource may hold links too: what an entity has and a collection has not tells them apart.
    private static bool IsEntity(JsonPart root) =>
        root["kind"] is not null || root["attributes"] is not null || root["id"] is not null || root["mixins"] is not null || root["title"] is not null;

    // Drafts list links by URL in their resource and describe them beside it: the description counts.
    private static Parsed<IReadOnlyList<Representation>> Unlinked(List<Representation> found)
    {
        var described = found.SelectMany(e => new[] { e.Location, IdOf(e) }).OfType<string>().Select(Names.PathOf).ToHashSet();
        return found.ConvertAll(e => e.Links.All(l => !IsReference(l) || !described.Contains(Names.PathOf(l.Location!)))
            ? e
            : e with { Links = [.. e.Links.Where(l => !IsReference(l) || !described.Contains(Names.PathOf(l.Location!)))] });
    }

    private static bool IsReference(Representation link) => link.Location is not null && link.Kind is null && link.Attributes.Count == 0;

    private static string? IdOf(Representation entity) => entity.Attributes.TryGetValue(CoreKinds.Id.Name, out var id) ? id.Text : null;

    private static ParseError? One(JsonPart part, List<Representation> found)
    {
        var entity = Entity(part, nested: false);
        if (entity.Ok)
            found.Add(entity.Value!);
        return entity.Error;
    }

    private static Parsed<Representation> Entity(JsonPart part, bool nested)
    {
        if (nested && part.IsString)
        {
            return Names.IsUriReference(part.Text)
                ? new Representation { Location = part.Text }
                : part.Expected("a link or its URL");
        }
        if (!part.IsObject)
            return part.Expected("an object");
        TypeId? kind = null;
        if (part["kind"] is { } named)
        {
            if (!Names.TryIdentifier(named.IsString ? named.Text : null, out var id))
                return named.Expected("a type identifier, scheme#term");
            kind = id;
        }
        var mixins = Identifiers.Read(part["mixins"]);
        if (mixins.Error is { } bad)
            return bad;
        var attributes = AttributeParser.Read(part["attributes"]);
        if ((attributes.Error ?? Lift(part, attributes.Value!)) is { } wrong)
            return wrong;
        var links = new List<Representation>();
        if (part["links"] is { } inner)
        {
            if (nested || !inner.IsArray)
                return nested ? inner.Fail("a link has no links") : inner.Expected("an array");
            foreach (var item in inner.Items)
            {
                var link = Entity(item, nested: true);
                if (!link.Ok)
                    return link;
                links.Add(link.Value!);
            }
        }
        return new Representation
        {
            Kind = kind,
            Mixins = mixins.Value!,
            Attributes = attributes.Value!,
            Links = links,
            Actions = Identifiers.Read(part["actions"]).Value ?? [],   // no client can set them; drafts had objects here
            Location = (part["location"] ?? part["self"]) is { IsString: true } self && Names.IsUriReference(self.Text) ? self.Text : null,
        };
    }

    /// <summary>Core's attributes are members of their own; given in both places, they must agree (GFD.226 §3.5).</summary>
    private static ParseError? Lift(JsonPart part, Dictionary<string, AttributeValue> attributes) =>
        Text(part["id"], CoreKinds.Id, attributes)
        ?? Text(part["title"], CoreKinds.Title, attributes)
        ?? Text(part["summary"], CoreKinds.Summary, attributes)
        ?? End(part["source"], CoreKinds.Source, CoreKinds.SourceKind, attributes)
        ?? End(part["target"], CoreKinds.Target, CoreKinds.TargetKind, attributes)
        ?? (attributes.ContainsKey(CoreKinds.TargetKind.Name) || part["rel"] is not { IsString: true } rel ? null : Text(rel, CoreKinds.TargetKind, attributes));

    private static ParseError? Text(JsonPart? part, Attr attribute, Dictionary<string, AttributeValue> attributes)
    {
        if (part is null)
            return null;
        if (!part.IsString)
            return part.Expected("a string");
        var value = AttributeValue.Of(part.Text);
        if (attributes.TryGetValue(attribute.Name, out var other) && other != value)
            return part.Fail($"{attribute.Name} is given twice, as \"{Unfit.Shorten(other.Text)}\" and as \"{Unfit.Shorten(value.Text)}\"");
        attributes[attribute.Name] = value;
        return null;
    }

    private static ParseError? End(JsonPart? part, Attr end, Attr kind, Dictionary<string, AttributeValue> attributes)
    {
        if (part is null || part.IsString)
            return Text(part, end, attributes);
        if (!part.IsObject)
            return part.Expected("an object with a location");
        return part["location"] is null
            ? part.Fail("the location is missing")
            : Text(part["location"], end, attributes) ?? Text(part["kind"], kind, attributes);
    }
}
