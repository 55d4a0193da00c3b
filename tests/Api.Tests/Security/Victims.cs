using Controller.Testing;

namespace Controller.Api.Tests.Security;

/// <summary>One entity of each kind, of one project; and what they are made with, for whoever tries to reach them by links.</summary>
internal sealed class Victims
{
    /// <summary>In the title of each.</summary>
    public const string Marker = "nobody-else-sees-this";

    private const string Infrastructure = "http://schemas.ogf.org/occi/infrastructure#", Own = "http://controller.local/occi/infrastructure#", Json = TheModel.Json;

    private static int _made;

    private readonly ApiFixture _api;
    private readonly Dictionary<string, string> _paths = [];

    private Victims(ApiFixture api, string project) => (_api, Project) = (api, project);

    public string Project { get; }

    public IReadOnlyDictionary<string, string> Paths => _paths;

    public IEnumerable<string> Ids => _paths.Values.Select(IdIn);

    public static string IdIn(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>An entity of each kind; a kind that this does not know fails.</summary>
    public static async Task<Victims> Make(ApiFixture api, TheModel model, string project)
    {
        await api.AddProject(project);
        await api.AddToken(project + "-reader", project, "reader");
        var victims = new Victims(api, project);
        // Links after what they lead to.
        string[] first = ["network", "storage", "compute", "securitygroup", "application", "component", "agreement", "licence"];
        foreach (var kind in model.Concrete.OrderBy(k => Array.IndexOf(first, k.Term) is >= 0 and var at ? at : int.MaxValue))
            victims._paths[kind.Term] = await victims.One(kind);
        await Eventually.Is("all of them are settled", async () =>
            (await api.Send("GET", "/admin/operations", caller: project)).Body == "[]" && (await victims.State()).Contains("\"occi.compute.state\":\"active\"", StringComparison.Ordinal));
        return victims;
    }

    /// <summary>All that their owner is shown of them, with their tags.</summary>
    public async Task<string> State()
    {
        var all = new List<string>();
        foreach (var path in _paths.Values)
        {
            var shown = await _api.Send("GET", path, caller: Project, accept: Json);
            Assert.True(shown.Status == 200, $"{path}: {shown.Status} {shown.Body}");
            all.Add($"{shown["ETag"]} {shown.Body}");
        }
        return string.Join('\n', all);
    }

    /// <summary>A link's body; the ends are paths.</summary>
    public static string Link(TheModel.Category kind, string source, string target) =>
        $$"""{"kind":"{{kind.Id}}","attributes":{"occi.core.title":"{{Marker}}"},"source":{"location":"{{source}}"},"target":{"location":"{{target}}"} }""";

    /// <summary>The kinds that a link of that kind leads between; null: it is no link.</summary>
    public static (string Source, string Target)? EndsOf(string link) => link switch
    {
        "networkinterface" => ("compute", "network"),
        "storagelink" => ("compute", "storage"),
        "securitygrouplink" => ("compute", "securitygroup"),
        "componentlink" => ("application", "component"),
        "agreement_link" => ("agreement", "compute"),
        "licence_use" => ("compute", "licence"),
        _ => null,
    };

    /// <summary>The body of a resource of that kind.</summary>
    public static string Resource(TheModel.Category kind, string? title = Marker, string? network = null)
    {
        var more = kind.Term switch
        {
            "storage" => ",\"occi.storage.size\":0.1",
            "application" => ",\"occi.app.name\":\"shop\"",
            "licence" => ",\"com.example.licence.product\":\"compiler\"",
            "ipreservation" => $",\"local.controller.ipreservation.network\":\"{network}\"",
            "compute" or "network" or "securitygroup" or "component" or "agreement" => "",
            _ => throw new InvalidOperationException($"There is a kind {kind.Id} that nobody has thought of here: say how one is made."),
        };
        return $$"""{"kind":"{{kind.Id}}","attributes":{"occi.core.title":"{{title}}"{{more}} } }""";
    }

    private async Task<string> One(TheModel.Category kind)
    {
        string body;
        if (EndsOf(kind.Term) is var (source, target))
            body = Link(kind, _paths[source], _paths[target]);
        else
            body = Resource(kind, network: kind.Term == "ipreservation" ? await Outside() : null);
        var made = await _api.Send("POST", kind.Location!, body, Project, accept: Json, contentType: Json);
        Assert.True(made.Status == 201, $"{kind.Id}: {made.Status} {made.Body}");
        return made.Path;
    }

    // Addresses are reserved in a public network, which an admin offers.
    private async Task<string> Outside()
    {
        var made = await _api.Send("POST", "/network/", $$"""
            {"kind":"{{Infrastructure}}network","mixins":["http://schemas.ogf.org/occi/infrastructure/network#ipnetwork","http://controller.local/occi/network#bridged","http://controller.local/occi/network#floating"],
             "attributes":{"local.controller.network.physical":"public","occi.network.address":"198.51.100.{{16 * Interlocked.Increment(ref _made)}}/28"} }
            """, "admin", accept: Json, contentType: Json);
        Assert.True(made.Status == 201, made.Body);
        return made.Path;
    }
}
