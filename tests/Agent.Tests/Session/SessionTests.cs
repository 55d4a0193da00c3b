using Controller.Agent.Ledger;
using Controller.Agent.Protocol;
using Controller.Agent.Tests.Harness;

namespace Controller.Agent.Tests.Session;

public sealed class SessionTests : ConnectedTest
{
    [Fact]
    public async Task Begins_with_hello_and_a_complete_report()
    {
        var (_, session) = await Connect();

        Assert.Equal("simulated", session.Hello.Capabilities.Driver);
        Assert.Equal(64u, session.Hello.Capabilities.Cores);
        Assert.NotEmpty(session.Hello.BootId);
        var first = session.Reports[0];
        Assert.True(first.Complete);
        Assert.True(first.Driver.Healthy);
        Assert.Equal(session.Epoch, first.Epoch);
    }

    [Fact]
    public async Task Beats_three_times_a_lease()
    {
        var (_, session) = await Connect();

        await Eventually.That(() => session.Heard.Count(message => message.Heartbeat is { Driver.Healthy: true }) >= 3, "three heartbeats");
    }

    [Fact]
    public async Task A_higher_epoch_is_on_disk_before_anything_is_obeyed()
    {
        Cluster.EpochToGive = 41;
        var (_, session) = await Connect();
        var volume = Want.Volume();
        await session.Want(volume);
        await Eventually.That(() => File.Exists(Ledger("objects", $"{volume.Id}.{volume.Incarnation}")), "the volume in the ledger");

        Assert.Equal(41ul, Fence.Parser.ParseFrom(await File.ReadAllBytesAsync(Ledger("fence"))).HighestEpoch);
    }

    [Fact]
    public async Task A_lower_epoch_is_refused_also_after_a_restart()
    {
        Cluster.EpochToGive = 41;
        var (agent, _) = await Connect();
        await agent.Kill();

        Cluster.EpochToGive = 40;
        await Start(token: null);
        var stale = await Gateway.Session(2);
        var volume = Want.Volume();
        await Record.ExceptionAsync(() => stale.Want(volume)); // it may be gone already
        await Eventually.That(() => stale.IsOver, "the agent hangs up");

        Assert.Equal(41ul, stale.Hello.HighestEpochSeen);
        Assert.Empty(stale.Heard);
        Assert.False(File.Exists(Ledger("objects", $"{volume.Id}.{volume.Incarnation}")));

        Cluster.EpochToGive = 42;
        var sessions = Gateway.Sessions.Count;
        await Eventually.That(() => Gateway.Sessions.Skip(sessions - 1).Any(session => session.Epoch == 42 && session.Reports.Any()), "a session of a higher epoch");
    }

    [Fact]
    public async Task A_message_of_another_epoch_ends_the_session_and_is_not_obeyed()
    {
        var (_, session) = await Connect();
        var volume = Want.Volume();

        await session.Send(new ToAgent { Desired = new Desired { Epoch = session.Epoch + 1, Objects = { volume } } });

        await Eventually.That(() => session.IsOver, "the agent hangs up");
        Assert.Empty(Directory.EnumerateFiles(Ledger("objects")));
    }

    [Fact]
    public async Task Comes_back_after_goodbye_with_a_new_session()
    {
        var (_, session) = await Connect();

        await session.Send(new ToAgent { Goodbye = new Goodbye { Why = "shutting down", ReconnectAfterSeconds = 0 } });

        var second = await Gateway.Session(2);
        Assert.True(second.Epoch > session.Epoch);
    }

    [Fact]
    public async Task Goes_to_the_second_gateway_when_the_first_dies()
    {
        await using var second = await TestGateway.Start(Cluster);
        await Start(Cluster.Token(Gateway, second));
        await Gateway.Session();

        await Gateway.DisposeAsync();

        var session = await second.Session();
        await Eventually.That(() => session.Reports.Any(report => report.Complete), "a complete report to the second gateway");
    }

    [Fact]
    public async Task Goes_to_a_gateway_that_it_heard_of_in_its_session_and_then_to_one_that_it_was_given()
    {
        await using var later = await TestGateway.Start(Cluster);
        await using var configured = await TestGateway.Start(Cluster);
        await Start(Cluster.Token(Gateway), ("Agent:Gateways:0", configured.Endpoint));
        var first = await configured.Session();
        await first.Grant(1, TimeSpan.FromMinutes(1), later.Endpoint);
        await Eventually.That(() => File.ReadAllText(Path.Combine(State, "gateways")).Contains(later.Endpoint, StringComparison.Ordinal), "the gateways to be kept");

        await configured.DisposeAsync();
        await later.Session();

        // None is left of those that it was told: what its operator wrote down is tried all the same.
        await using var again = await TestGateway.Start(Cluster, new Uri($"https://{configured.Endpoint}").Port);
        await later.DisposeAsync();
        await again.Session();
    }

    [Fact]
    public async Task Finds_a_gateway_that_comes_up_later()
    {
        var port = new Uri($"https://{Gateway.Endpoint}").Port;
        var token = Cluster.Token(Gateway);
        await Gateway.DisposeAsync();
        await Start(token);

        await using var later = await TestGateway.Start(Cluster, port);

        await later.Session();
    }

    [Fact]
    public async Task Tells_its_health_in_a_file()
    {
        var (agent, session) = await Connect();
        var path = Path.Combine(State, "health");
        await Eventually.That(() => File.ReadAllText(path) is var text && text.Contains("\"connected\":true", StringComparison.Ordinal)
            && text.Contains("\"driverHealthy\":true", StringComparison.Ordinal), "a good health file");
        Assert.Contains($"\"epoch\":{session.Epoch}", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
        Assert.EndsWith("}\n", await File.ReadAllTextAsync(path), StringComparison.Ordinal);

        agent.Faults.Unhealthy = "its power is out";

        await Eventually.That(() => File.ReadAllText(path).Contains("its power is out", StringComparison.Ordinal), "the driver's health in the file");
    }
}
