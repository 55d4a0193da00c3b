using Controller.Conformance.Http;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>I. Create and replace with PUT.</summary>
internal static class Replacement
{
    private const string Title = "occi.core.title";
    private const string Summary = "occi.core.summary";
    private const string State = "occi.compute.state";

    private static string Full(params string[] lines) => Compose.Lines([Compose.Kind(Network), .. lines]);

    /// <summary>PUTs at a free URL; null: which the server refuses.</summary>
    private static async Task<(string Path, Response Response)?> PutNew(Session s)
    {
        var path = s.Model.LocationOf(Compute) + Guid.NewGuid().ToString("D");
        var response = Expect.Status(await s.Me.Put(path, Compose.Lines(Compose.Kind(Compute), Compose.Text(Title, "put"))), 201, 200, 400, 405);
        return response.Status >= 400 ? null : (s.Made(path), response);
    }

    /// <summary>What a client sees and the server does not change by itself.</summary>
    private static IEnumerable<string> Lasting(Response entity) =>
    [
        .. entity.Categories.Select(c => c.Id),
        .. entity.Attributes.Where(a => !a.Key.Contains(".state", StringComparison.Ordinal)).Select(a => $"{a.Key}={a.Value}"),
        .. entity.Links.Where(l => !l.IsAction).Select(l => $"{l.Target} {l["self"]} {l["category"]}"),
    ];

    [Row("C-126", Must, C, "PUT a full rendering at a free URL of compute's", "201 with Location, or 200 with the rendering; or 400/405 if refused")]
    public static async Task It_creates(Session s)
    {
        if (await PutNew(s) is not { } made)
            return;
        Expect.That(made.Response.Status == 201 ? made.Response["Location"] is { } url && s.PathOf(url) == made.Path : made.Response.Value(Title) == "put", "Location, or the rendering", made.Response);
    }

    [Row("C-127", Must, C, "GET after it", "the entity at exactly that URL, and in its kind's collection")]
    public static async Task It_creates_just_there(Session s)
    {
        var (path, _) = await PutNew(s) ?? throw new NotApplicableException("clients can't choose URLs here");
        var entity = await s.ReadText(path);
        Expect.That(entity.Categories[0].Id == Compute && entity.Value(Title) == "put", "the compute that was put", entity);
        Expect.That((await s.List(s.Model.LocationOf(Compute))).Contains(s.Url(path)), $"{s.Url(path)} in the collection");
    }

    [Row("C-128", Must, C, "PUT a full rendering at an entity's URL", "200 with the rendering (201 with Location allowed)")]
    public static async Task It_replaces(Session s)
    {
        var path = await s.MakeNetwork(Compose.Text(Title, "before"));
        var response = Expect.Status(await s.Me.Put(path, Full(Compose.Text(Title, "after"))), 200, 201);
        Expect.That(response.Status == 201 ? response["Location"] is not null : response.Value(Title) == "after" && response.Categories[0].Id == Network, "the rendering, or with 201 Location", response);
        Expect.That((await s.ReadText(path)).Value(Title) == "after", "the new title afterwards");
    }

    [Row("C-129", Int, C, "the same", "exactly 200")]
    public static async Task It_answers_200(Session s) => Expect.Status(await s.Me.SendOcci("PUT", await s.MakeNetwork(), Full(Compose.Text(Title, "after"))), 200);

    [Row("C-130", Must, C11, "PUT without a mutable attribute that was set", "it is gone, or has its default")]
    public static async Task What_is_left_out_goes(Session s)
    {
        var path = await s.MakeNetwork(Compose.Text(Title, "t"), Compose.Text(Summary, "s"), Compose.Text("occi.network.label", "l"));
        Expect.Status(await s.Me.Put(path, Full(Compose.Text(Title, "t"))), 200, 201);
        var entity = await s.ReadText(path);
        Expect.That(entity.Value(Title) == "t" && entity.Value(Summary) is null or "" && entity.Value("occi.network.label") is null or "", "the title alone", entity);
    }

    [Row("C-131", Must, C11, "PUT without a mixin that it had", "the mixin is gone")]
    public static async Task Mixins_left_out_go(Session s)
    {
        var (tag, location) = await s.MakeTag();
        var path = await s.MakeNetwork(Compose.Mixin(tag));
        Expect.That((await s.ListPaths(location)).Contains(path), $"{path} in {location} at first");
        Expect.Status(await s.Me.Put(path, Full()), 200, 201);
        Expect.Same([Network], (await s.ReadText(path)).Categories.Select(c => c.Id), "the kind alone");
        Expect.That(!(await s.ListPaths(location)).Contains(path), $"{path} gone from {location}");
    }

    [Row("C-132", Must, C, "PUT a resource that has links", "its links unchanged")]
    public static async Task Links_stay(Session s)
    {
        var network = await s.MakeNetwork();
        var path = await s.MakeCompute(Compose.Text(Title, "before"), Compose.Link(network, Network));
        var link = s.PathOf((await s.ReadText(path)).Links.Single(l => !l.IsAction)["self"]);
        Expect.Status(await s.Me.Put(path, Compose.Lines(Compose.Kind(Compute), Compose.Text(Title, "after"))), 200, 201);
        var after = await s.ReadText(path);
        Expect.That(after.Value(Title) == "after" && after.Links.Where(l => !l.IsAction).ToArray() is [var only] && s.PathOf(only.Target) == network && s.PathOf(only["self"]) == link, "the new title and the old link", after);
        Expect.Status(await s.Me.Get(link), 200);
    }

    [Row("C-133", Must, C11, "PUT with a new Link", "400")]
    public static async Task New_links_are_refused(Session s)
    {
        var (network, interfaces) = (await s.MakeNetwork(), s.Model.LocationOf(NetworkInterface));
        var path = await s.MakeCompute(Compose.Text(Title, "before"));
        await s.NoEffect(() => s.Me.Put(path, Compose.Lines(Compose.Kind(Compute), Compose.Text(Title, "after"), Compose.Link(network, Network))), [400], interfaces);
        var after = await s.ReadText(path);
        Expect.That(after.Value(Title) == "before" && after.Links.All(l => l.IsAction), "the compute as it was", after);
    }

    [Row("C-134", Int, R, "PUT what GET showed, links and actions included", "200 or 201; nothing lost")]
    public static async Task What_was_read_can_be_put(Session s)
    {
        var (network, (tag, _)) = (await s.MakeNetwork(), await s.MakeTag());
        var path = await s.ComputeThatIs("inactive", Compose.Text(Title, "a \"title\", quoted"), Compose.Mixin(tag), Compose.Attribute("occi.compute.cores", "2"), Compose.Link(network, Network));
        var before = await s.ReadText(path);
        Expect.Status(await s.Me.Put(path, before.Body.Replace("quoted", "changed", StringComparison.Ordinal)), 200, 201);
        var after = await s.ReadText(path);
        Expect.Same(Lasting(before).Select(l => l.Replace("quoted", "changed", StringComparison.Ordinal)), Lasting(after), "all as it was, the title excepted", after);
        var json = await s.Me.Get(path, Json);
        if (json.Status == 406)
            return;
        Expect.Status(await s.Me.Put(path, json.Body, Json, Json), 200, 201);
        Expect.Same(Lasting(after), Lasting(await s.ReadText(path)), "all as it was after JSON, too");
    }

    [Row("C-135", MustNot, C, "PUT with another kind", "the kind changed; 400")]
    public static async Task The_kind_stays(Session s)
    {
        var path = await s.MakeNetwork(Compose.Text(Title, "before"));
        Expect.Status(await s.Me.Put(path, Compose.Lines(Compose.Kind(Storage), Compose.Attribute("occi.storage.size", "1.0"), Compose.Text(Title, "after"))), 400);
        var entity = await s.ReadText(path);
        Expect.That(entity.Categories is [{ Id: Network }] && entity.Value(Title) == "before", "the network as it was", entity);
    }

    [Row("C-136", Must, C, "PUT twice, the same body", "the same state")]
    public static async Task It_is_idempotent(Session s)
    {
        var path = await s.MakeNetwork(Compose.Text(Summary, "before"));
        var body = Full(Compose.Text(Title, "twice"), Compose.Attribute("occi.network.vlan", "12"));
        Expect.Status(await s.Me.Put(path, body), 200, 201);
        var first = await s.ReadText(path);
        Expect.Status(await s.Me.Put(path, body), 200, 201);
        Expect.Same(Lasting(first), Lasting(await s.ReadText(path)), "the same after the second as after the first");
        Expect.That(first.Value(Title) == "twice" && first.Value("occi.network.vlan") == "12", "what was put", first);
    }

    [Row("C-137", Must, C, "PUT an immutable attribute with another value", "403 (400 tolerated); unchanged")]
    public static async Task Immutable_stays(Session s)
    {
        var path = await s.MakeCompute(Compose.Text(Title, "before"));
        Expect.Status(await s.Me.Put(path, Compose.Lines(Compose.Kind(Compute), Compose.Text(Title, "after"), Compose.Text(State, "suspended"))), 403, 400);
        var entity = await s.ReadText(path);
        Expect.That(entity.Value(State) != "suspended" && entity.Value(Title) == "before", "the compute as it was", entity);
    }

    [Row("C-138", Must, U, "PUT an immutable attribute with its present value", "accepted")]
    public static async Task Immutable_may_be_repeated(Session s)
    {
        var path = await s.ComputeThatIs("inactive");
        var id = (await s.ReadText(path)).Value("occi.core.id") ?? throw new CheckFailedException($"occi.core.id of {path} was wanted");
        Expect.Status(await s.Me.Put(path, Compose.Lines(Compose.Kind(Compute), Compose.Text("occi.core.id", id), Compose.Text(State, "inactive"), Compose.Text(Title, "after"))), 200, 201);
        Expect.That((await s.ReadText(path)).Value(Title) == "after", "the new title");
    }
}
