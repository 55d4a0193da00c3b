using System.Globalization;
using Controller.Api.Tests.Cloud;
using Controller.Testing;
using Npgsql;

namespace Controller.Api.Tests.Hostile;

/// <summary>
/// A cloud to attack: PostgreSQL, a silo, an API and an agent, each a process of its own, so that the API's memory and its log are nobody else's. It is
/// quick to give up on slow clients, and behind a public URL. Projects: <c>storm</c>, whose member attacks, and <c>stranger</c>, whom nothing may touch.
/// </summary>
public sealed class HostileCloud : IAsyncLifetime
{
    public const string PublicUrl = "http://cloud.example:8000";

    // More than this on the heap ends the process, and the test with it.
    private const string HeapLimit = "0x28000000";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private Place _place = null!;   // set by InitializeAsync, as the others
    private ChildProcess _silo = null!;
    private ChildProcess _api = null!;
    private ChildProcess _agent = null!;

    public Uri Url { get; private set; } = null!;

    public NpgsqlDataSource Database { get; private set; } = null!;

    public string Admin => _place.AdminSecret;

    /// <summary>The attacker's token.</summary>
    public string Member { get; private set; } = "";

    public string Stranger { get; private set; } = "";

    /// <summary>Lines of the logs that tell of errors.</summary>
    // The HTTP server has a word of its own about a body that it can't read to its end; the answer was given before.
    public string[] Errors => [.. ((ChildProcess[])[_api, _silo]).SelectMany(p => p.Output).Where(l => (l.Contains(" fail: ", StringComparison.Ordinal) || l.Contains(" crit: ", StringComparison.Ordinal)) && !l.Contains("automatic draining of the request body failed", StringComparison.Ordinal))];

    public string Story => string.Join("\n\n", _api.Story, _silo.Story, _agent.Story);

    /// <summary>What the API process holds, in MiB.</summary>
    public int WorkingSet => int.Parse(
        File.ReadLines($"/proc/{_api.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture) / 1024;

    public async Task InitializeAsync()
    {
        _place = await Place.Make();
        Database = NpgsqlDataSource.Create(_place.Connection);
        Url = new Uri($"http://127.0.0.1:{Free.Ports(1)[0]}");
        var none = new Dictionary<string, string>();
        _silo = ChildProcess.Start("controller-silo.dll", _place.SiloSettings(), none);
        _api = ChildProcess.Start(
            "controller-api.dll",
            [
                .. _place.ApiSettings(Url.ToString().TrimEnd('/')), $"--Api:PublicUrl={PublicUrl}", "--Api:HeaderTimeout=00:00:03", "--Api:SlowBodyGrace=00:00:02",
                "--Logging:LogLevel:Default=Error",
            ],
            new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = HeapLimit });
        try
        {
            Answer token = null!;
            await Eventually.Is("there is a join token", async () => await Answers() && (token = await Ask("POST", "/admin/hosts/join-tokens", "{}")).Status == 201, Patience);
            _agent = ChildProcess.Start("controller-agent.dll", _place.AgentSettings("host-1", token.Json.GetProperty("token").GetString()!), none);
            await Eventually.Is("the host is up", async () => (await Ask("GET", "/admin/hosts")).Body.Contains("\"up\"", StringComparison.Ordinal), Patience);
        }
        catch (Exception failed)
        {
            throw new InvalidOperationException($"{failed.Message}\n{_api.Story}\n{_silo.Story}", failed);
        }
        (Member, Stranger) = (await NewProject("storm"), await NewProject("stranger"));
    }

    public async Task DisposeAsync()
    {
        foreach (var process in (ChildProcess[])[_agent, _api, _silo])
            await process.DisposeAsync();
        await Database.DisposeAsync();
        await _place.DisposeAsync();
    }

    /// <summary>A request as it should be, by default the admin's.</summary>
    public Task<Answer> Ask(string method, string path, string? body = null, string? secret = null, string? accept = null, params (string, string)[] headers) =>
        RunningApi.Send(Url, method, path, body, secret ?? Admin, accept, path.StartsWith("/admin", StringComparison.Ordinal) ? "application/json" : null, headers);

    /// <summary>Sends a request by hand; the answer, or null where the connection was closed without one.</summary>
    internal async Task<RawResponse?> Raw(string request)
    {
        await using var connection = await RawConnection.Open(Url);
        await connection.Send(request);
        return (await connection.ReadToEnd(_ => false, RawConnection.Patience)).FirstOrDefault();
    }

    private async Task<string> NewProject(string name)
    {
        await Ask("POST", "/admin/projects", $$"""{"name":"{{name}}"}""");
        return (await Ask("POST", "/admin/tokens", $$"""{"name":"{{name}}","project":"{{name}}","role":"member"}""")).Json.GetProperty("token").GetString()!;
    }

    private async Task<bool> Answers()
    {
        try
        {
            return await RunningApi.IsReady(Url);
        }
        catch (HttpRequestException)
        {
            return false;   // it does not listen yet
        }
    }
}

[CollectionDefinition("hostile")]
public sealed class HostileCollection : ICollectionFixture<HostileCloud>;
