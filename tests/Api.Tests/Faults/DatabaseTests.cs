using Controller.Api.Tests.Cloud;
using Controller.Testing;
using Npgsql;

namespace Controller.Api.Tests.Faults;

/// <summary>What the database can do to a cloud that works: it is killed, cut off, full or slow. Nothing that was acknowledged is lost, what is refused says so, and all goes on by itself.</summary>
public sealed class DatabaseTests : IAsyncLifetime
{
    private const string Occi = "application/occi+json";
    private const int Clients = 4;
    private const int SmallMiB = 64;

    private Place _place = null!;   // set by Start, as the others
    private RunningSilo _silo = null!;
    private RunningApi _api = null!;
    private RunningAgent _agent = null!;

    private async Task Start(int smallMiB = 0)
    {
        _place = await Place.Make(smallMiB);
        _silo = await RunningSilo.Start(_place);
        _api = await RunningApi.Start(_place);
        await Eventually.Is("the API is ready", _api.IsReady);
        Answer token = null!;
        await Eventually.Is("there is a join token", async () => (token = await Send("POST", "/admin/hosts/join-tokens", "{}", "application/json")).Status == 201);
        _agent = await RunningAgent.Start(_place, "host-1", token.Json.GetProperty("token").GetString()!);
        await Eventually.Is("the host is up", async () => (await Send("GET", "/admin/hosts")).Body.Contains("\"status\":\"up\"", StringComparison.Ordinal));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_place is null)
            return;
        await _agent.DisposeAsync();
        await _api.DisposeAsync();
        await _silo.DisposeAsync();
        await _place.DisposeAsync();
    }

    [Fact]
    public async Task It_is_killed_and_comes_back() => await Under(async load =>
    {
        for (var i = 0; i < 2; i++)
        {
            await _place.Postgres.Kill();
            await Refuses(load);
            await _place.Postgres.StartAgain();
            await Acknowledges(load);
        }
    });

    [Fact]
    public async Task Its_connections_are_cut_again_and_again() => await Under(async load =>
    {
        await using var source = NpgsqlDataSource.Create(_place.Postgres.ConnectionString);
        for (var i = 0; i < 10; i++)
        {
            await using var command = source.CreateCommand("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname LIKE 'test_%' AND pid <> pg_backend_pid()");
            await command.ExecuteScalarAsync();
            await Acknowledges(load);
        }
    });

    [Fact]
    public async Task Its_disk_is_full_for_a_while()
    {
        if (!Environment.IsPrivilegedProcess)
            return;   // a file system of one's own is root's
        await Under(async load =>
        {
            await _place.Postgres.Fill(true);
            await Refuses(load, 20);
            await _place.Postgres.Fill(false);
            await Acknowledges(load);
        }, SmallMiB);
    }

    [Fact]
    public async Task It_does_not_answer_for_longer_than_anybody_waits() => await Under(async load =>
    {
        await using var source = NpgsqlDataSource.Create(_place.Connection);
        await using (var connection = await source.OpenConnectionAsync())
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await using var command = new NpgsqlCommand("LOCK TABLE entity, host_claim, audit IN ACCESS EXCLUSIVE MODE", connection, transaction);
            await command.ExecuteNonQueryAsync();
            await Refuses(load);
            await transaction.RollbackAsync();
        }
        await Acknowledges(load);
    });

    private async Task Under(Func<AcknowledgedLoad, Task> fault, int smallMiB = 0)
    {
        await Start(smallMiB);
        var load = new AcknowledgedLoad(_api.Url, _place.AdminSecret);
        using var stop = new CancellationTokenSource();
        var running = load.Run(Clients, stop.Token);
        await Acknowledges(load);
        await fault(load);
        await Acknowledges(load);
        await stop.CancelAsync();
        await running;
        Assert.True(load.Wrong.Count == 0, string.Join('\n', load.Wrong.Take(10)));
        Assert.Empty(await load.Lost());
        await NothingIsStuck();
    }

    /// <summary>As many more are done as can't have been on their way.</summary>
    private static Task Acknowledges(AcknowledgedLoad load)
    {
        var before = load.Acknowledged;
        return Eventually.Is("requests are done", () => Task.FromResult(load.Acknowledged > before + (3 * Clients)), TimeSpan.FromSeconds(60), () => string.Join('\n', load.Wrong.Take(3)));
    }

    private static Task Refuses(AcknowledgedLoad load, int more = 1)
    {
        var before = load.Refused;
        return Eventually.Is("requests are refused", () => Task.FromResult(load.Refused >= before + more), TimeSpan.FromSeconds(60));
    }

    /// <summary>Everything works, and nothing of before is still under way.</summary>
    private async Task NothingIsStuck()
    {
        var made = await Send("POST", "/compute/", "{\"kind\":\"http://schemas.ogf.org/occi/infrastructure#compute\",\"title\":\"after\"}", Occi);
        Assert.True(made.Status == 201, made.Body);
        Answer last = null!;
        await Eventually.Is(
            "a compute runs", async () => (last = await Send("GET", made.Path)).Body.Contains("\"occi.compute.state\":\"active\"", StringComparison.Ordinal), TimeSpan.FromSeconds(60), () => last.Body);
        Assert.True((await Send("DELETE", made.Path)).Status is 200 or 204);
        await Eventually.Is("nothing is under way", async () => (last = await Send("GET", "/admin/operations")).Body == "[]", TimeSpan.FromSeconds(90), () => last.Body);
        await Eventually.Is("the host is up", async () => (await Send("GET", "/admin/hosts")).Body.Contains("\"status\":\"up\"", StringComparison.Ordinal));
        Assert.Equal(200, (await RunningApi.Send(_api.Url, "GET", "/health/ready")).Status);
    }

    private Task<Answer> Send(string method, string path, string? body = null, string? contentType = null) =>
        RunningApi.Send(_api.Url, method, path, body, _place.AdminSecret, Occi, contentType);
}
