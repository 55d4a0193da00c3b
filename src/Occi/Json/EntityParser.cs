using Occi.Core;

namespace Occi.Json;

/// <summary>
/// Entities in JSON (GFD.226 §3.1), older generations of it included: wrapped single entities, nested attributes, ends and links as URL
/// strings, <c>rel</c>. Members that it doesn't know are ignored.
/// </summary>
internal static class EntityParser
{
    public static Parsed<IReadOnlyList<Representation>> Read(JsonPart root, Catalogue? known)
    {
        if (root.Items is [{ IsObject: true }, ..])   // pyssf's
        {
            var all = All(root, known);
            return all.Ok ? all.Value! : all.Error!;
        }
        if (!root.IsObject)
            return root.Expected("an object");
        if (root["resources"] is null && (root["links"] is null || IsEntity(root)))
        {
            var one = Entity(root, nested: false, known);
            return one.Ok ? new List<Representation> { one.Value! } : one.Error!;
        }
        var (resources, links) = (All(root["resources"], known), All(root["links"], known));
        return resources.Error is { } bad ? bad : links.Error is { } wrong ? wrong : Joined(resources.Value!, links.Value!);
    }

    private static Parsed<List<Representation>> All(JsonPart? list, Catalogue? known)
    {
        var found = new List<Representation>();
        if (list is { IsArray: false })
            return list.Expected("an array");
        foreach (var item in list?.Items ?? [])
        {
            var entity = Entity(item, nested: false, known);
            if (!entity.Ok)
                return entity.Error!;
            found.Add(entity.Value!);
        }
        return found;
    }

    // A bare resource may hold links too: what an entity has and a collection has not tells them apart.
    private static bool IsEntity(JsonPart root) =>
        root["kind"] is not null || root["attributes"] is not null || root["id"] is not null || root["mixins"] is not null || root["title"] is not null;

    // Drafts list links by URL in their resource and describe them beside it: they are its inline links.
    private static List<Representation> Joined(List<Representation> resources, List<Representation> links)
    {
        var joined = resources.ConvertAll(r => r.Links.Any(IsReference) ? r with { Links = [.. r.Links.Select(l => IsReference(l) ? Described(l, links) : l)] } : r);
        return [.. joined, .. links];
    }

    /// <summary>What stands beside the resource of a link that it names; it is that link alone then.</summary>
    private static Representation Described(Representation reference, List<Representation> links)
    {
        var path = Names.PathOf(reference.Location!);
        var uuid = Names.UuidOf(path[(path.LastIndexOf('/') + 1)..]);
        var at = links.FindIndex(l => (l.Location is { } self && Names.PathOf(self) == path)
            || (IdOf(l) is { } id && (id == reference.Location || (uuid is not null && Names.UuidOf(id) == uuid))));
        if (at < 0)
            return reference;
        var described = links[at];
        links.RemoveAt(at);
        return described with { Location = described.Location ?? reference.Location };
    }

    private static bool IsReference(Representation link) => link.Location is not null && link.Kind is null && link.Attributes.Count == 0;

    private static string? IdOf(Representation entity) => entity.Attributes.TryGetValue(CoreKinds.Id.Name, out var id) ? id.Text : null;

    private static Parsed<Representation> Entity(JsonPart part, bool nested, Catalogue? known)
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
            if (Identifiers.One(named) is not { } id)
                return named.Expected("a type identifier, scheme#term");
            kind = id;
        }
        var mixins = Identifiers.Read(part["mixins"]);
        if (mixins.Error is { } bad)
            return bad;
        var attributes = AttributeParser.Read(part["attributes"], known);
        if ((attributes.Error ?? Lift(part, attributes.Value!)) is { } wrong)
            return wrong;
        var links = new List<Representation>();
        if (part["links"] is { } inner)
        {
            if (nested || !inner.IsArray)
                return nested ? inner.Fail("a link has no links") : inner.Expected("an array");
            foreach (var item in inner.Items)
            {
                var link = Entity(item, nested: true, known);
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
            Where = part.Path,
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
