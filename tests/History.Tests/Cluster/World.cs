using System.Collections.Concurrent;
using System.Globalization;
using Controller.Api.Tests.Cloud;
using Controller.Testing;
using Npgsql;

namespace Controller.History.Tests.Cluster;

/// <summary>Two silos, two APIs and four simulated hosts, each a process of its own, a relay before each silo's gateway, and a database.</summary>
internal sealed class World : IAsyncDisposable
{
    private const int Silos_ = 2;
    private const int Apis_ = 2;
    private const int Hosts_ = 4;

    /// <summary>Of which tenants reserve addresses: as many as they never need.</summary>
    private const string OutsideNetwork = """
        {"kind":"http://schemas.ogf.org/occi/infrastructure#network","title":"outside",
         "mixins":["http://schemas.ogf.org/occi/infrastructure/network#ipnetwork","http://controller.local/occi/network#bridged","http://controller.local/occi/network#floating"],
         "attributes":{"local.controller.network.physical":"public","occi.network.address":"203.0.113.0/24"}}
        """;

    private readonly Place _place;
    private readonly List<Relay> _relays = [];
    private readonly ConcurrentDictionary<Guid, Link> _links = new();
    private readonly ConcurrentDictionary<string, Guid> _hostIds = new();

    private World(Place place)
    {
        _place = place;
        Database = NpgsqlDataSource.Create(place.Connection + ";MaxPoolSize=10;Timeout=5;CommandTimeout=20");
        Admin = new(place.AdminSecret, this);
    }

    public IReadOnlyList<Node> Silos { get; private set; } = [];

    public IReadOnlyList<Node> Apis { get; private set; } = [];

    public IReadOnlyList<Node> Agents { get; private set; } = [];

    public IEnumerable<Node> All => [.. Silos, .. Apis, .. Agents];

    public NpgsqlDataSource Database { get; }

    public Session Admin { get; }

    /// <summary>Where the processes' logs are.</summary>
    public string Directory => _place.Directory;

    public static async Task<World> Make(int seed)
    {
        var world = new World(await Place.Make());
        try
        {
            await world.Start(seed);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    public Guid HostId(Node agent) => _hostIds[agent.Name];

    public Link LinkOf(Node agent) => LinkOf(HostId(agent));

    public Task CrashDatabase(TimeSpan away) => _place.CrashDatabase(away);

    /// <summary>Every fault ends: all run, all are connected, all clocks are right.</summary>
    public async Task Heal()
    {
        foreach (var link in _links.Values)
            link.Mend();
        foreach (var agent in Agents)
            SetFaults(agent, "{}");
        foreach (var node in All)
        {
            node.SetClock(TimeSpan.Zero);
            node.Thaw();
            await node.Start();
        }
    }

    /// <summary>The faults of an agent's simulated hypervisor from now on; see SimulatedFaults.</summary>
    public static void SetFaults(Node agent, string json)
    {
        System.IO.Directory.CreateDirectory(agent.Hypervisor);
        var file = Path.Combine(agent.Hypervisor, "faults.json");
        File.WriteAllText(file + ".new", json);
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>A project and a member's token of it.</summary>
    public async Task<Session> AddTenant(string name)
    {
        await Made("/admin/projects", $$$"""{"name":"{{{name}}}","quota":{}}""");
        return new((await Made("/admin/tokens", $$"""{"name":"{{name}}","project":"{{name}}","role":"member"}""")).Json.GetProperty("token").GetString()!, this);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in All)
            await node.DisposeAsync();
        foreach (var relay in _relays)
            await relay.DisposeAsync();
        await Database.DisposeAsync();
        await _place.DisposeAsync();
    }

    private Link LinkOf(Guid host) => _links.GetOrAdd(host, _ => new());

    private async Task Start(int seed)
    {
        var ports = Free.Ports(Silos_ + Apis_);
        for (var i = 0; i < Silos_; i++)
        {
            var relay = $"127.0.0.1:{ports[i]}";
            string[] settings =
            [
                .. _place.SiloSettings(), $"--Silo:Name=silo-{i + 1}", $"--AgentGateway:AdvertisedEndpoint={relay}", "--HighAvailability:Lease=00:00:08", "--HighAvailability:Margin=00:00:03",
                "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Controller=Information",
            ];
            Silos = [.. Silos, new("silo", $"silo-{i + 1}", _place.Directory, settings) { Url = new($"http://127.0.0.1:{Setting(settings, "Silo:HealthPort")}") }];
            _relays.Add(await Relay.Start(_place, ports[i], $"127.0.0.1:{Setting(settings, "AgentGateway:Port")}", LinkOf, seed + i));
        }
        for (var i = 0; i < Apis_; i++)
        {
            var url = $"http://127.0.0.1:{ports[Silos_ + i]}";
            Apis = [.. Apis, new("api", $"api-{i + 1}", _place.Directory, [.. _place.ApiSettings(url), "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Controller=Information"]) { Url = new(url) }];
        }
        await Silos[0].Start();   // it makes the tables
        await Eventually.Is("the first silo is ready", () => Session.IsReady(Silos[0].Url!), TimeSpan.FromSeconds(60));
        foreach (var node in Silos.Concat(Apis))
            await node.Start();
        foreach (var node in Silos.Concat(Apis))
            await Eventually.Is($"{node.Name} is ready", () => Session.IsReady(node.Url!), TimeSpan.FromSeconds(60));
        var pool = System.IO.Directory.CreateDirectory(_place.In("pool")).FullName;
        for (var i = 0; i < Hosts_; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"host-{i + 1}");
            Reply token = null!;
            await Eventually.Is("there is a join token", async () => (token = await Admin.Send("POST", "/admin/hosts/join-tokens", "{}", Session.PlainJson)).Status == 201);
            Agents =
            [
                .. Agents, new("agent", name, _place.Directory,
                [
                    .. _place.AgentSettings(name, token.Json.GetProperty("token").GetString()!), "--Agent:SweepEvery=00:00:02", "--Agent:ReportEvery=00:00:05", "--Agent:MeasureEvery=00:00:15",
                    "--Agent:PeerListen=127.0.0.1:0", $"--Simulated:Directory={_place.In(name)}/simulated", "--Simulated:Cores=48", $"--Simulated:MemoryBytes={64L << 30}",
                    $"--Simulated:DiskBytes={400L << 30}", $"--Simulated:SharedPools:shared={pool}", $"--Simulated:UnderlayAddress=127.0.0.{i + 10}", "--Simulated:PhysicalNetworks:0=public", "--Simulated:MigrationTime=00:00:00.1",
                    "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Controller=Information",
                ]),
            ];
            SetFaults(Agents[i], "{}");
            await Agents[i].Start();
        }
        await Eventually.Is("all hosts are up", async () =>
        {
            var hosts = (await Admin.Send("GET", "/admin/hosts")).Json.EnumerateArray().ToList();
            foreach (var host in hosts)
                _hostIds[host.GetProperty("name").GetString()!] = host.GetProperty("id").GetGuid();
            return hosts.Count(h => h.GetProperty("status").GetString() == "up") == Hosts_;
        }, TimeSpan.FromSeconds(60));
        await Must("PUT", "/admin/images/base?title=Base&format=raw", new string('d', 4096), "application/octet-stream");
        await Must("POST", "/network/", OutsideNetwork, Session.OcciJson);
    }

    private async Task<Reply> Made(string path, string body)
    {
        return await Must("POST", path, body, Session.PlainJson);
    }

    private async Task<Reply> Must(string method, string path, string body, string contentType)
    {
        var reply = await Admin.Send(method, path, body, contentType);
        return reply.Acknowledged ? reply : throw new InvalidOperationException($"{method} {path}: {reply}");
    }

    private static string Setting(string[] settings, string key) => settings.Last(s => s.StartsWith($"--{key}=", StringComparison.Ordinal)).Split('=', 2)[1];
}
