using Controller.Contracts;
using Controller.Grains.Sweeping;
using Controller.Testing;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>What nobody calls is not forgotten: the sweeper finds it in the inventory. In a cluster of its own, whose clock is put forward.</summary>
public sealed class SweeperTests : IClassFixture<SweeperTests.Swept>, IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private static readonly TimeSpan MoreThanTheLease = TimeSpan.FromSeconds(16);
    private readonly Swept _cluster;
    private ScriptedAgent _host = null!;   // set by InitializeAsync

    public SweeperTests(Swept cluster) => _cluster = cluster;

    public async Task InitializeAsync()
    {
        await _cluster.Grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();
        _host = await _cluster.Host();
        // What a host is told when it connects is over; all that follows has another cause.
        await Eventually.Is("the host got its first set", () => Task.FromResult(_host.FullSets > 0));
    }

    public Task DisposeAsync() => _cluster.Retire(_host);

    [Fact]
    public async Task An_entity_whose_operation_is_due_goes_on_although_nobody_calls_it()
    {
        _host.Held = true;
        var compute = await Create();
        // The agent lost what it was told, and nobody knows: no news, no stream that breaks, no call.
        _host.Wanted.Clear();
        _host.Held = false;
        _cluster.Clock.Forward(TimeSpan.FromSeconds(4));
        await Eventually.Is("the agent was told again", () => Task.FromResult(_host.Wanted.ContainsKey(compute)));
        await StateIs(compute, "active");
        Assert.Equal(0, await _cluster.Count("SELECT count(*) FROM entity WHERE due IS NOT NULL AND entity_id = $1", compute));
    }

    [Fact]
    public async Task A_host_whose_grain_was_nowhere_is_told_everything_with_its_next_sign_of_life()
    {
        _host.Held = true;
        var compute = await Create();
        _host.Wanted.Clear();
        await Forget();
        _host.Held = false;
        // Its stream was forgotten with it: the sign of life brings it back.
        Assert.True(await _host.Heartbeat());
        await Eventually.Is("the agent was told again", () => Task.FromResult(_host.Wanted.ContainsKey(compute)));
        await StateIs(compute, "active");
    }

    [Fact]
    public async Task A_host_whose_agent_falls_silent_is_unreachable_and_comes_back()
    {
        var compute = await Create();
        await StateIs(compute, "active");
        _cluster.Clock.Forward(MoreThanTheLease);
        await HostIs("unreachable");
        Assert.Contains("15 seconds", (await View()).Why);
        // Unknown is not failed: its machines stay what they were.
        Assert.Equal("active", (await _cluster.Entity("compute", compute).View(Me))!.Attributes[Model.Compute.State.Name].Text);
        var another = Guid.NewGuid();
        var refused = await _cluster.Entity("compute", another).Create(new() { Caller = Me, Id = another, Kind = Model.Compute.Kind.ToString() });
        Assert.Equal(OutcomeKind.NoCapacity, refused.Kind);

        var sets = _host.FullSets;
        Assert.True(await _host.Heartbeat());
        await HostIs("up");
        Assert.Null((await View()).Why);
        await Eventually.Is("it got the whole set", () => Task.FromResult(_host.FullSets > sets && _host.Wanted.ContainsKey(compute)));
    }

    [Fact]
    public async Task A_host_that_gives_signs_of_life_stays_up()
    {
        for (var i = 0; i < 4; i++)
        {
            _cluster.Clock.Forward(TimeSpan.FromSeconds(10));
            Assert.True(await _host.Heartbeat());
        }
        for (var look = 0; look < 3; look++)
            await _cluster.Grain(_host.Id).Check();
        Assert.Equal(HostStatus.Up, (await View()).Status);
    }

    [Fact]
    public async Task What_a_grain_could_not_hear_while_it_stood_still_is_heard_before_its_host_is_called_unreachable()
    {
        // A grain that was held up looks first, and then takes what has waited for its turn.
        _cluster.Clock.Forward(MoreThanTheLease);
        await _cluster.Grain(_host.Id).Check();
        Assert.Equal(HostStatus.Up, (await View()).Status);
        Assert.True(await _host.Heartbeat());
        Assert.Equal(HostStatus.Up, (await View()).Status);
    }

    [Fact]
    public async Task A_host_is_watched_although_its_grain_is_nowhere()
    {
        await Forget();
        // The sweeper looks at it, which gives it one lease more; no one else does.
        await Eventually.Is("it is unreachable", () =>
        {
            _cluster.Clock.Forward(TimeSpan.FromSeconds(1));
            return StateInInventory("unreachable");
        });
    }

    private async Task<Guid> Create()
    {
        var id = Guid.NewGuid();
        var made = await _cluster.Entity("compute", id).Create(new() { Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString() });
        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        await Eventually.Is("the agent was told", () => Task.FromResult(_host.Wanted.ContainsKey(id)));
        return id;
    }

    private Task StateIs(Guid compute, string state) => Eventually.Is($"the compute is {state}", async () =>
        await _cluster.Count($"SELECT count(*) FROM entity WHERE state_name = 'compute' AND state = '{state}' AND entity_id = $1", compute) == 1);

    private Task HostIs(string state) => Eventually.Is($"the host is {state}", () => StateInInventory(state));

    private async Task<bool> StateInInventory(string state) =>
        await _cluster.Count($"SELECT count(*) FROM entity WHERE state_name = 'host' AND state = '{state}' AND entity_id = $1", _host.Id) == 1;

    private async Task<HostView> View() => (await _cluster.Grain(_host.Id).View())!;

    /// <summary>All grains leave memory, as when their silos died; then the sweeper is woken, as every silo does all few seconds.</summary>
    private async Task Forget()
    {
        await _cluster.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        await _cluster.Grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();
    }

    public sealed class Swept : ClusterFixture
    {
        internal PutForward Clock { get; } = new();

        protected override TimeProvider Time => Clock;
    }
}
