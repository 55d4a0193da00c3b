using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>D. User-defined mixins (tags).</summary>
internal static class UserMixins
{
    /// <summary>A name that nobody has; should it be made, it goes after the check.</summary>
    private static (string Id, string Location) Fresh(Session s)
    {
        var name = "my_stuff_" + Guid.NewGuid().ToString("N")[..8];
        var id = $"http://example.com/occi/{name}#{name}";
        s.MadeTag(id);
        return (id, $"/{name}/");
    }

    private static async Task<Category?> Listed(Session s, string id) => (await Model.Read(s.Me)).Find(id);

    private static Task<Response> Remove(Session s, string id) => s.Me.Delete(QueryInterface, Compose.Mixin(id));

    [Row("C-049", Must, C, "POST /-/ with a mixin of one's own: term, scheme, class, location", "200")]
    public static async Task A_mixin_is_made(Session s)
    {
        var (id, location) = Fresh(s);
        Expect.Status(await s.Me.Post(QueryInterface, Session.TagDefinition(id, location)), 200);
        Expect.That(await Listed(s, id) is { Class: "mixin" }, $"{id} in the model afterwards");
    }

    [Row("C-050", Int, C, "the same with a rel that is no category here, in text/occi", "200")]
    public static async Task Its_rel_may_be_unknown(Session s)
    {
        var (id, location) = Fresh(s);
        // To the letter what the working group's test sends.
        var definition = $"Category: {Compose.Reference(id)}; class=\"mixin\"; rel=\"http://example.com/occi/something_else#mixin\"; location=\"{location}\"";
        Expect.Status(await s.Me.SendOcci("POST", QueryInterface, definition), 200);
        Expect.That(await Listed(s, id) is not null, $"{id} in the model afterwards");
    }

    [Row("C-051", Must, C, "GET /-/ after it", "the new mixin with its location")]
    public static async Task It_is_listed(Session s)
    {
        var (id, location) = await s.MakeTag();
        var listed = await Listed(s, id);
        Expect.That(listed?.Class == "mixin" && listed.Location is { } at && s.PathOf(at) == location, $"{id} at {location}, found '{listed?.Location}'");
        Expect.That((await s.List(location)).Count == 0, $"an empty collection at {location}");
    }

    [Row("C-052", Must, C, "POST /-/ in JSON", "200")]
    public static async Task It_is_made_in_json(Session s)
    {
        await Definitions.Read(s.Me);   // not applicable without JSON
        var (id, location) = Fresh(s);
        var at = id.IndexOf('#', StringComparison.Ordinal) + 1;
        Expect.Status(await s.Me.Post(QueryInterface, $$"""{"mixins":[{"term":"{{id[at..]}}","scheme":"{{id[..at]}}","location":"{{location}}"}]}""", Json, Json), 200);
        Expect.That((await Listed(s, id))?.Location == location, $"{id} at {location} in the model");
    }

    [Row("C-053", Must, C, "POST /-/ without body or categories", "400")]
    public static async Task Nothing_is_no_mixin(Session s)
    {
        await s.NoEffect(() => s.Me.Post(QueryInterface, ""), [400], QueryInterface);
        await s.NoEffect(() => s.Me.Send("POST", QueryInterface), [400], QueryInterface);
        await s.NoEffect(() => s.Me.Send("POST", QueryInterface, type: TextOcci), [400], QueryInterface);
    }

    [Row("C-054", Must, C11, "POST /-/ a mixin without location", "400")]
    public static Task It_needs_a_location(Session s) => s.NoEffect(() => s.Me.Post(QueryInterface, Compose.Mixin(Fresh(s).Id)), [400], QueryInterface);

    [Row("C-055", Must, U, "POST /-/ a mixin with actions or attributes", "400, or 200 with both ignored")]
    public static async Task It_brings_no_attributes_and_actions(Session s)
    {
        var (id, location) = Fresh(s);
        var definition = $"{Session.TagDefinition(id, location)}; attributes=\"com.example.size\"; actions=\"http://example.com/occi/action#burn\"";
        var response = Expect.Status(await s.Me.Post(QueryInterface, definition), 400, 200);
        var listed = await Listed(s, id);
        Expect.That(response.Status == 400 ? listed is null : listed is { Attributes.Count: 0, Actions.Count: 0 }, $"not made, or made without both, found {listed}", response);
        Expect.That(await Listed(s, "http://example.com/occi/action#burn") is null, "no such action", response);
    }

    [Row("C-056", May, U, "POST /-/ with a location or an identifier that is taken", "409 (400/403 tolerated); the existing category unchanged")]
    public static async Task Names_are_taken_once(Session s)
    {
        var (taken, at) = await s.MakeTag();
        await s.NoEffect(() => s.Me.Post(QueryInterface, Session.TagDefinition(Fresh(s).Id, s.Model.LocationOf(Network))), [409, 400, 403], QueryInterface);
        await s.NoEffect(() => s.Me.Post(QueryInterface, Session.TagDefinition(Fresh(s).Id, at)), [409, 400, 403], QueryInterface);
        await s.NoEffect(() => s.Me.Post(QueryInterface, Session.TagDefinition(taken, Fresh(s).Location)), [409, 400, 403], QueryInterface);
    }

    [Row("C-057", MustNot, U, "POST /-/ with a scheme below http://schemas.ogf.org/occi/", "made (400/403)")]
    public static Task The_standards_schemes_are_reserved(Session s)
    {
        var (id, location) = Fresh(s);
        var reserved = "http://schemas.ogf.org/occi/" + id["http://example.com/occi/".Length..];
        s.MadeTag(reserved);
        return s.NoEffect(() => s.Me.Post(QueryInterface, Session.TagDefinition(reserved, location)), [400, 403], QueryInterface);
    }

    [Row("C-058", MustNot, U, "POST /-/ with class=\"kind\"", "made (400/403)")]
    public static Task Kinds_can_not_be_made(Session s)
    {
        var (id, location) = Fresh(s);
        return s.NoEffect(() => s.Me.Post(QueryInterface, $"{Compose.Kind(id)}; rel=\"{Resource}\"; location=\"{location}\""), [400, 403], QueryInterface);
    }

    [Row("C-059", Must, C, "DELETE /-/ naming a mixin of one's own", "200")]
    public static async Task It_is_removed(Session s)
    {
        var (id, _) = await s.MakeTag();
        // As the working group's test does: scheme and term only, in headers.
        Expect.Status(await s.Me.SendOcci("DELETE", QueryInterface, "Category: " + Compose.Reference(id)), 200);
        Expect.That(await Listed(s, id) is null, $"{id} gone from the model");
    }

    [Row("C-060", Must, C11, "GET its former members", "the mixin no longer listed")]
    public static async Task Former_members_have_it_no_longer(Session s)
    {
        var (id, location) = await s.MakeTag();
        var (one, other) = (await s.MakeNetwork(), await s.MakeStorage(Compose.Mixin(id)));
        Expect.Status(await s.Me.Post(location, Compose.Location(s.Url(one))), 200);
        foreach (var path in new[] { one, other })
            Expect.That((await s.ReadText(path)).Categories.Any(c => c.Id == id), $"{id} on {path} at first");
        Expect.Status(await Remove(s, id), 200);
        foreach (var path in new[] { one, other })
            Expect.That(!(await s.ReadText(path)).Categories.Any(c => c.Id == id), $"{id} gone from {path}");
    }

    [Row("C-061", Must, U, "GET its former location", "404 (or the listing of an unbound path)")]
    public static async Task Its_location_goes_with_it(Session s)
    {
        var (id, location) = await s.MakeTag();
        var network = await s.MakeNetwork(Compose.Mixin(id));
        Expect.That((await s.ListPaths(location)).Contains(network), $"{network} in {location} at first");
        Expect.Status(await Remove(s, id), 200);
        var response = Expect.Status(await s.Me.Get(location), 404, 200);
        Expect.That(response.Status == 404 || response.Locations.Count == 0, "nothing there", response);
    }

    [Row("C-062", Must, C11, "DELETE /-/ naming a provider's mixin", "403")]
    public static Task The_providers_mixins_stay(Session s) => s.NoEffect(() => Remove(s, s.Model.Get(OsTemplate).Id), [403], QueryInterface);

    [Row("C-063", MustNot, U, "DELETE /-/ naming a kind", "deleted; 403 or 400")]
    public static Task Kinds_stay(Session s) => s.NoEffect(() => s.Me.Delete(QueryInterface, Compose.Kind(Network)), [403, 400], QueryInterface);

    [Row("C-064", Must, U, "DELETE /-/ an unknown mixin", "404 or 400")]
    public static Task What_is_not_there_can_not_be_removed(Session s) => s.NoEffect(() => Remove(s, "http://example.com/nothing#nothing"), [404, 400], QueryInterface);

    [Row("C-065", MustNot, C, "DELETE /-/ with no category", "anything deleted; 400")]
    public static async Task Nothing_named_is_nothing_removed(Session s)
    {
        await s.MakeTag();
        await s.NoEffect(() => s.Me.Delete(QueryInterface), [400], QueryInterface);
        await s.NoEffect(() => s.Me.Delete(QueryInterface, ""), [400], QueryInterface);
    }

    [Row("C-066", Should, C, "two users make mixins", "each user's kept apart")]
    public static async Task Users_do_not_get_in_each_others_way(Session s)
    {
        var (stranger, (id, location)) = (s.Stranger, await s.MakeTag());
        var network = await s.MakeNetwork(Compose.Mixin(id));
        // The other one may have the same name for himself, or be told that it is taken; mine stays as it is either way.
        var response = Expect.Status(await stranger.Post(QueryInterface, Session.TagDefinition(id, location)), 200, 400, 403, 409);
        if (response.Status == 200)
            Expect.That(!(await stranger.Get(location)).Locations.Any(l => s.PathOf(l) == network), "no member of mine in the stranger's mixin", response);
        Expect.Status(await stranger.Delete(QueryInterface, Compose.Mixin(id)), response.Status == 200 ? [200] : [400, 403, 404]);
        Expect.That((await Listed(s, id))?.Location == location, $"{id} still in my model");
        Expect.That((await s.ReadText(network)).Categories.Any(c => c.Id == id), $"{id} still on {network}");
    }
}
