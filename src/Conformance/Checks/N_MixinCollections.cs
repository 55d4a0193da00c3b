using System.Text.Json;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>N. Mixin collections, on mixins of the caller's own: nobody else's entities are in them.</summary>
internal static class MixinCollections
{
    [Row("C-186", Must, C, "POST <mixin> with X-OCCI-Location of a compute", "200 + entity collection")]
    public static async Task Members_are_added(Session s)
    {
        var (url, tag) = (s.Url(await s.MakeCompute()), await s.MakeTag());
        var answer = Expect.Status(await s.Me.Post(tag.Location, Compose.Location(url), accept: TextPlain), 200);
        Expect.That(answer.Locations.Contains(url), $"{url} in the answer", answer);
    }

    [Row("C-187", Must, C, "then GET the compute", "the mixin's Category with class mixin")]
    public static async Task Members_show_the_mixin(Session s)
    {
        var (compute, tag) = (await s.MakeCompute(), await s.MakeTag());
        await Tag(s, tag.Location, compute);
        var shown = await s.ReadText(compute);
        Expect.That(shown.Categories.Count(c => c.Id == tag.Id && c.Class == "mixin") == 1, $"{tag.Id} once, as a mixin", shown);
        Expect.That(shown.Categories.Count(c => c.Id == Compute && c.Class == "kind") == 1, "the kind, too", shown);
    }

    [Row("C-188", Must, C, "then GET <mixin>", "the URL exactly as it was sent")]
    public static async Task Members_are_listed(Session s)
    {
        var (compute, tag) = (await s.MakeCompute(), await s.MakeTag());
        await Tag(s, tag.Location, compute);
        await Holds(s, tag.Location, compute);
    }

    [Row("C-189", Must, C11, "POST two URLs, one of them unknown", "400 or 404, nothing added")]
    public static async Task All_or_none_are_added(Session s)
    {
        var (network, (_, location)) = (await s.MakeNetwork(), await s.MakeTag());
        var unknown = s.Model.LocationOf(Network) + Guid.NewGuid().ToString("D");
        await s.NoEffect(() => s.Me.Post(location, Urls(s, network, unknown)), [400, 404], location, network);
        await s.NoEffect(() => s.Me.Post(location, Urls(s, unknown, network)), [400, 404], location, network);
    }

    [Row("C-190", Must, C, "POST a JSON entity collection", "200, added")]
    public static async Task Members_are_added_in_json(Session s)
    {
        var (network, storage, (_, location)) = (await s.MakeNetwork(), await s.MakeStorage(), await s.MakeTag());
        Expect.Status(await s.Me.Post(location, $$"""{"resources":[{{await s.Read(network)}}]}""", Json), 200);
        await Holds(s, location, network);
        // Drafts, and clients made after them, send URLs (D-36).
        Expect.Status(await s.Me.Post(location, JsonSerializer.Serialize(new[] { s.Url(storage) }), Json), 200, 400);
        Expect.That((await s.ListPaths(location)).Contains(network), $"{network} in {location} still");
    }

    [Row("C-191", Must, C, "PUT <mixin> with another URL", "200; the members are exactly those given")]
    public static async Task Members_are_replaced(Session s)
    {
        var (one, two, three, (id, location)) = (await s.MakeNetwork(), await s.MakeNetwork(), await s.MakeStorage(), await s.MakeTag());
        await Tag(s, location, one, two);
        Expect.Status(await s.Me.Put(location, Urls(s, two, three)), 200);
        await Holds(s, location, two, three);
        var left = await s.ReadText(one);
        Expect.That(left.Categories.All(c => c.Id != id), $"no {id} any more", left);
    }

    [Row("C-192", Must, C, "DELETE <mixin> with URLs", "200; those are dissociated, and exist still")]
    public static async Task Members_are_removed(Session s)
    {
        var (one, two, (id, location)) = (await s.MakeNetwork(), await s.MakeNetwork(), await s.MakeTag());
        await Tag(s, location, one, two);
        Expect.Status(await s.Me.Delete(location, Urls(s, one)), 200);
        await Holds(s, location, two);
        var left = await s.ReadText(one);
        Expect.That(left.Categories.All(c => c.Id != id), $"no {id} any more", left);
    }

    [Row("C-193", MustNot, U, "DELETE <mixin> without a body", "entities are not destroyed, but dissociated")]
    public static async Task Emptying_destroys_nothing(Session s)
    {
        var (one, two, (_, location)) = (await s.MakeNetwork(), await s.MakeNetwork(), await s.MakeTag());
        await Tag(s, location, one, two);
        Expect.Status(await s.Me.Delete(location), 200, 204);
        await Holds(s, location);
        Expect.Status(await s.Me.Get(one), 200);
        Expect.Status(await s.Me.Get(two), 200);
    }

    [Row("C-194", Must, C, "POST X-OCCI-Location to a kind's location", "400 or 405: only mixins are associated")]
    public static async Task Kinds_are_not_associated(Session s)
    {
        var (network, storage) = (await s.MakeNetwork(), await s.MakeStorage());
        var location = s.Model.LocationOf(Storage);
        await s.NoEffect(() => s.Me.Post(location, Urls(s, network)), [400, 405], location, network);
        await s.NoEffect(() => s.Me.Post(location, Urls(s, storage)), [400, 405], location, storage);
    }

    [Row("C-195", Must, C, "PUT X-OCCI-Location on a kind's location", "405")]
    public static async Task The_members_of_a_kind_are_not_replaced(Session s)
    {
        var (location, network) = (s.Model.LocationOf(Network), await s.MakeNetwork());
        await s.NoEffect(() => s.Me.Put(location, Urls(s, network)), [405], location);
    }

    [Row("C-196", Must, U, "GET a mixin's collection of resources and links in JSON", "the keys resources and links")]
    public static async Task Mixed_members_in_json(Session s)
    {
        var (network, (_, location)) = (await s.MakeNetwork(), await s.MakeTag());
        var link = await s.MakeLink(NetworkInterface, await s.MakeCompute(), network);
        await Tag(s, location, network, link);
        var listed = Expect.Type(Expect.Status(await s.Me.Get(location, Json), 200), Json);
        foreach (var (key, path) in new[] { ("resources", network), ("links", link) })
        {
            var ids = listed.Json.TryGetProperty(key, out var all) ? all.EnumerateArray().Select(e => e.GetProperty("id").GetString()!).ToArray() : [];
            Expect.Same([(await s.Read(path)).GetProperty("id").GetString()!], ids, $"just {path} under {key}", listed);
        }
    }

    [Row("C-197", Must, C, "POST a member whose kind is not in the mixin's applies", "400 (403, 409)")]
    public static async Task Mixins_apply_to_some_kinds(Session s)
    {
        var storage = await s.MakeStorage();
        var offered = new[] { OsTemplate, ResourceTemplate }.SelectMany(s.Model.TemplatesOf).Select(t => t.Id)
            .Concat(new[] { IpNetwork, SshKey, UserData }.Where(m => s.Model.Find(m) is not null)).ToArray();
        if (offered.Length == 0)
            throw new NotApplicableException("no mixin of the standard that applies to certain kinds is offered");
        foreach (var mixin in offered)
            await s.NoEffect(() => s.Me.Post(s.Model.LocationOf(mixin), Urls(s, storage)), [400, 403, 409], s.Model.LocationOf(mixin), storage);
    }

    private static string Urls(Session s, params IEnumerable<string> paths) => Compose.Lines(paths.Select(p => Compose.Location(s.Url(p))));

    private static async Task Tag(Session s, string location, params string[] paths) => Expect.Status(await s.Me.Post(location, Urls(s, paths)), 200);

    private static async Task Holds(Session s, string location, params string[] paths)
    {
        var listed = await s.ReadText(location);
        Expect.Same(paths.Select(s.Url), listed.Locations, $"just these in {location}", listed);
        Expect.That(listed.Locations.Count == paths.Length, "each once", listed);
    }
}
