using Controller.Contracts;
using Controller.Grains.Sweeping;
using Controller.Testing;
using Occi;
using Occi.Core;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>A compute with volumes goes to another host: those on its host's own disks go with it or stay with it, and those in shared pools follow it, whatever is lost on the way.</summary>
public sealed class MovingVolumesTests(SweeperTests.Swept cluster) : IClassFixture<SweeperTests.Swept>, IAsyncLifetime
{
    private const long GiB = 1L << 30;
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private readonly HostPool _pool = new(Guid.NewGuid(), "shared", 100 * GiB, 90 * GiB);
    private readonly List<ScriptedAgent> _agents = [];
    private ScriptedAgent _source = null!;   // set by InitializeAsync, as the others
    private Guid _compute;
    private Guid _volume;
    private Guid _link;

    public async Task InitializeAsync()
    {
        _source = await Host(pools: [_pool]);
        _volume = await Volume();
        _compute = Guid.NewGuid();
        _link = Guid.NewGuid();
        await Made("compute", new() { Caller = Me, Id = _compute, Kind = Model.Compute.Kind.ToString(), Links = [LinkOf(_link, _volume)] });
        await StateIs("compute", _compute, Model.Compute.State, "active");
    }

    public async Task DisposeAsync()
    {
        foreach (var agent in _agents)
            await cluster.Retire(agent);
    }

    [Fact]
    public async Task A_volume_on_its_hosts_own_disks_becomes_the_targets_with_its_machine()
    {
        var before = await Source();
        var target = await Host();
        var order = await Begin(target);
        var along = Assert.Single(order.Volumes);
        Assert.Equal((_volume, before.Volume.Incarnation), (along.Volume, along.Incarnation));
        Assert.NotEqual(along.Incarnation, along.TargetIncarnation);
        Assert.Equal([along], Wanted(target).Incoming!.Volumes);
        Assert.Equal(_link, Assert.Single(Wanted(target).Disks).Link);
        Assert.DoesNotContain(_volume, target.Wanted.Keys);   // it comes with the machine: nothing of it is to be made there
        Assert.Equal((GiB, GiB), (await Bytes(_source), await Bytes(target)));
        Assert.Equal(_source.Id, (await Source()).Host);

        Assert.True(await _source.Answer(order));

        Assert.Equal((target.Id, along.TargetIncarnation), ((await Source()).Host, (await Source()).Volume.Incarnation));
        await Eventually.Is("the target is told of it", () => Task.FromResult(
            target.Wanted.GetValueOrDefault(_volume) is DesiredVolume { Existing: true, Absent: false } v && v.Incarnation == along.TargetIncarnation));
        await Eventually.Is("the source is told to remove its own", () => Task.FromResult(
            _source.Wanted[_volume] is DesiredVolume { Absent: true } v && v.Incarnation == along.Incarnation));
        await Eventually.Is("only the target's claim is left", async () => (await Bytes(_source), await Bytes(target)) == (0, GiB));
        Assert.Single(Wanted(target).Disks);
        Assert.True((await Resize(2)).Ok);
        Assert.Equal(2 * GiB, await Bytes(target));
        await Gone();
    }

    [Fact]
    public async Task What_could_not_be_moved_keeps_its_volume_and_the_target_keeps_nothing()
    {
        var before = await Source();
        var target = await Host();
        var order = await Begin(target);
        await _source.Report(Wanted(_source));
        target.Held = true;
        Assert.True(await _source.Answer(order, new("not-moved", "the wire was cut", false, 0)));
        Assert.Equal((before.Host, before.Volume), ((await Source()).Host, (await Source()).Volume));
        await Eventually.Is("the target is told to remove what it has", () => Task.FromResult(
            target.Wanted.GetValueOrDefault(_volume) is DesiredVolume { Absent: true } v && v.Incarnation == order.Volumes[0].TargetIncarnation));
        Assert.Equal(GiB, await Bytes(target));   // as long as it may have it
        Assert.False(((DesiredVolume)_source.Wanted[_volume]).Absent);
        await target.Release();
        await Eventually.Is("only the source's claim is left", async () => (await Bytes(_source), await Bytes(target)) == (GiB, 0));
        Assert.True((await Resize(2)).Ok);
        await Gone();
    }

    [Fact]
    public async Task While_its_machine_moves_nothing_else_is_done_to_it_and_a_link_that_is_deleted_goes_where_the_machine_then_is()
    {
        var target = await Host();
        var order = await Begin(target);
        Assert.Contains("moving", (await Resize(2)).Why, StringComparison.Ordinal);
        foreach (var action in (ActionType[])[Model.Storage.Snapshot, Model.Storage.Backup, Model.Storage.Offline])
            Assert.Contains("moving", (await cluster.Entity("storage", _volume).Invoke(new(Me, action.Id.ToString(), []))).Why, StringComparison.Ordinal);
        Assert.True((await cluster.Entity("storagelink", _link).Delete(new(Me))).Ok);
        Assert.Contains("moving", (await cluster.Entity("storage", _volume).Delete(new(Me))).Why, StringComparison.Ordinal);
        Assert.Single(Wanted(target).Disks);

        Assert.True(await _source.Answer(order));
        await Eventually.Is("the target takes it off", () => Task.FromResult(Wanted(target) is { Incoming: null, Disks: [] }));
        Assert.Equal(target.Id, (await Source()).Host);
        Assert.True((await cluster.Entity("storage", _volume).Delete(new(Me))).Ok);
        await Eventually.Is("it is gone", async () => (await Bytes(_source), await Bytes(target)) == (0, 0));
        await Gone();
    }

    [Fact]
    public async Task A_volume_that_cannot_be_told_now_hears_later_where_it_is()
    {
        var target = await Host();
        var order = await Begin(target);
        await Execute(
            $"""
            CREATE FUNCTION refuse_{_volume:N}() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE 'the storage cannot be written now'; END $f$;
            CREATE TRIGGER refuse_{_volume:N} BEFORE UPDATE ON entity FOR EACH ROW WHEN (OLD.state_name = 'storage' AND OLD.entity_id = '{_volume:D}') EXECUTE FUNCTION refuse_{_volume:N}();
            """);
        Assert.True(await _source.Answer(order));
        Assert.Equal(target.Id, (await Grain.Placement(Me))!.Host);   // it does not wait for its volume
        Assert.Equal(_source.Id, (await Source()).Host);
        await Execute($"DROP TRIGGER refuse_{_volume:N} ON entity; DROP FUNCTION refuse_{_volume:N}");
        cluster.Clock.Forward(TimeSpan.FromSeconds(31));
        await cluster.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        Assert.True(await _source.Heartbeat() && await target.Heartbeat());
        await cluster.Grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();
        await Eventually.Is("it has followed", async () => (await Source()).Host == target.Id && (await Source()).Volume.Incarnation == order.Volumes[0].TargetIncarnation);
        await Eventually.Is("and left the source", async () => (await Bytes(_source), await Bytes(target)) == (0, GiB));
        await Gone();
    }

    [Fact]
    public async Task A_compute_that_is_deleted_on_its_way_leaves_its_volume_where_it_was()
    {
        var target = await Host();
        await Begin(target);
        Assert.True((await cluster.Entity("compute", _compute).Delete(new(Me))).Ok);
        await Eventually.Is("both hosts are rid of the machine", async () =>
            await cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", _compute) == 0);
        await Eventually.Is("and the target of the volume", async () => (await Bytes(_source), await Bytes(target)) == (GiB, 0));
        Assert.Equal(_source.Id, (await Source()).Host);
        Assert.False(((DesiredVolume)_source.Wanted[_volume]).Absent);
        Assert.True((await cluster.Entity("storage", _volume).Delete(new(Me))).Ok);
        await Eventually.Is("nothing is left", async () => await cluster.Count("SELECT count(*) FROM entity WHERE state_name = 'storage' AND entity_id = $1", _volume) == 0);
    }

    [Fact]
    public async Task The_target_must_have_room_for_the_volume_too()
    {
        var target = await Host(disk: GiB / 4);   // half a GiB, overcommitted
        var refused = await Grain.Migrate(new() { By = "tester", To = target.Id });
        Assert.Equal(OutcomeKind.NoCapacity, refused.Kind);
        Assert.Contains("1 not enough disk (1 GiB are needed, 0.5 GiB are free at best)", refused.Why, StringComparison.Ordinal);
        Assert.Equal((GiB, 0), (await Bytes(_source), await Bytes(target)));
        Assert.Equal(OutcomeKind.Done, (await Resize(2)).Kind);
        await Gone();
    }

    [Fact]
    public async Task A_root_disk_and_a_volume_in_a_shared_pool_stay_there_and_both_hosts_have_the_volume_meanwhile()
    {
        var image = "moved" + Guid.NewGuid().ToString("N")[..8];
        await cluster.Grains.GetGrain<IImageGrain>("image/" + image).Put(image, new('5', 64), "qcow2", 4096, 2 * GiB);
        var (volume, link, compute) = (await Volume(pooled: true), Guid.NewGuid(), Guid.NewGuid());
        await Made("compute", new()
        {
            Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString(), Mixins = [ImageView.Scheme + image, Pools.Compute.Id.ToString()],
            Attributes = new() { [Pools.OfCompute.Name] = AttributeValue.Of("shared") }, Links = [LinkOf(link, volume)],
        });
        await StateIs("compute", compute, Model.Compute.State, "active");
        var root = ((DesiredMachine)_source.Wanted[compute]).RootDisk;
        var blind = await Host();
        var unseen = await MachineOf(compute).Migrate(new() { By = "tester" });
        Assert.Equal(OutcomeKind.NoCapacity, unseen.Kind);
        Assert.Contains("1 without a shared pool that one of its disks is in", unseen.Why, StringComparison.Ordinal);

        // Once it comes to nothing, once it succeeds.
        var target = await Host(pools: [_pool]);
        foreach (var succeeds in (bool[])[false, true])
        {
            var begun = await MachineOf(compute).Migrate(new() { By = "tester" });
            Assert.True(begun.Ok, begun.Why);
            await Eventually.Is("the target has the volume too", () => Task.FromResult(
                target.Wanted.GetValueOrDefault(volume) is DesiredVolume { Absent: false, Released: false, Existing: true } && target.Wanted.GetValueOrDefault(compute) is DesiredMachine { Incoming: not null }));
            var coming = (DesiredMachine)target.Wanted[compute];
            Assert.Equal((_pool.Id, root, link), (coming.Pool, coming.RootDisk, Assert.Single(coming.Disks).Link));
            Assert.False(((DesiredVolume)_source.Wanted[volume]).Released);
            await Eventually.Is("the source is told", () => Task.FromResult(_source.Migrations.Any(m => m.TargetIncarnation == coming.Incarnation)));
            var order = _source.Migrations.Last(m => m.TargetIncarnation == coming.Incarnation);
            Assert.Empty(order.Volumes);
            if (!succeeds)
                await _source.Report(_source.Wanted[compute]);
            Assert.True(await _source.Answer(order, succeeds ? null : new("not-moved", "the wire was cut", false, 0)));
            var (has, had) = succeeds ? (target, _source) : (_source, target);
            await Eventually.Is("it is where the machine is", async () => (await Storage(volume).AsSource(Me))!.Host == has.Id);
            await Eventually.Is("the other host forgets it", () => Task.FromResult(had.Wanted[volume] is DesiredVolume { Released: true, Absent: false }));
            await Eventually.Is("and has no claim of it", async () => await cluster.Count($"SELECT count(*) FROM host_claim WHERE consumer = '{volume}' AND host = $1", had.Id) == 0);
            await Eventually.Is("nor of the machine", async () => await cluster.Count($"SELECT count(*) FROM host_claim WHERE consumer = '{compute}' AND host = $1", had.Id) == 0);
        }
        Assert.Equal((2 * GiB, GiB), (await cluster.Count("SELECT sum(disk)::bigint FROM pool_claim WHERE consumer = $1", compute), await cluster.Count("SELECT sum(disk)::bigint FROM pool_claim WHERE consumer = $1", volume)));
        Assert.DoesNotContain(compute, blind.Wanted.Keys);
        await Gone();
    }

    [Fact]
    public async Task A_volume_that_several_computes_have_moves_with_none_of_them()
    {
        var target = await Host();
        var other = Guid.NewGuid();
        // What no client can bring about today.
        await Execute(
            $$"""
            UPDATE entity SET payload = convert_to(jsonb_set(p, '{record,uses}', (p #> '{record,uses}') || '[{"link": "{{Guid.NewGuid()}}", "compute": "{{other}}"}]')::text, 'UTF8')
            FROM (SELECT convert_from(payload, 'UTF8')::jsonb AS p FROM entity WHERE state_name = 'storage' AND entity_id = '{{_volume}}') read WHERE state_name = 'storage' AND entity_id = '{{_volume}}'
            """);
        await cluster.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        var refused = await Grain.Migrate(new() { By = "tester", To = target.Id });
        Assert.Equal(OutcomeKind.Conflict, refused.Kind);
        Assert.Contains($"Volume {_volume} is linked to more than one compute ({_compute}, {other})", refused.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_that_is_removed_while_it_may_still_have_the_volume_is_not_waited_for()
    {
        var target = await Host();
        var order = await Begin(target);
        target.Held = true;
        await _source.Report(Wanted(_source));
        await _source.Answer(order, new("not-moved", "the wire was cut", false, 0));
        await Eventually.Is("the target is told", () => Task.FromResult(target.Wanted.ContainsKey(_volume)));
        cluster.Clock.Forward(TimeSpan.FromSeconds(20));
        Assert.True(await _source.Heartbeat());
        await Eventually.Is("the target is away", async () => (await cluster.Grain(target.Id).View())!.Status == HostStatus.Unreachable);
        var removed = await cluster.Grain(target.Id).Discard(true, "operator");
        Assert.True(removed.Ok, removed.Why);
        _agents.Remove(target);
        Assert.Equal((GiB, 0), (await Bytes(_source), await Bytes(target)));
        var other = await Host();
        Assert.True(await _source.Answer(await Begin(other)));
        Assert.Equal(other.Id, (await Source()).Host);
        await Gone();
    }

    [Fact]
    public async Task What_stands_whole_on_the_target_is_kept_when_the_source_is_removed_before_it_could_say_so()
    {
        var target = await Host();
        (_source.Held, target.Held) = (true, true);   // they say what is said here, and nothing by themselves
        var along = Assert.Single((await Begin(target)).Volumes);
        await _source.Report(Wanted(_source), Power.Running, TransferState.UnderWay);
        await target.Report(Wanted(target), Power.Paused, TransferState.Arrived);
        cluster.Clock.Forward(TimeSpan.FromSeconds(20));
        Assert.True(await target.Heartbeat());
        await Eventually.Is("the source is away", async () => (await cluster.Grain(_source.Id).View())!.Status == HostStatus.Unreachable);
        var removed = await cluster.Grain(_source.Id).Discard(true, "operator");
        Assert.True(removed.Ok, removed.Why);
        _agents.Remove(_source);
        await target.Release();
        Assert.Equal((target.Id, along.TargetIncarnation), ((await Source()).Host, (await Source()).Volume.Incarnation));
        await StateIs("compute", _compute, Model.Compute.State, "active");
        Assert.Equal((0, GiB), (await Bytes(_source), await Bytes(target)));
        await Gone();
    }

    private IComputeGrain Grain => MachineOf(_compute);

    private IComputeGrain MachineOf(Guid compute) => cluster.Grains.GetGrain<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", compute)));

    private IStorageGrain Storage(Guid volume) => cluster.Grains.GetGrain<IStorageGrain>(GrainId.Create("storage", GrainKeys.Of("storage", volume)));

    private async Task<StorageSource> Source() => (await Storage(_volume).AsSource(Me))!;

    private async Task<MigrateOrder> Begin(ScriptedAgent target)
    {
        var before = _source.Migrations.Count;
        var begun = await Grain.Migrate(new() { By = "tester", To = target.Id });
        Assert.Equal((OutcomeKind.Done, null), (begun.Kind, begun.Why));
        await Eventually.Is("both are told", () => Task.FromResult(_source.Migrations.Count > before && target.Wanted.ContainsKey(_compute)));
        return _source.Migrations.Last();
    }

    private DesiredMachine Wanted(ScriptedAgent agent) => (DesiredMachine)agent.Wanted[_compute];

    /// <summary>What is claimed of a host for the volume.</summary>
    private Task<long> Bytes(ScriptedAgent agent) => cluster.Count($"SELECT coalesce(sum(disk), 0)::bigint FROM host_claim WHERE consumer = '{_volume}' AND host = $1", agent.Id);

    private Task<Outcome> Resize(decimal gib) =>
        cluster.Entity("storage", _volume).Invoke(new(Me, Model.Storage.Resize.Id.ToString(), new() { [Model.Storage.ResizeSize.Name] = AttributeValue.Of(gib) }));

    /// <summary>Nothing is in the way of its end.</summary>
    private async Task Gone()
    {
        await cluster.Entity("compute", _compute).Delete(new(Me));
        await Eventually.Is("the compute is gone", async () => await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", _compute) == 0);
        await cluster.Entity("storage", _volume).Delete(new(Me));
        await Eventually.Is("the storage is gone", async () => await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", _volume) == 0);
        Assert.Equal(0, await cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", _volume));
    }

    private async Task<ScriptedAgent> Host(long disk = 100 * GiB, HostPool[]? pools = null)
    {
        var agent = await cluster.Host(disk: disk, pools: pools);
        _agents.Add(agent);
        return agent;
    }

    private async Task<Guid> Volume(bool pooled = false)
    {
        var id = Guid.NewGuid();
        var attributes = new Dictionary<string, AttributeValue> { [Model.Storage.Size.Name] = AttributeValue.Of(1) };
        if (pooled)
            attributes[Pools.OfStorage.Name] = AttributeValue.Of("shared");
        await Made("storage", new() { Caller = Me, Id = id, Kind = Model.Storage.Kind.ToString(), Mixins = pooled ? [Pools.Storage.Id.ToString()] : [], Attributes = attributes });
        await StateIs("storage", id, Model.Storage.State, "online");
        return id;
    }

    private async Task Made(string term, CreateEntity command)
    {
        var made = await cluster.Entity(term, command.Id).Create(command);
        Assert.True(made.Ok, made.Why);
    }

    private static CreateEntity LinkOf(Guid id, Guid volume) => new()
    {
        Caller = Me, Id = id, Kind = Model.StorageLink.Kind.ToString(), Attributes = new() { [CoreKinds.Target.Name] = AttributeValue.Of("/storage/" + volume) },
    };

    private Task StateIs(string term, Guid id, Attr attribute, string state) => Eventually.Is(
        $"{term} {id} is {state}", async () => (await cluster.Entity(term, id).View(Me))?.Attributes[attribute.Name].Text == state);

    private async Task Execute(string sql)
    {
        await using var command = cluster.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
