using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>H. Retrieve entity.</summary>
internal static class Retrieval
{
    private static string[] ActionsOf(Response entity) => [.. entity.Links.Where(l => l.IsAction).Select(l => l["rel"]!)];

    [Row("C-119", Must, C, "GET an entity", "200 and the full rendering")]
    public static async Task It_is_shown_in_full(Session s)
    {
        string[] given = [Compose.Text("occi.core.title", "a title"), Compose.Text("occi.core.summary", "a summary"), Compose.Text("occi.network.label", "a_label"), Compose.Attribute("occi.network.vlan", "77")];
        var entity = await s.ReadText(await s.MakeNetwork(given));
        Expect.Same([], given.Except(entity.Lines), "all attributes as they were given", entity);
        Expect.That(entity.Categories is [{ Id: Network }] && entity.Value("occi.network.state") is not null, "kind and state", entity);
    }

    [Row("C-120", Must, C, "GET an entity in text", "Category of class kind, attributes as X-OCCI-Attribute, links and actions as Link")]
    public static async Task Its_fields_are_these(Session s)
    {
        var network = await s.MakeNetwork();
        var compute = await s.ComputeThatIs("inactive", Compose.Link(network, Network), Compose.Text("occi.compute.hostname", "h1"));
        foreach (var accept in new[] { TextPlain, TextOcci })
        {
            var entity = Expect.Type(Expect.Status(await s.Me.Get(compute, accept), 200), accept);
            Expect.That(entity.Categories is [{ Class: "kind", Id: Compute }, ..], "the kind's Category, first", entity);
            Expect.That(entity.Value("occi.compute.hostname") == "h1", "X-OCCI-Attribute: occi.compute.hostname=\"h1\"", entity);
            Expect.That(entity.Links.Any(l => !l.IsAction && s.PathOf(l.Target) == network && l["rel"]?.Split(' ')[0] == Network), "a Link to the network", entity);
            Expect.That(entity.Links.Any(l => l.IsAction && s.PathOf(l.Target) == compute && l["rel"] == ComputeAction + "start"), "a Link of the action start", entity);
        }
    }

    [Row("C-121", Must, C, "GET an entity in text", "occi.core.id is there")]
    public static async Task Its_id_is_there(Session s)
    {
        var network = await s.MakeNetwork();
        var compute = await s.MakeCompute(Compose.Link(network, Network));
        var link = s.PathOf((await s.ReadText(compute)).Links.First(l => !l.IsAction)["self"]);
        foreach (var path in new[] { network, compute, link })
            Expect.That((await s.ReadText(path)).Value("occi.core.id")?.Length > 0, $"occi.core.id of {path}");
    }

    [Row("C-122", Should, C11, "GET an entity", "only the actions that are applicable now")]
    public static async Task Only_possible_actions_are_shown(Session s)
    {
        var compute = await s.ComputeThatIs("inactive");
        var actions = ActionsOf(await s.ReadText(compute));
        Expect.That(actions.Contains(ComputeAction + "start") && !actions.Contains(ComputeAction + "suspend"), $"start and not suspend of an inactive compute, found {string.Join(' ', actions)}");
        await s.Bring(compute, "active");
        actions = ActionsOf(await s.ReadText(compute));
        Expect.That(actions.Contains(ComputeAction + "stop") && !actions.Contains(ComputeAction + "start"), $"stop and not start of an active compute, found {string.Join(' ', actions)}");
    }

    [Row("C-123", Must, C, "GET a resource", "all outgoing links; none incoming")]
    public static async Task Outgoing_links_are_shown(Session s)
    {
        var (network, storage) = (await s.MakeNetwork(), await s.MakeStorage());
        var compute = await s.MakeCompute(Compose.Link(network, Network), Compose.Link(storage, Storage));
        Expect.Same([network, storage], (await s.ReadText(compute)).Links.Where(l => !l.IsAction).Select(l => s.PathOf(l.Target)), "the links to network and storage");
        foreach (var target in new[] { network, storage })
            Expect.That((await s.ReadText(target)).Links.All(l => l.IsAction), $"no incoming link at {target}");
    }

    [Row("C-124", Must, C, "GET an unknown entity", "404")]
    public static async Task What_is_not_there_is_not_found(Session s)
    {
        foreach (var kind in new[] { Compute, Network, Storage })
            Expect.Status(await s.Me.Get(s.Model.LocationOf(kind) + Guid.NewGuid().ToString("D")), 404);
    }

    [Row("C-125", Must, U, "GET an entity's URL with a slash at its end", "not the entity: 404, or a listing")]
    public static async Task A_slash_makes_another_url(Session s)
    {
        var response = Expect.Status(await s.Me.Get(await s.MakeNetwork() + "/"), 404, 200);
        Expect.That(response.Status == 404 || (response.Categories.Count == 0 && response.Attributes.Count == 0), "no entity", response);
    }
}
