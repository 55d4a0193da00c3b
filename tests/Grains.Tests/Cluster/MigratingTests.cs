using Controller.Contracts;
using Controller.Testing;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>A compute goes to another host, whatever is lost or changes its mind on the way.</summary>
public sealed class MigratingTests(SweeperTests.Swept cluster) : IClassFixture<SweeperTests.Swept>, IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private ScriptedAgent _source = null!;   // set by InitializeAsync, as the other
    private ScriptedAgent _target = null!;
    private Guid _compute;

    public async Task InitializeAsync()
    {
        _source = await cluster.Host();
        _compute = Guid.NewGuid();
        Assert.True((await cluster.Entity("compute", _compute).Create(new() { Caller = Me, Id = _compute, Kind = Model.Compute.Kind.ToString() })).Ok);
        await StateIs("active");
        _target = await cluster.Host();
    }

    public async Task DisposeAsync()
    {
        await cluster.Retire(_source);
        await cluster.Retire(_target);
    }

    [Fact]
    public async Task Once_the_source_has_handed_it_over_it_is_the_targets_and_the_source_removes_its_own()
    {
        var order = await Begin();
        var (leaving, coming) = (Wanted(_source), Wanted(_target));
        Assert.Equal((order.Migration, null), (leaving.Outgoing, leaving.Incoming));
        Assert.Equal((new(order.Migration, _source.Id, order.Secret), null), (coming.Incoming, coming.Outgoing));
        Assert.Equal((order.TargetIncarnation, leaving.Generation), (coming.Incarnation, coming.Generation));
        Assert.Equal(2, await Claims());
        Assert.Equal(_source.Id, (await Grain.Placement(Me))!.Host);
        Assert.Equal("Migrating live.", await Message());

        Assert.True(await _source.Answer(order));

        Assert.Equal((_target.Id, order.TargetIncarnation), ((await Grain.Placement(Me))!.Host, (await Grain.Placement(Me))!.Incarnation));
        await Eventually.Is("the target is told to let it run", () => Task.FromResult(Wanted(_target) is { Incoming: null, Power: Power.Running } m && m.Generation > coming.Generation));
        await Eventually.Is("the source is told to remove it", () => Task.FromResult(Wanted(_source) is { Absent: true } m && m.Incarnation == leaving.Incarnation));
        await Eventually.Is("only the target's claim is left", async () => await Claims() == 1);
        Assert.Equal((MigrationPhase.Done, null), ((await Grain.Migration())!.Phase, await Message()));
        Assert.Equal("active", await State());
    }

    [Fact]
    public async Task What_could_not_be_moved_stays_and_says_why()
    {
        var order = await Begin();
        await _source.Report(Wanted(_source));
        Assert.True(await _source.Answer(order, new("not-moved", "the wire was cut", false, 0)));
        Assert.Equal(_source.Id, (await Grain.Placement(Me))!.Host);
        await Eventually.Is("the source has it to itself", () => Task.FromResult(Wanted(_source) is { Outgoing: null, Power: Power.Running, Absent: false }));
        await Eventually.Is("the target removes what it has", () => Task.FromResult(Wanted(_target).Absent));
        await Eventually.Is("only the source's claim is left", async () => await Claims() == 1);
        Assert.Equal("It could not be migrated, and stays where it was.", await Message());
        Assert.Equal("active", await State());
    }

    [Fact]
    public async Task An_answer_that_was_lost_is_found_in_what_the_two_hosts_see()
    {
        (_source.Held, _target.Held) = (true, true);   // they say what stands here, in this order, and nothing else
        await Begin();
        await _target.Report(Wanted(_target), Power.Paused, TransferState.UnderWay);
        await _source.Report(Wanted(_source), Power.Running, TransferState.UnderWay);
        await _target.Report(Wanted(_target), Power.Paused, TransferState.Arrived);
        await _source.Report(Wanted(_source), Power.Off, TransferState.UnderWay);
        Assert.Equal(_source.Id, (await Grain.Placement(Me))!.Host);   // it may still be said
        await _source.Report(Wanted(_source), Power.Off);
        Assert.Equal(_target.Id, (await Grain.Placement(Me))!.Host);
        Assert.Equal("active", await State());
    }

    [Fact]
    public async Task While_it_moves_an_off_at_the_source_is_not_the_guests_doing_and_an_agent_that_came_back_is_told_again()
    {
        var order = await Begin();
        await _source.Report(Wanted(_source), Power.Off);
        Assert.Equal("active", await State());
        await Eventually.Is("it is told again", () => Task.FromResult(_source.Migrations.Count > 1));
        Assert.All(_source.Migrations, again => Assert.Equal(order.Operation, again.Operation));
    }

    [Fact]
    public async Task A_stop_calls_it_off_and_is_done_where_the_machine_then_is()
    {
        var order = await Begin();
        Assert.True((await cluster.Entity("compute", _compute).Invoke(new(Me, Model.Compute.Stop.ToString(), []))).Ok);
        await Eventually.Is("the source is asked to end it", () => Task.FromResult(_source.Cancelled.Contains(order.Operation)));
        Assert.Equal(order.Migration, Wanted(_source).Outgoing);
        await _source.Report(Wanted(_source), Power.Running);
        await _source.Answer(order, new("cancelled", "It was cancelled.", false, 0));
        await Eventually.Is("it is stopped", () => Task.FromResult(Wanted(_source) is { Outgoing: null, Power: Power.Off }));
        await StateIs("inactive");
        Assert.Equal(MigrationPhase.Cancelled, (await Grain.Migration())!.Phase);
    }

    [Fact]
    public async Task A_delete_goes_to_both_hosts_and_waits_for_both()
    {
        await Begin();
        _target.Held = true;
        Assert.True((await cluster.Entity("compute", _compute).Delete(new(Me))).Ok);
        await Eventually.Is("both are told", () => Task.FromResult(Wanted(_source).Absent && Wanted(_target).Absent));
        Assert.Equal(1, await cluster.Count("SELECT count(*) FROM entity WHERE state_name = 'compute' AND entity_id = $1", _compute));
        await _target.Release();
        await Eventually.Is("nothing is left", async () =>
            await Claims() == 0 && await cluster.Count("SELECT count(*) FROM entity WHERE state_name = 'compute' AND entity_id = $1", _compute) == 0);
    }

    [Fact]
    public async Task Nothing_else_is_done_to_it_meanwhile_and_a_second_one_must_agree_with_the_first()
    {
        await Begin();
        var refused = await cluster.Entity("compute", _compute).Invoke(new(Me, Model.Compute.Restart.ToString(), []));
        Assert.Contains("being migrated", refused.Why, StringComparison.Ordinal);
        Assert.Equal(OutcomeKind.AlreadyDone, (await Grain.Migrate(new() { By = "tester", To = _target.Id })).Kind);
        Assert.Equal(OutcomeKind.Conflict, (await Grain.Migrate(new() { By = "tester", To = Guid.NewGuid() })).Kind);
        Assert.Equal(OutcomeKind.AlreadyDone, (await Grain.Migrate(new() { By = "tester" })).Kind);
    }

    private IComputeGrain Grain => (IComputeGrain)cluster.Grains.GetGrain<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", _compute)));

    private async Task<MigrateOrder> Begin()
    {
        var begun = await Grain.Migrate(new() { By = "tester", To = _target.Id });
        Assert.Equal((OutcomeKind.Done, null), (begun.Kind, begun.Why));
        await Eventually.Is("the source is told to", () => Task.FromResult(!_source.Migrations.IsEmpty && _target.Wanted.ContainsKey(_compute)));
        return _source.Migrations.First();
    }

    private DesiredMachine Wanted(ScriptedAgent agent) => (DesiredMachine)agent.Wanted[_compute];

    private Task<long> Claims() => cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", _compute);

    private async Task<string?> State() => (await cluster.Entity("compute", _compute).View(Me))?.Attributes[Model.Compute.State.Name].Text;

    private async Task<string?> Message() =>
        (await cluster.Entity("compute", _compute).View(Me))!.Attributes.TryGetValue(Model.Compute.StateMessage.Name, out var message) ? message.Text : null;

    private Task StateIs(string state) => Eventually.Is($"the compute is {state}", async () => await State() == state);
}
