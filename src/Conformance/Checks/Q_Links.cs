using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>Q. Links: made by themselves, made with a resource.</summary>
internal static class Links
{
    private const string Elsewhere = "http://example.com/somewhere/else";

    [Row("C-216", Must, C, "POST <networkinterface> with source and target", "201 + Location (200)")]
    public static async Task A_link_is_made(Session s)
    {
        var (compute, network) = (await s.MakeCompute(), await s.MakeNetwork());
        var link = s.Made(await s.Me.Post(s.Model.LocationOf(NetworkInterface), Compose.Lines(Compose.Kind(NetworkInterface), From(compute, network))));
        Expect.That((await s.ListPaths(s.Model.LocationOf(NetworkInterface))).Contains(link), $"{link} in the collection of its kind");
        var shown = await s.ReadText(link);
        Expect.That(shown.Categories is [{ Id: NetworkInterface, Class: "kind" }, ..], "an entity of its kind", shown);
    }

    [Row("C-217", Must, C, "without source, without target", "400")]
    public static async Task Both_ends_are_needed(Session s)
    {
        var (compute, network) = (await s.ComputeThatIs("inactive"), await s.MakeNetwork());
        await IsRefused(s, compute, Compose.Text("occi.core.target", network));
        await IsRefused(s, compute, Compose.Text("occi.core.source", compute));
        await IsRefused(s, compute);
    }

    [Row("C-218", Must, C, "a source that is no resource here", "400")]
    public static async Task The_source_exists(Session s)
    {
        var (compute, network) = (await s.ComputeThatIs("inactive"), await s.MakeNetwork());
        var link = await s.MakeLink(NetworkInterface, compute, network);
        foreach (var source in new[] { s.Model.LocationOf(Compute) + Guid.NewGuid().ToString("D"), Elsewhere, "/no/such/thing", link })
            await IsRefused(s, network, Compose.Text("occi.core.source", source), Compose.Text("occi.core.target", network));
    }

    [Row("C-219", Must, U, "a local target that does not exist", "400")]
    public static async Task A_local_target_exists(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        foreach (var path in new[] { s.Model.LocationOf(Network) + Guid.NewGuid().ToString("D"), "/no/such/thing" })
        {
            await IsRefused(s, compute, Compose.Text("occi.core.source", compute), Compose.Text("occi.core.target", path));
            await IsRefused(s, compute, Compose.Text("occi.core.source", compute), Compose.Text("occi.core.target", s.Url(path)));
        }
    }

    [Row("C-220", May, C, "an external target URI", "accepted for generic links; infrastructure links may refuse (400)")]
    public static async Task External_targets(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        foreach (var kind in s.Model.Kinds.Where(k => k.Id is Link or NetworkInterface or StorageLink && k.Location is not null))
        {
            var before = await s.ReadText(compute);
            var answer = await s.Me.Post(kind.Location!, Compose.Lines(Compose.Kind(kind.Id), From(compute, Elsewhere)));
            if (answer.Status is 200 or 201)
                Expect.That(Ends(await s.ReadText(s.Made(answer))) == (compute, Elsewhere), $"a link from {compute} to {Elsewhere}", answer);
            else
                Expect.Same(before.Lines, (await s.ReadText(compute)).Lines, $"{compute} as before", Expect.Status(answer, kind.Id == Link ? [400, 403, 405, 501] : [400]));
        }
    }

    [Row("C-221", Must, C, "GET a link", "occi.core.source and occi.core.target")]
    public static async Task A_link_shows_its_ends(Session s)
    {
        var (compute, network) = (await s.MakeCompute(), await s.MakeNetwork());
        var link = await s.MakeLink(NetworkInterface, s.Url(compute), s.Url(network));
        foreach (var type in new[] { TextPlain, TextOcci })
        {
            var (source, target) = Ends(Expect.Status(await s.Me.Get(link, type), 200));
            Expect.That((s.PathOf(source), s.PathOf(target)) == (compute, network), $"from {compute} to {network}, found from {source} to {target}");
        }
    }

    [Row("C-222", Must, C, "GET its source", "the link, as header, line or object")]
    public static async Task The_source_shows_its_links(Session s)
    {
        var (compute, network) = (await s.MakeCompute(), await s.MakeNetwork());
        var link = await s.MakeLink(NetworkInterface, compute, network);
        foreach (var type in new[] { TextPlain, TextOcci })
        {
            var shown = Expect.Type(Expect.Status(await s.Me.Get(compute, type), 200), type);
            Expect.That(shown.Links.Count(l => l["self"] is { } self && s.PathOf(self) == link && s.PathOf(l.Target) == network) == 1, $"{link} to {network}, once", shown);
        }
        var id = (await s.Read(link)).GetProperty("id").GetString();
        var entity = await s.Read(compute);
        Expect.That(entity.GetProperty("links").EnumerateArray().Count(l => l.GetProperty("id").GetString() == id) == 1, $"{id} among the links of {entity}");
    }

    /// <summary>Source and target as a link shows them.</summary>
    public static (string Source, string Target) Ends(Response link) =>
        (LinkValue.Unquote(link.Attributes["occi.core.source"]), LinkValue.Unquote(link.Attributes["occi.core.target"]));

    private static string From(string source, string target) =>
        Compose.Lines(Compose.Text("occi.core.source", source), Compose.Text("occi.core.target", target));

    private static async Task IsRefused(Session s, string unchanged, params string[] lines) => await s.NoEffect(
        () => s.Me.Post(s.Model.LocationOf(NetworkInterface), Compose.Lines([Compose.Kind(NetworkInterface), .. lines])), [400],
        unchanged, s.Model.LocationOf(NetworkInterface));
}
