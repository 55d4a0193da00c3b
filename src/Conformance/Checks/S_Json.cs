using System.Text.Json;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>S. JSON rendering details.</summary>
internal static class JsonRendering
{
    private static readonly string[] ResourceMembers = ["kind", "mixins", "attributes", "actions", "id", "links", "summary", "title"];
    private static readonly string[] LinkMembers = ["kind", "mixins", "attributes", "actions", "id", "source", "target", "title"];
    private static readonly string[] CategoryArrays = ["kinds", "mixins", "actions"];
    private static readonly string[] DefinitionMembers = ["mutable", "required", "type", "pattern", "default", "description"];

    private static string[] Names(JsonElement element) => [.. element.EnumerateObject().Select(m => m.Name)];

    private static async Task<JsonElement> Categories(Session s) => Expect.Status(await s.Me.Get(QueryInterface, Json), 200).Json;

    /// <summary>A compute with a NIC, and the paths of both.</summary>
    private static async Task<(string Compute, JsonElement Link)> Linked(Session s)
    {
        var network = await s.MakeNetwork();
        var compute = await s.MakeCompute(Compose.Link(network, Network));
        return (compute, (await s.Read(compute)).GetProperty("links")[0]);
    }

    [Row("C-245", Must, C, "GET a single entity in JSON", "an object, not wrapped")]
    public static async Task One_entity_is_bare(Session s)
    {
        var entity = await s.Read(await s.MakeNetwork());
        Expect.That(entity.ValueKind == JsonValueKind.Object && entity.TryGetProperty("kind", out _) && !entity.TryGetProperty("resources", out _), $"a bare object, found {entity}");
    }

    [Row("C-246", Must, C, "GET a resource in JSON", "the standard's members only; kind and id present")]
    public static async Task A_resource_has_these_members(Session s)
    {
        var entity = await s.Read(await s.MakeStorage(Compose.Text("occi.core.title", "t"), Compose.Text("occi.core.summary", "s")));
        Expect.That(!Names(entity).Except(ResourceMembers).Any(), $"no members but {string.Join(' ', ResourceMembers)}, found {string.Join(' ', Names(entity))}");
        Expect.That(entity.GetProperty("kind").GetString() == Storage && entity.GetProperty("id").GetString()?.Length > 0, $"kind and id, found {entity}");
        Expect.That(entity.GetProperty("title").GetString() == "t" && entity.GetProperty("summary").GetString() == "s", $"title and summary as members, found {entity}");
    }

    [Row("C-247", Must, C, "GET a link in JSON", "kind, id, source{location, kind?}, target{location, kind?}; no other members than the standard's")]
    public static async Task A_link_has_these_members(Session s)
    {
        var (_, link) = await Linked(s);
        var entity = await s.Read(link.GetProperty("id").GetString() is { } id ? s.Model.LocationOf(NetworkInterface) + id[(id.LastIndexOf(':') + 1)..] : "");
        Expect.That(!Names(entity).Except(LinkMembers).Any(), $"no members but {string.Join(' ', LinkMembers)}, found {string.Join(' ', Names(entity))}");
        foreach (var end in new[] { "source", "target" })
        {
            var ended = entity.GetProperty(end);
            Expect.That(ended.GetProperty("location").GetString()?.Length > 0 && !Names(ended).Except(["location", "kind"]).Any(), $"{end} with location and kind, found {ended}");
        }
    }

    [Row("C-248", Must, C, "GET a resource with links in JSON", "links are full link objects")]
    public static async Task Links_are_in_full(Session s)
    {
        var (_, link) = await Linked(s);
        Expect.That(link.ValueKind == JsonValueKind.Object, $"a link object, found {link}");
        Expect.That(link.GetProperty("kind").GetString() == NetworkInterface && link.TryGetProperty("id", out _) && link.TryGetProperty("target", out _), $"kind, id and target, found {link}");
    }

    [Row("C-249", Must, C, "GET an entity in JSON", "attributes under flat names; values are numbers, strings, booleans, arrays or objects")]
    public static async Task Attributes_are_flat(Session s)
    {
        var attributes = (await s.Read(await s.MakeCompute(Compose.Attribute("occi.compute.cores", "1"), Compose.Attribute("occi.compute.memory", "0.5")))).GetProperty("attributes");
        Expect.That(attributes.GetProperty("occi.compute.cores").ValueKind == JsonValueKind.Number, $"occi.compute.cores as a number, found {attributes}");
        Expect.That(attributes.GetProperty("occi.compute.memory").GetDecimal() == 0.5m, $"occi.compute.memory 0.5, found {attributes}");
        Expect.That(attributes.EnumerateObject().All(a => a.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)), $"no null, found {attributes}");
    }

    [Row("C-250", Must, C, "GET /-/ in JSON", "an object with arrays kinds, mixins, actions")]
    public static async Task Categories_come_in_three_arrays(Session s)
    {
        var all = await Categories(s);
        foreach (var name in CategoryArrays)
            Expect.That(all.GetProperty(name).ValueKind == JsonValueKind.Array, $"an array {name}");
    }

    [Row("C-251", Must, C, "GET /-/ in JSON: kinds", "term, scheme; location for all but entity; parent a string")]
    public static async Task Kinds_have_these_members(Session s)
    {
        foreach (var kind in (await Categories(s)).GetProperty("kinds").EnumerateArray())
        {
            var id = kind.GetProperty("scheme").GetString() + kind.GetProperty("term").GetString();
            Expect.That(!Names(kind).Except(["term", "scheme", "title", "attributes", "parent", "actions", "location"]).Any(), $"the standard's members, found {string.Join(' ', Names(kind))}");
            Expect.That(id == Entity || kind.GetProperty("location").GetString()?.Length > 0, $"a location of {id}");
            Expect.That(id == Entity || kind.GetProperty("parent").ValueKind == JsonValueKind.String, $"a parent of {id}, as a string");
        }
    }

    [Row("C-252", Must, C, "GET /-/ in JSON: mixins", "term, scheme, location; depends and applies arrays")]
    public static async Task Mixins_have_these_members(Session s)
    {
        foreach (var mixin in (await Categories(s)).GetProperty("mixins").EnumerateArray())
        {
            Expect.That(mixin.GetProperty("term").GetString()?.Length > 0 && mixin.GetProperty("scheme").GetString()?.Length > 0 && mixin.GetProperty("location").GetString()?.Length > 0, $"term, scheme and location, found {mixin}");
            Expect.That(!Names(mixin).Except(["term", "scheme", "title", "attributes", "depends", "applies", "actions", "location"]).Any(), $"the standard's members, found {string.Join(' ', Names(mixin))}");
            foreach (var name in new[] { "depends", "applies" })
                Expect.That(!mixin.TryGetProperty(name, out var ids) || ids.ValueKind == JsonValueKind.Array, $"{name} as an array, found {mixin}");
        }
    }

    [Row("C-253", Must, C, "GET /-/ in JSON: actions", "term, scheme; no location")]
    public static async Task Actions_have_these_members(Session s)
    {
        foreach (var action in (await Categories(s)).GetProperty("actions").EnumerateArray())
        {
            Expect.That(action.GetProperty("term").GetString()?.Length > 0 && action.GetProperty("scheme").GetString()?.Length > 0, $"term and scheme, found {action}");
            Expect.That(!Names(action).Except(["term", "scheme", "title", "attributes"]).Any(), $"the standard's members, found {string.Join(' ', Names(action))}");
        }
    }

    private static async Task<IEnumerable<JsonProperty>> Definitions(Session s)
    {
        var all = await Categories(s);
        return [.. CategoryArrays.SelectMany(n => all.GetProperty(n).EnumerateArray())
            .Where(c => c.TryGetProperty("attributes", out _)).SelectMany(c => c.GetProperty("attributes").EnumerateObject())];
    }

    [Row("C-254", Must, C, "GET /-/ in JSON: attribute descriptions", "only mutable, required, type, pattern (an object), default, description; type one of five")]
    public static async Task Definitions_have_these_members(Session s)
    {
        foreach (var definition in await Definitions(s))
        {
            Expect.That(!Names(definition.Value).Except(DefinitionMembers).Any(), $"the standard's members in {definition.Name}, found {definition.Value}");
            Expect.That(
                !definition.Value.TryGetProperty("type", out var type) || type.GetString() is "string" or "number" or "boolean" or "array" or "object", $"one of the five types in {definition.Name}, found {definition.Value}");
            Expect.That(!definition.Value.TryGetProperty("pattern", out var pattern) || pattern.ValueKind == JsonValueKind.Object, $"an object as pattern of {definition.Name}, found {definition.Value}");
        }
    }

    [Row("C-255", Should, C, "GET /-/ in JSON: a pattern", "contains $schema")]
    public static async Task Patterns_name_their_schema(Session s)
    {
        foreach (var definition in await Definitions(s))
        {
            Expect.That(
                !definition.Value.TryGetProperty("pattern", out var pattern) || pattern.TryGetProperty("$schema", out _), $"$schema in the pattern of {definition.Name}, found {definition.Value}");
        }
    }

    [Row("C-257", Must, C, "POST without an attribute whose default is advertised", "the default applies")]
    public static async Task Defaults_apply(Session s)
    {
        // Defaults are carried by templates everywhere; kinds rarely have any.
        var template = s.Model.TemplatesOf(ResourceTemplate) is [var first, ..] ? first : throw new NotApplicableException("no template has defaults");
        var mixins = (await Categories(s)).GetProperty("mixins").EnumerateArray();
        var advertised = mixins.Single(m => m.GetProperty("scheme").GetString() + m.GetProperty("term").GetString() == template.Id).GetProperty("attributes")
            .EnumerateObject().Where(a => a.Value.TryGetProperty("default", out _)).ToArray();
        Expect.That(advertised.Length > 0, $"defaults in {template.Id}");
        var attributes = (await s.Read(await s.MakeCompute(Compose.Mixin(template.Id)))).GetProperty("attributes");
        foreach (var one in advertised)
            Expect.That(attributes.TryGetProperty(one.Name, out var value) && Schema.Equal(value, one.Value.GetProperty("default")), $"{one.Name} = {one.Value.GetProperty("default")}, found {attributes}");
    }

    private static async Task<JsonElement> Creates(Session s, string kind, string body) =>
        await s.Read(s.Made(await s.Me.Post(s.Model.LocationOf(kind), body, Json, TextPlain)));

    [Row("C-258", Int, R, "POST nested attributes {\"occi\":{\"compute\":{\"cores\":2}}}", "the same as flat")]
    public static async Task Nested_attributes_are_read(Session s)
    {
        var entity = await Creates(s, Compute, $$"""{"kind":"{{Compute}}","attributes":""" + """{"occi":{"compute":{"cores":2,"memory":0.5}}}}""");
        Expect.That(Session.AttributeOf(entity, "occi.compute.cores") == "2", $"2 cores, found {entity}");
    }

    [Row("C-259", Int, R, "POST {\"resources\":[{…}]} with one element; string source and target, rel", "accepted")]
    public static async Task Old_drafts_are_read(Session s)
    {
        var network = await Creates(s, Network, $$"""{"resources":[{"kind":"{{Network}}","title":"wrapped"}]}""");
        Expect.That(network.GetProperty("title").GetString() == "wrapped", $"the title, found {network}");
        var (compute, target) = (await s.MakeCompute(), await s.MakeNetwork());
        var link = await Creates(s, NetworkInterface, $$"""{"links":[{"kind":"{{NetworkInterface}}","source":"{{compute}}","target":"{{target}}","rel":"{{Network}}"}]}""");
        Expect.That(link.GetProperty("target").GetProperty("location").GetString()?.EndsWith(target, StringComparison.Ordinal) == true, $"the target {target}, found {link}");
    }

    [Row("C-260", Int, R, "POST with an unknown extra member (location)", "ignored on input")]
    public static async Task Extra_members_are_ignored(Session s)
    {
        var network = await Creates(s, Network, $$"""{"kind":"{{Network}}","title":"more","location":"/network/x","href":"y"}""");
        Expect.That(network.GetProperty("title").GetString() == "more", $"the title, found {network}");
    }

    [Row("C-261", Must, C, "POST an unknown attribute; two kinds", "400")]
    public static async Task What_is_wrong_is_refused(Session s)
    {
        Expect.Status(await s.Me.Post(s.Model.LocationOf(Network), $$$"""{"kind":"{{{Network}}}","attributes":{"com.example.unknown":1}}""", Json), 400);
        Expect.Status(await s.Me.Post(s.Model.LocationOf(Network), $$"""{"kind":"{{Network}}","kind":"{{Storage}}"}""", Json), 400);
        Expect.Status(await s.Me.Post(s.Model.LocationOf(Network), $$"""{"kind":["{{Network}}","{{Storage}}"]}""", Json), 400);
    }

    [Row("C-256", Must, C, "all JSON responses", "validate against the schema of GFD.226, appendix B")]
    public static async Task Everything_validates(Session s)
    {
        var (compute, link) = await Linked(s);
        await s.MakeStorage();
        Schema.Categories(await Categories(s));
        Schema.Resource(await s.Read(compute));
        Schema.Link(link);
        foreach (var kind in new[] { Compute, Network, Storage, NetworkInterface })
        {
            if (s.Model.Find(kind) is { Location: { } location })
                Schema.Collection(Expect.Status(await s.Me.Get(location, Json), 200).Json);
        }
        var created = await s.Me.Post(s.Model.LocationOf(Network), $$"""{"kind":"{{Network}}"}""", Json, Json);
        s.Made(created);
        Schema.Resource(created.Json);
    }
}
