using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>J. Partial update.</summary>
internal static class Update
{
    private const string Title = "occi.core.title";
    private const string Hostname = "occi.compute.hostname";

    private static async Task<(string Path, Response Response)> Renamed(Session s)
    {
        var path = await s.MakeCompute(Compose.Text(Title, "kept"), Compose.Text(Hostname, "h1"));
        return (path, await s.Me.Post(path, Compose.Text(Hostname, "h2")));
    }

    [Row("C-139", Must, C, "POST an attribute to an entity", "200 with the rendering (201 with Location allowed); changed, others kept")]
    public static async Task What_is_sent_changes(Session s)
    {
        var (path, response) = await Renamed(s);
        Expect.Status(response, 200, 201);
        Expect.That(response.Status == 201 ? response["Location"] is not null : response.Value(Hostname) == "h2" && response.Categories[0].Id == Compute, "the rendering, or with 201 Location", response);
        var entity = await s.ReadText(path);
        Expect.That((entity.Value(Hostname), entity.Value(Title)) == ("h2", "kept"), "the new host name and the old title", entity);
    }

    [Row("C-140", Int, C, "the same", "exactly 200")]
    public static async Task It_answers_200(Session s) => Expect.Status((await Renamed(s)).Response, 200);

    [Row("C-141", Must, U, "POST {\"attributes\":{…}} in JSON, without kind and id", "accepted")]
    public static async Task Json_needs_no_kind(Session s)
    {
        await Definitions.Read(s.Me);   // not applicable without JSON
        var path = await s.MakeNetwork(Compose.Text(Title, "kept"));
        Expect.Status(await s.Me.Post(path, """{"attributes":{"occi.network.label":"new"}}""", Json, Json), 200, 201);
        var entity = await s.ReadText(path);
        Expect.That((entity.Value("occi.network.label"), entity.Value(Title)) == ("new", "kept"), "the new label and the old title", entity);
    }

    [Row("C-142", Must, C11, "POST a mixin to an entity", "the mixin added, others kept")]
    public static async Task A_mixin_is_added(Session s)
    {
        var ((first, _), (second, location), (third, _)) = (await s.MakeTag(), await s.MakeTag(), await s.MakeTag());
        var path = await s.MakeNetwork(Compose.Mixin(first), Compose.Text(Title, "kept"));
        Expect.Status(await s.Me.Post(path, Compose.Mixin(second)), 200, 201);
        var entity = await s.ReadText(path);
        Expect.Same([Network, first, second], entity.Categories.Select(c => c.Id), "both mixins", entity);
        Expect.That(entity.Value(Title) == "kept", "the title kept", entity);
        Expect.That((await s.ListPaths(location)).Contains(path), $"{path} in {location}");
        var json = await s.Me.Post(path, $$"""{"mixins":["{{third}}"]}""", Json);
        if (json.Status == 406)
            return;
        Expect.Status(json, 200, 201);
        Expect.Same([Network, first, second, third], (await s.ReadText(path)).Categories.Select(c => c.Id), "all three mixins after JSON");
    }

    [Row("C-143", MustNot, C11, "POST another kind to an entity", "the kind changed; 400")]
    public static async Task The_kind_stays(Session s)
    {
        var path = await s.MakeNetwork(Compose.Text(Title, "before"));
        Expect.Status(await s.Me.Post(path, Compose.Lines(Compose.Kind(Storage), Compose.Text(Title, "after"))), 400);
        var entity = await s.ReadText(path);
        Expect.That(entity.Categories is [{ Id: Network }] && entity.Value(Title) == "before", "the network as it was", entity);
    }

    [Row("C-144", Must, C11, "POST a Link to a link", "400")]
    public static async Task Links_have_no_links(Session s)
    {
        var (network, compute, location) = (await s.MakeNetwork(), await s.MakeCompute(), s.Model.LocationOf(NetworkInterface));
        var link = await s.MakeLink(NetworkInterface, compute, network);
        await s.NoEffect(() => s.Me.Post(link, Compose.Link(network, Network)), [400], location);
        Expect.That((await s.ReadText(link)).Links.All(l => l.IsAction), "no link of the link's own");
    }

    [Row("C-145", Must, C11, "POST a Link to a resource", "the link is made")]
    public static async Task A_link_is_added(Session s)
    {
        var network = await s.MakeNetwork();
        var compute = await s.ComputeThatIs("inactive", Compose.Text(Title, "kept"));
        Expect.Status(await s.Me.Post(compute, Compose.Link(network, Network, NetworkInterface)), 200, 201);
        var entity = await s.ReadText(compute);
        Expect.That(entity.Value(Title) == "kept" && entity.Links.Where(l => !l.IsAction).ToArray() is [var only] && s.PathOf(only.Target) == network, "a link to the network", entity);
        var link = await s.ReadText(s.PathOf(entity.Links.Single(l => !l.IsAction)["self"]));
        Expect.That(link.Categories[0].Id == NetworkInterface && s.PathOf(link.Value("occi.core.source")) == compute && s.PathOf(link.Value("occi.core.target")) == network, "the link from compute to network", link);
    }

    [Row("C-146", Must, C11, "POST an immutable attribute", "403; unchanged")]
    public static async Task Immutable_stays(Session s)
    {
        var path = await s.MakeCompute(Compose.Text(Title, "before"));
        Expect.Status(await s.Me.Post(path, Compose.Lines(Compose.Text("occi.compute.state", "suspended"), Compose.Text(Title, "after"))), 403);
        var entity = await s.ReadText(path);
        Expect.That(entity.Value("occi.compute.state") != "suspended" && entity.Value(Title) == "before", "the compute as it was", entity);
    }

    [Row("C-147", Must, C11, "POST one bad and one good attribute", "400; nothing changed")]
    public static async Task All_or_nothing(Session s)
    {
        var path = await s.MakeNetwork(Compose.Text(Title, "before"));
        foreach (var bad in new[] { Compose.Attribute("occi.network.vlan", "5000"), Compose.Text("com.example.nothing", "x"), Compose.Text("occi.network.vlan", "many"), Compose.Mixin("http://example.com/nothing#nothing") })
        {
            Expect.Status(await s.Me.Post(path, Compose.Lines(Compose.Text(Title, "after"), bad)), 400);
            var entity = await s.ReadText(path);
            Expect.That(entity.Value(Title) == "before" && entity.Value("occi.network.vlan") is null, "the network as it was", entity);
        }
    }

    [Row("C-148", Must, C, "POST to an unknown entity", "404")]
    public static async Task What_is_not_there_can_not_change(Session s)
    {
        var path = s.Model.LocationOf(Network) + Guid.NewGuid().ToString("D");
        Expect.Status(await s.Me.Post(path, Compose.Text(Title, "x")), 404);
        Expect.Status(await s.Me.Get(path), 404);
    }
}
