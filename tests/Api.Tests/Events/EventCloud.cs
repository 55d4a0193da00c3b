using Controller.Api.Tests.Cloud;
using Controller.Testing;
using Npgsql;

namespace Controller.Api.Tests.Events;

/// <summary>A cloud whose silo, API and agent are processes of their own, to be killed; its webhooks may lead to this machine, and are quick to be tried again.</summary>
public sealed class EventCloud : IAsyncLifetime
{
    public const string Json = "application/json";
    private const string KindOfNetwork = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";

    private static readonly Dictionary<string, string> None = [];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private Place _place = null!;   // set by InitializeAsync, as the others
    private string[] _settings = [];
    private ChildProcess _silo = null!;
    private ChildProcess _api = null!;
    private ChildProcess _agent = null!;

    public Uri Url { get; private set; } = null!;

    public NpgsqlDataSource Database { get; private set; } = null!;

    public string Admin => _place.AdminSecret;

    public string Story => string.Join("\n\n", _api.Story, _silo.Story);

    public async Task InitializeAsync()
    {
        _place = await Place.Make();
        Database = NpgsqlDataSource.Create(_place.Connection);
        _settings = _place.SiloSettings();   // on the same ports each time: it replaces its dead self at once, and the agent finds it
        Url = new Uri($"http://127.0.0.1:{Free.Ports(1)[0]}");
        StartSilo();
        StartApi();
        Answer token = null!;
        await Eventually.Is("there is a join token", async () => await Answers() && (token = await Ask("POST", "/admin/hosts/join-tokens", "{}")).Status == 201, Patience, () => Story);
        _agent = ChildProcess.Start("controller-agent.dll", _place.AgentSettings("host-1", token.Json.GetProperty("token").GetString()!), None);
        await Eventually.Is("the host is up", async () => (await Ask("GET", "/admin/hosts")).Body.Contains("\"up\"", StringComparison.Ordinal), Patience, () => Story);
    }

    public async Task DisposeAsync()
    {
        foreach (var process in (ChildProcess[])[_agent, _api, _silo])
            await process.DisposeAsync();
        await Database.DisposeAsync();
        await _place.DisposeAsync();
    }

    /// <summary>Ends the silo's process without a word, and starts another.</summary>
    public async Task KillSilo()
    {
        await _silo.DisposeAsync();   // SIGKILL
        StartSilo();
    }

    public async Task KillApi()
    {
        await _api.DisposeAsync();
        StartApi();
    }

    public Task<Answer> Ask(string method, string path, string? body = null, string? secret = null, string? accept = null, params (string, string)[] headers) =>
        RunningApi.Send(Url, method, path, body, secret ?? Admin, accept, body is null ? null : path.StartsWith("/admin", StringComparison.Ordinal) ? Json : "text/plain", headers);

    /// <summary>A new project; a token of its in that role.</summary>
    public async Task<string> NewProject(string name, string role = "member")
    {
        await Ask("POST", "/admin/projects", $$"""{"name":"{{name}}"}""");
        return await NewToken(name, role);
    }

    public async Task<string> NewToken(string project, string role) =>
        (await Ask("POST", "/admin/tokens", $$"""{"name":"{{project}}-{{role}}","project":"{{project}}","role":"{{role}}"}""")).Json.GetProperty("token").GetString()!;

    public async Task<string> NewNetwork(string secret, string title = "a network") => (await Ask("POST", "/network/", $"{KindOfNetwork}\nX-OCCI-Attribute: occi.core.title=\"{title}\"", secret)).Path;

    /// <summary>A number that the database knows.</summary>
    public async Task<long> Number(string sql, params object[] about)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in about)
            command.Parameters.Add(new() { Value = value });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private void StartSilo() => _silo = ChildProcess.Start(
        "controller-silo.dll",
        [
            .. _settings, "--Webhooks:AllowHttp=true", "--Webhooks:AllowedNetworks:0=127.0.0.1/32", "--Webhooks:FirstRetry=00:00:00.050", "--Webhooks:MaxAttempts=4",
            "--Webhooks:Timeout=00:00:02", "--Webhooks:MaxPerProject=3",
        ],
        None);

    private void StartApi() => _api = ChildProcess.Start("controller-api.dll", [.. _place.ApiSettings(Url.ToString().TrimEnd('/')), "--Events:KeepAlive=00:00:00.500", "--Events:SlowReader=00:00:02"], None);

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

[CollectionDefinition("events")]
public sealed class EventCollection : ICollectionFixture<EventCloud>;
