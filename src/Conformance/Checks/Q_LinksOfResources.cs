using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>Q. Links as resources bring and show them.</summary>
internal static class LinksOfResources
{
    [Row("C-223", Must, C11, "create a compute with an inline Link without self", "the link is created; only the compute's Location is returned")]
    public static async Task Inline_links_are_made(Session s)
    {
        var network = await s.MakeNetwork();
        var answer = await s.Me.Post(s.Model.LocationOf(Compute), Compose.Lines(Compose.Kind(Compute), Compose.Link(network, Network, NetworkInterface)), accept: TextPlain);
        var compute = s.Made(answer);
        Expect.That(answer.Locations.All(l => s.PathOf(l) == compute), "the compute's location alone", answer);
        var link = await TheLinkOf(s, compute, network);
        Expect.That((await s.ListPaths(s.Model.LocationOf(NetworkInterface))).Contains(link), $"{link} in the collection of its kind");
    }

    [Row("C-224", Must, C11, "inline link attributes", "stored on the link")]
    public static async Task Inline_links_have_attributes(Session s)
    {
        var storage = await s.MakeStorage();
        var inline = Compose.Link(storage, Storage, StorageLink, "occi.core.title=\"of; the, \\\"data\\\"\"", "occi.storagelink.mountpoint=\"/data\"");
        var link = await TheLinkOf(s, await s.MakeCompute(inline), storage);
        Expect.That(await s.Attribute(link, "occi.storagelink.mountpoint") == "/data", $"the mount point /data of {link}");
        Expect.That((await s.Read(link)).GetProperty("title").GetString() == "of; the, \"data\"", $"the title of {link}");
    }

    [Row("C-225", Must, C11, "an inline link to an unknown target", "400, no compute created")]
    public static async Task Inline_links_need_a_target(Session s)
    {
        var (network, unknown) = (await s.MakeNetwork(), s.Model.LocationOf(Network) + Guid.NewGuid().ToString("D"));
        var body = Compose.Lines(Compose.Kind(Compute), Compose.Link(network, Network, NetworkInterface), Compose.Link(unknown, Network, NetworkInterface));
        await s.NoEffect(() => s.Me.Post(s.Model.LocationOf(Compute), body), [400], s.Model.LocationOf(Compute), s.Model.LocationOf(NetworkInterface));
    }

    [Row("C-226", Must, U, "JSON with inline links: kind and target, neither source nor id", "created")]
    public static async Task Inline_links_in_json(Session s)
    {
        var network = await s.MakeNetwork();
        var body = $$$"""{"kind":"{{{Compute}}}","links":[{"kind":"{{{NetworkInterface}}}","target":{"location":"{{{network}}}","kind":"{{{Network}}}"}}]}""";
        await TheLinkOf(s, s.Made(await s.Me.Post(s.Model.LocationOf(Compute), body, Json)), network);
    }

    [Row("C-227", Must, C, "GET a resource with a link in text", "<target>, rel = target's kind, self = link's URL, category = link's kind and mixins")]
    public static async Task Links_name_what_they_are(Session s)
    {
        var (network, _, link, shown) = await Linked(s);
        Expect.That(s.PathOf(shown.Target) == network && shown["self"] is { } self && s.PathOf(self) == link, $"<{network}>, self {link}; found {shown}");
        Expect.That(shown["rel"]?.Split(' ')[0] == Network, $"rel {Network}, found {shown["rel"]}");
        var categories = (await s.ReadText(link)).Categories.Select(c => c.Id).ToArray();
        var found = shown["category"]?.Split(' ') ?? [];
        Expect.That(found is [NetworkInterface, ..], $"the link's kind first, found {shown["category"]}");
        Expect.Same(categories, found, $"the link's kind and mixins in category");
    }

    [Row("C-228", Int, R, "the same", "self, and at least one attribute, with occi.core.target")]
    public static async Task Links_have_their_attributes(Session s)
    {
        var (network, compute, link, shown) = await Linked(s);
        Expect.That(shown["occi.core.target"] is { } target && s.PathOf(target) == network, $"occi.core.target {network}, found {shown["occi.core.target"]}");
        Expect.That(shown["occi.core.source"] is { } source && s.PathOf(source) == compute, $"occi.core.source {compute}, found {shown["occi.core.source"]}");
        Expect.That(shown["self"] is { } self && s.PathOf(self) == link, $"self {link}, found {shown["self"]}");
    }

    [Row("C-229", Must, C, "GET a link in text", "no Link but action links")]
    public static async Task Links_have_no_links(Session s)
    {
        var (_, _, link, _) = await Linked(s);
        foreach (var type in new[] { TextPlain, TextOcci })
        {
            var answer = Expect.Status(await s.Me.Get(link, type), 200);
            Expect.That(answer.Links.All(l => l.IsAction), "no links but actions", answer);
        }
    }

    [Row("C-230", Must, C, "GET a resource in text: its action links", """<entity?action=term>; rel="action's id" """)]
    public static async Task Action_links(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        var answer = await s.ReadText(compute);
        var actions = answer.Links.Where(l => l.IsAction).ToArray();
        Expect.That(actions.Any(a => a["rel"] == ComputeAction + "start"), "start among the actions", answer);
        foreach (var action in actions)
        {
            var (rel, url) = (action["rel"] ?? "", new Uri(s.Me.Endpoint, action.Target));
            Expect.That(s.Model.Find(rel)?.Class == "action", $"an action's id in rel, found '{rel}'", answer);
            Expect.That(url.AbsolutePath == compute && url.Query == "?action=" + rel[(rel.IndexOf('#', StringComparison.Ordinal) + 1)..], $"<{compute}?action=…> for {rel}", answer);
        }
    }

    [Row("C-231", Int, R, "the same", "path-absolute; in text/occi start is the first value of Link")]
    public static async Task Start_comes_first(Session s)
    {
        var network = await s.MakeNetwork();
        var compute = await s.ComputeThatIs("inactive", Compose.Link(network, Network, NetworkInterface));
        var plain = await s.ReadText(compute);
        Expect.That(plain.Links.Where(l => l.IsAction).All(l => l.Target[0] == '/'), "path-absolute actions", plain);
        // A test tool cuts the header at its commas, and the first piece at its semicolons.
        var answer = Expect.Status(await s.Me.Get(compute, TextOcci), 200);
        Expect.That(answer["Link"]?.Split(',')[0].Split(';')[0] == $"<{compute}?action=start>", $"<{compute}?action=start> first in '{answer["Link"]}'", answer);
    }

    // A compute with a link to a network, and that link as the compute shows it.
    private static async Task<(string Network, string Compute, string Link, LinkValue Shown)> Linked(Session s)
    {
        var (compute, network) = (await s.MakeCompute(), await s.MakeNetwork());
        var link = await s.MakeLink(NetworkInterface, compute, network);
        var answer = await s.ReadText(compute);
        var links = answer.Links.Where(l => !l.IsAction).ToArray();
        Expect.That(links is [_], "one link", answer);
        return (network, compute, link, links[0]);
    }

    // The path of the one link from there to there.
    private static async Task<string> TheLinkOf(Session s, string source, string target)
    {
        var answer = await s.ReadText(source);
        var links = answer.Links.Where(l => !l.IsAction && s.PathOf(l.Target) == target).ToArray();
        Expect.That(links is [_] && links[0]["self"] is not null, $"one link to {target}, with self", answer);
        var link = s.PathOf(links[0]["self"]!);   // seen above
        var ends = Links.Ends(await s.ReadText(link));
        Expect.That((s.PathOf(ends.Source), s.PathOf(ends.Target)) == (source, target), $"{link} from {source} to {target}, found {ends}");
        return link;
    }
}
