using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Api.Tests.Upgrade;

/// <summary>
/// A cloud of the release before becomes one of this release while it is used: silos first, then APIs, then agents, as docs/deploying.md has it. At each stage whatever a tenant does works,
/// through each API that there is and on each host that there is; at the end nothing is amiss, and nothing but what was made is there.
/// </summary>
public sealed class RollingUpgradeTests : IAsyncLifetime
{
    private const string Json = "application/json";
    private const string Occi = "application/occi+json";
    private const string Infrastructure = "http://schemas.ogf.org/occi/infrastructure";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<ChildProcess> _processes = [];
    private readonly Dictionary<string, Uri> _apis = [];
    private Place _place = null!;   // set by InitializeAsync

    public async Task InitializeAsync() => _place = await Place.Make();

    public async Task DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
        await _place.DisposeAsync();
    }

    [PreviousFact]
    public async Task Each_stage_of_an_upgrade_works_for_those_who_use_the_cloud()
    {
        var before = PreviousFactAttribute.Checkout!;
        var (first, second) = (_place.SiloSettings(), _place.SiloSettings());
        var oldFirst = await Silo(before, "silo-1", first);
        var oldSecond = await Silo(before, "silo-2", second);
        var oldApi = await Api(before, "before");
        List<string> hosts = [await Host("host-before", before)];
        if (PreviousFactAttribute.Older is { Length: > 0 } older)
            hosts.Add(await Host("host-older", older));
        await Eventually.Is("there is an image", async () => (await Ask("PUT", "/admin/images/tiny?title=Tiny&format=raw", "bytes", "application/octet-stream")).Status == 200, Patience, Story);
        var kept = await Use(hosts);

        // One silo after the other, each where the one before was. The first applies the migrations.
        await oldSecond.Terminate();
        await Silo(null, "silo-2", second);
        await Up(hosts);
        for (var number = 1; number <= 4; number++)
            hosts.Add(await Host($"host-between-{number}", number % 2 == 0 ? before : null));   // whichever silo its grain lives on, and whichever gateway it dials
        kept.AddRange(await Use(hosts));
        await oldFirst.Terminate();
        await Silo(null, "silo-1", first);
        await Up(hosts);
        kept.AddRange(await Use(hosts));

        // APIs.
        await Api(null, "now");
        kept.AddRange(await Use(hosts));
        _apis.Remove("before");
        await oldApi.Terminate();

        // A host of this release joins; those of before go on, and may have been gone for a while.
        hosts.Add(await Host("host-now", null));
        kept.AddRange(await Use(hosts));

        foreach (var path in kept)
            await Becomes(path, "occi.compute.state", "active");
        await Eventually.Is("nothing is amiss", async () => (await Ask("GET", "/admin/doctor?deep=true")).Json.GetProperty("findings").GetArrayLength() == 0, Patience,
            () => Ask("GET", "/admin/doctor?deep=true").GetAwaiter().GetResult().Body + Story());
        Assert.Equal(kept.Order(), (await Ask("GET", "/compute/", accept: "text/uri-list")).Lines.Select(l => new Uri(l).AbsolutePath).Order());
    }

    /// <summary>Does what tenants do, through each API and on each host, and leaves a machine that runs on each.</summary>
    private async Task<List<string>> Use(IReadOnlyList<string> hosts)
    {
        var kept = new List<string>();
        foreach (var api in _apis.Keys)
        {
            var network = await Make(api, "network", "\"occi.network.label\":\"l\"", """,["http://schemas.ogf.org/occi/infrastructure/network#ipnetwork"]""");
            var volume = await Make(api, "storage", "\"occi.storage.size\":0.01");
            await Becomes(volume, "occi.storage.state", "online", api);
            foreach (var host in hosts)
            {
                var machine = await Make(api, "compute", $"\"occi.compute.cores\":1,\"occi.compute.memory\":0.1,\"occi.core.title\":\"on {host}\"");
                await Becomes(machine, "occi.compute.state", "active", api);
                var link = await Make(api, "networkinterface", "", "", machine, network);
                await Becomes(link, "occi.networkinterface.state", "active", api);
                await Act(api, machine, "stop");
                await Becomes(machine, "occi.compute.state", "inactive", api);
                await Act(api, machine, "start");
                await Becomes(machine, "occi.compute.state", "active", api);
                if (api == _apis.Keys.First())
                {
                    await Delete(api, link);
                    kept.Add(machine);
                }
                else
                {
                    await Delete(api, machine);
                }
            }
            foreach (var path in (string[])[volume, network])
                await Delete(api, path);
        }
        return kept;
    }

    // ---------------------------------------------------------------- processes

    private async Task<ChildProcess> Silo(string? checkout, string name, string[] settings)
    {
        var silo = Start(checkout, "Silo", "controller-silo", [.. settings, $"--Silo:Name={name}", "--Logging:LogLevel:Default=Warning"]);
        await Eventually.Is($"{name} is there", async () => await IsActive(name, silo), Patience, Story);
        return silo;
    }

    private async Task<ChildProcess> Api(string? checkout, string name)
    {
        var url = $"http://127.0.0.1:{Free.Ports(1)[0]}";
        var api = Start(checkout, "Api", "controller-api", [.. _place.ApiSettings(url), "--Logging:LogLevel:Default=Warning"]);
        _apis[name] = new(url);
        await Eventually.Is($"the API {name} is ready", async () => (await Ask("GET", "/health/ready", api: name)).Status == 200, Patience, Story);
        return api;
    }

    private async Task<string> Host(string name, string? checkout)
    {
        Answer token = null!;
        await Eventually.Is("there is a join token", async () => (token = await Ask("POST", "/admin/hosts/join-tokens", "{}")).Status == 201, Patience, Story);
        Start(checkout, "Agent", "controller-agent", [.. _place.AgentSettings(name, token.Json.GetProperty("token").GetString()!), "--Logging:LogLevel:Default=Warning"]);
        await Up([name]);
        return name;
    }

    private ChildProcess Start(string? checkout, string project, string program, string[] settings)
    {
        var process = checkout is null
            ? ChildProcess.Start(program + ".dll", settings, new Dictionary<string, string>())
            : ChildProcess.StartBuilt(Path.Combine(checkout, "src", project, "bin", "Debug", "net10.0", program + ".dll"), settings);
        _processes.Add(process);
        return process;
    }

    private string Story() => string.Join("\n\n", _processes.Select(p => p.Story));

    /// <summary>Whether a silo of that name takes part that has been started since that process was.</summary>
    private async Task<bool> IsActive(string name, ChildProcess silo)
    {
        try
        {
            await using var database = Npgsql.NpgsqlDataSource.Create(_place.Connection);
            await using var command = database.CreateCommand("SELECT count(*) FROM orleansmembershiptable WHERE status = 3 AND siloname = $1 AND starttime >= $2");
            command.Parameters.Add(new() { Value = name });
            command.Parameters.Add(new() { Value = silo.Started.UtcDateTime });
            return await command.ExecuteScalarAsync() is 1L;
        }
        catch (Npgsql.PostgresException)
        {
            return false;   // no silo has made the tables yet
        }
    }

    private Task Up(IReadOnlyCollection<string> hosts) => Eventually.Is(
        $"up: {string.Join(", ", hosts)}",
        async () => await Ask("GET", "/admin/hosts") is { Status: 200 } answer
            && hosts.All(name => answer.Json.EnumerateArray().Any(h => h.GetProperty("name").GetString() == name && h.GetProperty("status").GetString() == "up")),
        Patience, Story);

    // ---------------------------------------------------------------- asking

    /// <summary>A client that repeats what it was not answered.</summary>
    private async Task<Answer> Ask(string method, string path, string? body = null, string? contentType = null, string? accept = null, string? api = null, params int[] fine)
    {
        Answer? answer = null;
        await Eventually.Is($"{method} {path} is answered", async () =>
        {
            try
            {
                answer = await RunningApi.Send(_apis[api ?? _apis.Keys.First()], method, path, body, _place.AdminSecret, accept ?? (contentType ?? Json), contentType ?? Json);
            }
            catch (HttpRequestException)
            {
                return false;
            }
            return answer.Status != 503;
        }, Patience, () => $"{answer?.Status} {answer?.Body}\n{Story()}");
        Assert.True(answer!.Status < 400 || fine.Contains(answer.Status), $"{method} {path} through {api}: {answer.Status} {answer.Body}\n{Story()}");
        return answer;
    }

    private async Task<string> Make(string api, string term, string attributes, string mixins = "", string? source = null, string? target = null)
    {
        var id = Guid.NewGuid();
        var ends = source is null ? "" : $$""","source":{"location":"{{source}}"},"target":{"location":"{{target}}"}""";
        var more = mixins.Length == 0 ? "" : ",\"mixins\":" + mixins[1..];
        await Ask("POST", $"/{term}/", $$"""{"kind":"{{Infrastructure}}#{{term}}","id":"urn:uuid:{{id}}","attributes":{{{attributes}}}{{ends}}{{more}}}""", Occi, api: api);
        return $"/{term}/{id}";
    }

    private Task<Answer> Act(string api, string path, string action) =>
        Ask("POST", $"{path}?action={action}", $$"""{"action":"{{Infrastructure}}/compute/action#{{action}}"}""", Occi, api: api, fine: 409);

    private async Task Delete(string api, string path)
    {
        await Ask("DELETE", path, contentType: Occi, api: api, fine: 404);
        await Eventually.Is($"{path} is gone", async () => (await Ask("GET", path, contentType: Occi, api: api, fine: 404)).Status == 404, Patience, Story);
    }

    private async Task Becomes(string path, string attribute, string value, string? api = null)
    {
        var last = "";
        await Eventually.Is($"{attribute} of {path} is {value}",
            async () => (last = (await Ask("GET", path, contentType: Occi, api: api)).Body).Contains($"\"{attribute}\":\"{value}\"", StringComparison.Ordinal), Patience, () => last + Story());
    }
}
