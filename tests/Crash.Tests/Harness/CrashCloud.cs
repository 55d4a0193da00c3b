using System.Diagnostics;
using Controller.Api.Tests.Cloud;
using Controller.Testing;
using Npgsql;

namespace Controller.Crash.Tests.Harness;

/// <summary>
/// A cloud of which the silo may die at any moment: PostgreSQL, one silo process and a spare that takes its place (and its ports) at once, an API, and hosts with the simulated driver.
/// </summary>
internal sealed class CrashCloud : IAsyncDisposable
{
    public const string Json = "application/occi+json";
    private readonly Place _place;
    private readonly NpgsqlDataSource _database;
    private readonly string[] _settings;
    private readonly List<Agent> _agents = [];
    private readonly List<string> _stories = [];
    private RunningApi _api = null!;   // set by Start, as the others
    private SiloProcess _silo = null!;
    private Task<SiloProcess>? _spare;
    private Task _watching = Task.CompletedTask;
    private string? _armedAgain;
    private bool _ending;

    private CrashCloud(Place place)
    {
        _place = place;
        _database = NpgsqlDataSource.Create(place.Connection);
        _settings = [.. place.SiloSettings(), "--Logging:LogLevel:Default=Warning"];
        Directory.CreateDirectory(place.In("shared"));
    }

    public IReadOnlyList<Agent> Agents => _agents;

    /// <summary>Since when a dead silo is being got over; null: none is.</summary>
    public Stopwatch? Down { get; private set; }

    /// <summary>A silo has died, also where nobody has noticed yet: clients hear of it before the end of its process is told.</summary>
    public bool IsDown => Down is not null || _silo.Mark is not null;

    /// <summary>Where silos died, in their own words.</summary>
    public List<string> Deaths { get; } = [];

    /// <summary>What the last silos said.</summary>
    public string Story => string.Join("\n", _stories.TakeLast(3).Append(_silo?.Story ?? "").Append(_watching.Exception?.Message ?? ""));

    /// <summary>The silo that is in charge, as far as the test knows.</summary>
    public SiloProcess Silo => _silo;

    /// <param name="hosts">How many, named host-1 and so on.</param>
    /// <param name="spare">Whether a silo that dies is replaced.</param>
    public static async Task<CrashCloud> Start(int hosts, bool spare = true)
    {
        var cloud = new CrashCloud(await Place.Make());
        try
        {
            cloud._silo = await cloud.NewSpare();
            await cloud._silo.Tell("go", "up");
            if (spare)
                cloud._spare = cloud.NewSpare();
            cloud._api = await RunningApi.Start(cloud._place);
            await Eventually.Is("the API is ready", cloud._api.IsReady);
            for (var number = 1; number <= hosts; number++)
                await cloud.AddHost($"host-{number}");
            await cloud.Upload("base");
            if (spare)
                cloud._watching = cloud.Watch();
        }
        catch
        {
            await cloud.DisposeAsync();
            throw;
        }
        return cloud;
    }

    public async ValueTask DisposeAsync()
    {
        var (silo, spare) = (_silo, _spare);
        (_spare, _ending) = (null, true);   // nobody takes its place any more
        foreach (var agent in _agents)
            await agent.DisposeAsync();
        if (_api is not null)
            await _api.DisposeAsync();
        if (silo is not null)
            await silo.DisposeAsync();
        if (spare is not null && await Task.WhenAny(spare) == spare && spare.IsCompletedSuccessfully)
            await spare.Result.DisposeAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);   // why it failed is in what its run says
        await _database.DisposeAsync();
        await _place.DisposeAsync();
    }

    // ---------------------------------------------------------------- the silo

    /// <summary>Has it tell of steps from now on.</summary>
    public Task Record() => _silo.Record();

    public Task<string[]> Recorded() => _silo.Recorded();

    /// <summary>Has it die at a step; and its successor at the same one, where it comes by there.</summary>
    public async Task Arm(string how, bool again)
    {
        Deaths.Clear();
        _armedAgain = again ? how : null;
        await _silo.Tell("arm " + how);
    }

    /// <summary>Nothing dies any more.</summary>
    public async Task Disarm()
    {
        _armedAgain = null;
        var silo = _silo;
        try
        {
            if (silo.Runs)
                await silo.Tell("rest");
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // It has come to its step in this moment, and dies there.
            await silo.Ended.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    /// <summary>The dead one has been got over.</summary>
    public TimeSpan Recovered()
    {
        var took = Down?.Elapsed ?? TimeSpan.Zero;
        Down = null;
        return took;
    }

    /// <summary>A second silo beside the first one.</summary>
    public async Task<SiloProcess> AddSilo()
    {
        var silo = await NewSpare([.. _place.SiloSettings(), "--Silo:Name=silo-2", "--Logging:LogLevel:Default=Warning"]);
        await silo.Tell("go", "up");
        return silo;
    }

    /// <summary>A process may fail to start on a machine that is too busy for the database to answer it: that is no failure of what is looked at here.</summary>
    private async Task<SiloProcess> NewSpare()
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await NewSpare(_settings);
            }
            catch (InvalidOperationException e) when (tries < 5 && !_ending)
            {
                _stories.Add(e.Message);
            }
        }
    }

    private async Task<SiloProcess> NewSpare(string[] settings)
    {
        var spare = SiloProcess.Spare(_place.Directory, settings);
        try
        {
            await spare.Says("spare");
            return spare;
        }
        catch
        {
            await spare.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts the spare in the place of a silo that died.</summary>
    private async Task Watch()
    {
        for (var failedStarts = 0; ;)
        {
            var dead = _silo;
            await dead.Ended;
            if (_spare is null)
                return;
            Down ??= Stopwatch.StartNew();
            // One that could not start is no death that anybody has to get over.
            if (failedStarts == 0 || dead.Mark is not null)
                Deaths.Add(dead.Mark ?? $"by itself:\n{dead.Story}");
            _stories.Add(dead.Story);
            await dead.DisposeAsync();
            var next = await _spare;
            if (_armedAgain is { } again)
            {
                _armedAgain = null;
                await next.Tell("arm " + again);
            }
            _silo = next;
            _spare = NewSpare();
            try
            {
                await next.Tell("go", "up");
                failedStarts = 0;
            }
            catch (InvalidOperationException) when (next.Mark is not null)
            {
                failedStarts = 0;   // it came by its step before it could say that it is up, and died there: the next one takes its place
            }
            catch (Exception e) when (e is InvalidOperationException or IOException && !next.Runs && ++failedStarts < 5)
            {
                // A machine that is too busy to let it start in time: whoever supervises silos starts another one.
            }
        }
    }

    // ---------------------------------------------------------------- hosts

    /// <summary>A new host.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="apart">Whether its agent is a process of its own.</param>
    public async Task<Agent> AddHost(string name, bool apart = false)
    {
        Answer token = null!;
        await Eventually.Is("there is a join token", async () => (token = await Send("POST", "/admin/hosts/join-tokens", "{}")).Status == 201);
        return await JoinHost(name, token.Json.GetProperty("token").GetString()!, apart);
    }

    /// <summary>The same, with that token; or, with none, one that was there before.</summary>
    public async Task<Agent> JoinHost(string name, string token = "", bool apart = false)
    {
        string[] settings =
        [
            .. _place.AgentSettings(name, token), "--Agent:PeerListen=127.0.0.1:0", "--Agent:ReconnectAtMost=00:00:00.5", $"--Simulated:SharedPools:shared={_place.In("shared")}",
            "--Simulated:MigrationTime=00:00:00", $"--Simulated:Directory={_place.In(name + "-host")}",
        ];
        var agent = apart ? Agent.Spawn(name, settings, _place.In(name + "-host")) : await Agent.Start(name, settings);
        _agents.Add(agent);
        await HostIs(name, "up");
        return agent;
    }

    /// <summary>Ends an agent's process, so to speak; what its host has stays.</summary>
    public async Task StopAgent(Agent agent)
    {
        _agents.Remove(agent);
        await agent.DisposeAsync();
    }

    public Task HostIs(string name, string state) => Eventually.Is(
        $"{name} is {state}", async () => await Number("select count(*) from entity where state_name = 'host' and title = $1 and state = $2", name, state) == 1, TimeSpan.FromMinutes(4));

    public async Task<string> HostId(string name) => (await Texts($"select entity_id::text from entity where state_name = 'host' and title = '{name}'")).Single();

    /// <summary>Which host something is on.</summary>
    public async Task<string> HostOf(string path) =>
        (await Texts($"select h.title from entity e join entity h on h.state_name = 'host' and h.entity_id = e.host where e.id = '{path.TrimStart('/')}'")).Single();

    // ---------------------------------------------------------------- asking

    /// <summary>Asks the API, as admin.</summary>
    public Task<Answer> Send(string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        var admin = path.StartsWith("/admin/", StringComparison.Ordinal);
        return RunningApi.Send(_api.Url, method, path, body, _place.AdminSecret, admin ? null : Json, admin ? "application/json" : Json, headers);
    }

    /// <summary>An image that computes are made of.</summary>
    public async Task Upload(string term) => Assert.Equal(200, (await RunningApi.Send(
        _api.Url, "PUT", $"/admin/images/{term}?title=Base&format=raw", new('d', 4096), _place.AdminSecret, contentType: "application/octet-stream")).Status);

    public Task<bool> IsReady() => _api.IsReady();

    /// <summary>A number that the database knows.</summary>
    public async Task<long> Number(string sql, params object[] about)
    {
        await using var command = _database.CreateCommand(sql);
        foreach (var value in about)
            command.Parameters.Add(new() { Value = value });
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Rows of one text each.</summary>
    public async Task<List<string>> Texts(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var texts = new List<string>();
        while (await reader.ReadAsync())
            texts.Add(reader.GetString(0));
        return texts;
    }
}
