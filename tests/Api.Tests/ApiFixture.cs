using Controller.Api.Tests.Cloud;
using Controller.Testing;
using Npgsql;

namespace Controller.Api.Tests;

/// <summary>
/// A cloud to speak HTTP with: PostgreSQL, a silo, the API and an agent whose hypervisor is simulated, each as it is started in production, all of
/// them for these tests alone.
/// </summary>
public sealed class ApiFixture : IAsyncLifetime
{
    public const string Host = "host-1";
    private const string Json = "application/json";

    private readonly Dictionary<string, string> _secrets = [];
    private readonly Dictionary<string, (string Name, string Value)[]> _headers = [];
    private Place _place = null!;   // set by InitializeAsync, as the others
    private NpgsqlDataSource _database = null!;
    private RunningApi _api = null!;
    private RunningSilo? _silo;
    private RunningAgent? _agent;

    /// <summary>Whether there is a silo from the beginning.</summary>
    public bool WithSilo { get; init; } = true;

    /// <summary>Whether there is a host from the beginning.</summary>
    public bool WithAgent { get; init; } = true;

    /// <summary>Files of kinds and mixins that all its processes read.</summary>
    public IReadOnlyDictionary<string, string> Model { get; init; } = new Dictionary<string, string>();

    public Uri Url => _api.Url;

    public Uri TlsUrl => _api.TlsUrl;

    /// <summary>Replaces what HTTPS clients see.</summary>
    public Task<System.Security.Cryptography.X509Certificates.X509Certificate2> RenewCertificate(bool issued = false, bool forLocalhost = false) =>
        _place.MakeServerCertificate(TimeProvider.System.GetUtcNow(), issued, forLocalhost);

    public Task BreakCertificate() => _place.BreakServerCertificate();

    internal IReadOnlyList<Microsoft.AspNetCore.Routing.RouteEndpoint> Routes => _api.Routes;

    public string Images => _place.Images;

    public byte[] AuthorityCertificate => _place.Authority.RawData;

    internal RunningAgent Agent => _agent ?? throw new InvalidOperationException("There is no agent.");

    public async Task InitializeAsync()
    {
        _place = await Place.Make();
        foreach (var (name, json) in Model)
            await _place.Declare(name, json);
        _database = NpgsqlDataSource.Create(_place.Connection);
        if (WithSilo)
            await StartSilo();
        _api = await RunningApi.Start(_place);
        if (!WithSilo)
            return;
        await Eventually.Is("the API is ready", _api.IsReady);
        await MakeCallers();
        if (WithAgent)
            _agent = await AddHost(Host);
    }

    public async Task DisposeAsync()
    {
        if (_agent is not null)
            await _agent.DisposeAsync();
        await _api.DisposeAsync();
        if (_silo is not null)
            await _silo.DisposeAsync();
        await _database.DisposeAsync();
        await _place.DisposeAsync();
    }

    public async Task StartSilo() => _silo = await RunningSilo.Start(_place);

    public Task StopSilo() => _silo?.Stop() ?? Task.CompletedTask;

    /// <summary>A file of kinds and mixins for the processes that start from now on.</summary>
    public Task Declare(string name, string json) => _place.Declare(name, json);

    /// <summary>One more API process' worth of the same cloud.</summary>
    public async Task<RunningApi> AnotherApi(params string[] settings)
    {
        var api = await RunningApi.Start(_place, settings);
        await Eventually.Is("the other API is ready", api.IsReady);
        return api;
    }

    /// <summary>One more API as a process of its own, which can be killed.</summary>
    internal ChildProcess ApiProcess(Uri url) =>
        ChildProcess.Start("controller-api.dll", _place.ApiSettings(url.ToString().TrimEnd('/')), new Dictionary<string, string>());

    /// <summary>Enrols a host with a join token, and waits until it can be used.</summary>
    internal async Task<RunningAgent> AddHost(string name)
    {
        Answer token = null!;
        // The silo tells where its gateway is right after its start.
        await Eventually.Is("there is a join token", async () => (token = await Send("POST", "/admin/hosts/join-tokens", "{}", "admin", contentType: Json)).Status == 201);
        return await JoinHost(name, token.Json.GetProperty("token").GetString()!);
    }

    /// <summary>The same, with that token.</summary>
    internal async Task<RunningAgent> JoinHost(string name, string token)
    {
        var agent = await RunningAgent.Start(_place, name, token);
        await Eventually.Is($"{name} is up", async () => await HostNamed(name) is { } host && host.GetProperty("status").GetString() == "up");
        return agent;
    }

    public async Task<System.Text.Json.JsonElement?> HostNamed(string name)
    {
        var hosts = (await Send("GET", "/admin/hosts", caller: "admin")).Json.EnumerateArray().Where(h => h.GetProperty("name").GetString() == name).ToArray();
        return hosts.Length == 0 ? null : hosts.Single();
    }

    /// <summary>The token of a caller; one that was never made stands for itself.</summary>
    public string SecretOf(string caller) => _secrets.GetValueOrDefault(caller, caller);

    /// <summary>Sends a request as one of the callers (null: nobody).</summary>
    public Task<Answer> Send(
        string method, string path, string? body = null, string? caller = "member", string? accept = null, string? contentType = null,
        params (string Name, string Value)[] headers) => SendTo(Url, method, path, body, caller, accept, contentType, headers);

    /// <summary>The same, to another API.</summary>
    public Task<Answer> SendTo(
        Uri url, string method, string path, string? body = null, string? caller = "member", string? accept = null, string? contentType = null,
        params (string Name, string Value)[] headers) =>
        RunningApi.Send(
            url, method, path, body, caller is null || !IsToken(caller) ? null : SecretOf(caller), accept, contentType, [.. caller is null ? [] : _headers.GetValueOrDefault(caller, []), .. headers]);

    /// <summary>What Calls has said of a caller.</summary>
    public (string Name, string Value)[] HeadersOf(string caller) => _headers.GetValueOrDefault(caller, []);

    private bool IsToken(string caller) => _secrets.ContainsKey(caller) || !_headers.ContainsKey(caller);

    /// <summary>A caller that is known by headers: the cookie of a session, the choice of a project; by a token beside them, where there is one.</summary>
    public void Calls(string caller, string? token, params (string Name, string Value)[] headers)
    {
        _headers[caller] = headers;
        if (token is not null)
            _secrets[caller] = token;
    }

    /// <summary>Waits until an attribute of an entity has that value.</summary>
    public async Task Becomes(string path, string attribute, string value, string caller = "member")
    {
        var last = "";
        try
        {
            await Eventually.Is($"{attribute} of {path} is {value}", async () =>
            {
                last = (await Send("GET", path, caller: caller, accept: "application/occi+json")).Body;
                return last.Contains($"\"{attribute}\":\"{value}\"", StringComparison.Ordinal);
            });
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message} It is {last}", late);
        }
    }

    /// <summary>Ends the connections on which API processes listen to the database; how many there were.</summary>
    public async Task<long> EndListening()
    {
        await using var command = _database.CreateCommand(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'controller-api-listener' and datname = current_database()");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>A number that the database knows about an entity.</summary>
    public async Task<long> Count(string sql, Guid about)
    {
        await using var command = _database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = about });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Holds something in the database until it is disposed of.</summary>
    public async Task<IAsyncDisposable> Block(string sql)
    {
        var connection = await _database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("BEGIN; " + sql, connection);
        await command.ExecuteNonQueryAsync();
        return new Blocked(connection);
    }

    /// <summary>Waits until somebody waits for a table.</summary>
    public Task IsWaitedFor(string table) => Eventually.Is($"somebody waits for {table}", async () =>
    {
        await using var command = _database.CreateCommand("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::regclass");
        command.Parameters.Add(new() { Value = table });
        return (long)(await command.ExecuteScalarAsync())! > 0;
    });

    private sealed class Blocked(NpgsqlConnection connection) : IAsyncDisposable
    {
        private int _ended;

        public async ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0)
                return;
            await using var end = new NpgsqlCommand("ROLLBACK", connection);
            await end.ExecuteNonQueryAsync();
            await connection.DisposeAsync();
        }
    }

    /// <summary>Does to the database what nobody should.</summary>
    public async Task<int> Execute(string sql, params object[] about)
    {
        await using var command = _database.CreateCommand(sql);
        foreach (var value in about)
            command.Parameters.Add(new() { Value = value });
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>A project and a member's token of it.</summary>
    public async Task<string> AddProject(string name, string quota = "{}")
    {
        Assert.Equal(201, (await Send("POST", "/admin/projects", $$"""{"name":"{{name}}","quota":{{quota}}}""", "admin", contentType: Json)).Status);
        await AddToken(name, name, "member");
        return name;
    }

    private async Task MakeCallers()
    {
        _secrets["admin"] = _place.AdminSecret;
        await AddToken("member", "default", "member");
        await AddToken("reader", "default", "reader");
        await AddToken("operator", "default", "operator");
        await AddToken("expired", "default", "member", ",\"expiresInSeconds\":0.001");
        await AddProject("stranger");
    }

    /// <summary>A caller with that role in a project.</summary>
    public async Task AddToken(string caller, string project, string role, string more = "")
    {
        var made = await Send("POST", "/admin/tokens", $$"""{"name":"{{caller}}","project":"{{project}}","role":"{{role}}"{{more}}}""", "admin", contentType: Json);
        _secrets[caller] = made.Json.GetProperty("token").GetString()!;
    }
}

[CollectionDefinition("cloud")]
public sealed class CloudCollection : ICollectionFixture<ApiFixture>;
