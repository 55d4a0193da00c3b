using Controller.Contracts;
using Controller.Grains.Sweeping;
using Controller.Testing;
using Occi;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>Hosts come, are drained and go; what was on them is moved, stopped, left or lost, and always says so. In a cluster of its own, whose clock is put forward.</summary>
public sealed class FleetTests : IClassFixture<FleetTests.Fleet>, IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private static readonly Caller Operator = new(WellKnown.DefaultProject, Role.Operator, "operator");
    private readonly Fleet _cluster;
    private readonly List<ScriptedAgent> _hosts = [];

    public FleetTests(Fleet cluster) => _cluster = cluster;

    public async Task InitializeAsync() => await _cluster.Grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();

    public async Task DisposeAsync()
    {
        foreach (var host in _hosts)
            await _cluster.Retire(host);
    }

    [Fact]
    public async Task A_host_that_waits_for_approval_takes_nothing()
    {
        var host = await Host(HostAdmission.Pending);
        Assert.Contains("1 not approved", (await Try()).Why);
        Assert.Equal(OutcomeKind.Conflict, (await _cluster.Grain(host.Id).Drain(new(default, default, "operator"))).Kind);
        Assert.Equal(OutcomeKind.Done, (await _cluster.Grain(host.Id).Approve("operator")).Kind);
        Assert.Equal(OutcomeKind.AlreadyDone, (await _cluster.Grain(host.Id).Approve("operator")).Kind);
        await Create(host);
        // A certificate's renewal, or a join that is repeated, does not take the approval back.
        var name = (await View(host)).Name;
        await _cluster.Grain(host.Id).Admit("again", "01", HostAdmission.Pending);
        Assert.Equal((HostAdmission.Approved, name), ((await View(host)).Admission, (await View(host)).Name));
    }

    [Fact]
    public async Task Operators_settings_bind_placements()
    {
        var host = await Host();
        Assert.Equal(OutcomeKind.Invalid, (await _cluster.Grain(host.Id).Configure(new() { CoresRatio = 0.01 }, null)).Kind);
        Assert.Equal(OutcomeKind.Invalid, (await _cluster.Grain(host.Id).Configure(new() { ReservedCores = 9 }, null)).Kind);
        Assert.Equal(OutcomeKind.Invalid, (await _cluster.Grain(host.Id).Configure(new() { Zone = "North" }, null)).Kind);
        Assert.True((await _cluster.Grain(host.Id).Configure(new() { CoresRatio = 1, ReservedCores = 7, Zone = "north" }, "named")).Ok);
        Assert.Equal(("named", "north"), ((await View(host)).Name, (await View(host)).Settings.Zone));
        Assert.Contains("1 not enough cores (2 are needed, 1 are free at best)", (await Try(c => c with { Attributes = new() { [Model.Compute.Cores.Name] = AttributeValue.Of(2) } })).Why);
        Assert.Contains("1 not in zone south", (await Try(c => c with { Mixins = [Occi.Extension.Zone.Of("south").ToString()] })).Why);
        var compute = await Create(host, c => c with { Mixins = [Occi.Extension.Zone.Of("north").ToString()] });
        var moved = await _cluster.Entity("compute", compute).Update(new() { Caller = Me, RemoveMixins = [Occi.Extension.Zone.Of("north").ToString()] });
        Assert.Equal((OutcomeKind.Conflict, "The availability zone of a compute cannot be changed: create another compute there."), (moved.Kind, moved.Why));
        var rezoned = await _cluster.Grain(host.Id).Configure(new() { Zone = "south" }, null);
        Assert.Equal(OutcomeKind.Conflict, rezoned.Kind);
        Assert.Contains("placed there since it is in zone north", rezoned.Why);
    }

    [Fact]
    public async Task A_drain_moves_machines_and_says_where_to()
    {
        var from = await Host();
        var compute = await Create(from);
        var to = await Host();
        Assert.True((await _cluster.Grain(from.Id).Drain(new(DrainMethod.Auto, DrainStop.Never, "operator"))).Ok);
        await Eventually.Is("the move was ordered", () => Task.FromResult(!from.Migrations.IsEmpty));
        Assert.Equal(DrainState.Moving, Assert.Single((await View(from)).Drain!.Objects).State);
        // Nothing new comes to it, whatever is free there.
        await Create(to);
        from.Migrations.TryPeek(out var order);
        Assert.True(await _cluster.Grain(from.Id).Finished(from.Epoch, new(order!.Operation, compute, null)));
        await Drained(from);
        var moved = Assert.Single((await View(from)).Drain!.Objects);
        Assert.Equal((DrainState.Moved, (Guid?)to.Id, null), (moved.State, moved.To, moved.Why));
        Assert.Equal("drained", (await Entity(from))!.Attributes[Occi.Extension.Host.DrainState.Name].Text);

        Assert.Equal(OutcomeKind.Done, (await _cluster.Grain(from.Id).Undrain("operator")).Kind);
        Assert.Equal(OutcomeKind.AlreadyDone, (await _cluster.Grain(from.Id).Undrain("operator")).Kind);
        Assert.Null((await View(from)).Drain);
    }

    [Fact]
    public async Task A_drain_leaves_what_cannot_move_and_says_why()
    {
        var host = await Host();
        var (runs, off, volume) = (await Create(host), await Create(host), await Volume(host));
        Assert.True((await _cluster.Entity("compute", off).Invoke(new(Me, Model.Compute.Stop.ToString(), []))).Ok);
        await StateIs("compute", off, "inactive");
        Assert.True((await _cluster.Grain(host.Id).Drain(new(DrainMethod.Auto, DrainStop.Never, "operator"))).Ok);
        await Drained(host);
        var objects = (await View(host)).Drain!.Objects.ToDictionary(o => o.Id);
        Assert.Equal((DrainState.Left, DrainState.Stopped, DrainState.Left), (objects[runs].State, objects[off].State, objects[volume].State));
        Assert.Contains("0 of ", objects[runs].Why);
        Assert.Contains("own pool", objects[volume].Why);
        await StateIs("compute", runs, "active");
        Assert.All(host.Wanted.Values, w => Assert.False(w.Absent));
    }

    [Fact]
    public async Task A_drain_moves_volumes_with_their_machines_and_leaves_those_that_no_machine_has()
    {
        var from = await Host();
        var (volume, alone, link) = (await Volume(from), await Volume(from), Guid.NewGuid());
        var compute = await Create(from, c => c with
        {
            Links = [new()
            {
                Caller = Me, Id = link, Kind = Model.StorageLink.Kind.ToString(), Attributes = new() { [Occi.Core.CoreKinds.Target.Name] = AttributeValue.Of("/storage/" + volume) },
            }],
        });
        var to = await Host();
        Assert.True((await _cluster.Grain(from.Id).Drain(new(DrainMethod.Auto, DrainStop.Never, "operator"))).Ok);
        await Eventually.Is("the move was ordered", () => Task.FromResult(!from.Migrations.IsEmpty));
        Assert.All((await View(from)).Drain!.Objects.Where(o => o.Term == "storage"), o => Assert.Equal(DrainState.Waiting, o.State));
        from.Migrations.TryPeek(out var order);
        Assert.Equal(volume, Assert.Single(order!.Volumes).Volume);
        Assert.True(await _cluster.Grain(from.Id).Finished(from.Epoch, new(order.Operation, compute, null)));
        await Drained(from);
        var objects = (await View(from)).Drain!.Objects.ToDictionary(o => o.Id);
        Assert.Equal((DrainState.Moved, (Guid?)to.Id), (objects[compute].State, objects[compute].To));
        Assert.Equal((DrainState.Moved, (Guid?)to.Id, null), (objects[volume].State, objects[volume].To, objects[volume].Why));
        Assert.Equal(DrainState.Left, objects[alone].State);
        Assert.Contains("no machine has taken it along", objects[alone].Why);
    }

    [Fact]
    public async Task A_drain_stops_what_cannot_move_if_it_may()
    {
        var host = await Host();
        var compute = await Create(host);
        Assert.True((await _cluster.Grain(host.Id).Drain(new(DrainMethod.Live, DrainStop.PowerOff, "operator"))).Ok);
        await Drained(host);
        Assert.Equal(DrainState.Stopped, Assert.Single((await View(host)).Drain!.Objects).State);
        await StateIs("compute", compute, "inactive");
        Assert.False(Assert.IsType<DesiredMachine>(host.Wanted[compute]).Absent);
    }

    [Fact]
    public async Task A_drain_goes_on_although_its_grain_was_nowhere()
    {
        var host = await Host();
        host.Held = true;
        var compute = await Create(host);
        Assert.True((await _cluster.Grain(host.Id).Drain(new(DrainMethod.Auto, DrainStop.Graceful, "operator"))).Ok);
        Assert.Null((await View(host)).Drain!.Finished);   // its machine is starting: that ends first
        await _cluster.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        await _cluster.Grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();
        await host.Heartbeat();
        await host.Release();
        await Drained(host);
        Assert.Equal((compute, DrainState.Stopped), Assert.Single((await View(host)).Drain!.Objects) is var only ? (only.Id, only.State) : default);
    }

    [Fact]
    public async Task A_host_that_is_gone_for_ever_is_removed_and_what_was_on_it_says_so()
    {
        var host = await Host();
        var (compute, volume) = (await Create(host), await Volume(host));
        var network = Guid.NewGuid();
        Assert.True((await _cluster.Entity("network", network).Create(new() { Caller = Me, Id = network, Kind = Model.Network.Kind.ToString() })).Ok);
        await _cluster.Grains.GetGrain<INetworkGrain>(GrainId.Create("network", GrainKeys.Of("network", network))).EnsureOn(host.Id);

        Assert.Equal(OutcomeKind.Conflict, (await _cluster.Grain(host.Id).Discard(false, "operator")).Kind);
        var alive = await _cluster.Grain(host.Id).Discard(true, "operator");
        Assert.Equal(OutcomeKind.Conflict, alive.Kind);
        Assert.Contains("only an unreachable host", alive.Why);
        await StateIs("compute", compute, "active");

        // What it reports of its network may come late: then it is silent once more.
        await Eventually.Is("it is unreachable", async () =>
        {
            _cluster.Clock.Forward(TimeSpan.FromSeconds(16));
            for (var look = 0; look < 3; look++)
                await _cluster.Grain(host.Id).Check();
            return (await View(host)).Status == HostStatus.Unreachable;
        });
        Assert.Equal(OutcomeKind.Conflict, (await _cluster.Grain(host.Id).Discard(false, "operator")).Kind);
        Assert.True((await _cluster.Grain(host.Id).Discard(true, "operator")).Ok);

        Assert.Null(await _cluster.Grain(host.Id).View());
        Assert.False(await host.Heartbeat());
        foreach (var (term, id, state) in new[] { ("compute", compute, Model.Compute.State), ("storage", volume, Model.Storage.State) })
        {
            var lost = (await _cluster.Entity(term, id).View(Me))!;
            Assert.Equal("error", lost.Attributes[state.Name].Text);
            Assert.Contains("was removed", lost.Attributes[state.Name + ".message"].Text);
            Assert.Empty(lost.Actions);
        }
        Assert.Equal(0, await _cluster.Count("SELECT count(*) FROM host_claim WHERE host = $1", host.Id));
        var restarted = await _cluster.Entity("compute", compute).Invoke(new(Me, Model.Compute.Start.ToString(), []));
        Assert.Equal(OutcomeKind.Conflict, restarted.Kind);
        Assert.Contains("can only be deleted", restarted.Why);
        foreach (var (term, id) in new[] { ("compute", compute), ("storage", volume), ("network", network) })
        {
            Assert.True((await _cluster.Entity(term, id).Delete(new(Me))).Ok);
            await Eventually.Is($"the {term} is gone", async () => await _cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", id) == 0);
        }
    }

    [Fact]
    public async Task A_host_is_nobodys_below_an_operator()
    {
        var host = await Host();
        var entity = _cluster.Entity("host", host.Id);
        Assert.Null(await entity.View(Me));
        Assert.Equal(OutcomeKind.NotFound, (await entity.Update(new() { Caller = Me })).Kind);
        Assert.Equal(OutcomeKind.NotFound, (await entity.Invoke(new(Me, Occi.Extension.Host.Drain.ToString(), []))).Kind);
        Assert.Equal(OutcomeKind.NotFound, (await entity.Delete(new(Me))).Kind);
        Assert.Equal(OutcomeKind.Forbidden, (await entity.Create(new() { Caller = Operator, Id = host.Id, Kind = Occi.Extension.Host.Kind.ToString() })).Kind);
        Assert.Equal(OutcomeKind.Invalid, (await entity.Update(new() { Caller = Operator, Mixins = ["http://a.b/c#d"] })).Kind);
        Assert.Equal("up", (await entity.View(Operator))!.Attributes[Occi.Extension.Host.State.Name].Text);
        await Eventually.Is("its use is written down", async () => (await entity.View(Operator))!.Attributes.ContainsKey(Occi.Extension.Host.FreeCores.Name));
    }

    private async Task<ScriptedAgent> Host(HostAdmission admission = HostAdmission.Approved)
    {
        var id = Guid.NewGuid();
        await _cluster.Grain(id).Admit("host-" + id.ToString("N")[..6], "00", admission);
        var agent = new ScriptedAgent(id, _cluster.Grain(id), _cluster.Grains, new("simulated", "a script", 8, 16L << 30, 100L << 30, "x64", []) { PeerEndpoint = "127.0.0.1:1" });
        await agent.Connect();
        _hosts.Add(agent);
        return agent;
    }

    private async Task<Outcome> Try(Func<CreateEntity, CreateEntity>? with = null)
    {
        var id = Guid.NewGuid();
        var command = new CreateEntity { Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString() };
        return await _cluster.Entity("compute", id).Create(with is null ? command : with(command));
    }

    private async Task<Guid> Create(ScriptedAgent on, Func<CreateEntity, CreateEntity>? with = null)
    {
        var id = Guid.NewGuid();
        var command = new CreateEntity { Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString() };
        var made = await _cluster.Entity("compute", id).Create(with is null ? command : with(command));
        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        await Eventually.Is("its host was told", () => Task.FromResult(on.Wanted.ContainsKey(id)));
        if (!on.Held)
            await StateIs("compute", id, "active");
        return id;
    }

    private async Task<Guid> Volume(ScriptedAgent on)
    {
        var id = Guid.NewGuid();
        Assert.True((await _cluster.Entity("storage", id).Create(
            new() { Caller = Me, Id = id, Kind = Model.Storage.Kind.ToString(), Attributes = new() { [Model.Storage.Size.Name] = AttributeValue.Of(1) } })).Ok);
        await StateIs("storage", id, "online");
        Assert.True(on.Wanted.ContainsKey(id));
        return id;
    }

    private async Task<HostView> View(ScriptedAgent host) => (await _cluster.Grain(host.Id).View())!;

    private Task<EntityView?> Entity(ScriptedAgent host) => _cluster.Entity("host", host.Id).View(Operator);

    private Task StateIs(string term, Guid id, string state) => Eventually.Is($"the {term} is {state}", async () =>
        (await _cluster.Entity(term, id).View(Me))?.Attributes[$"occi.{term}.state"].Text == state);

    // The sweeper looks every second of its own, and the drain wants a step every two of the clock that is put forward; signs of life keep the hosts.
    private Task Drained(ScriptedAgent host) => Eventually.Is("the host is drained", async () =>
    {
        _cluster.Clock.Forward(TimeSpan.FromSeconds(1));
        foreach (var other in _hosts)
            await other.Heartbeat();
        return (await View(host)).Drain?.Finished is not null;
    });

    public sealed class Fleet : ClusterFixture
    {
        internal PutForward Clock { get; } = new();

        protected override TimeProvider Time => Clock;
    }
}
