using Controller.Contracts;
using Controller.Testing;
using Occi;
using Occi.Core;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>A volume that several hosts see has one writer, whoever asks, and comes to where its machine is.</summary>
[Collection("cluster")]
public sealed class SharedStorageTests(ClusterFixture cluster) : IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private readonly HostPool _pool = new(Guid.NewGuid(), "shared", 100L << 30, 90L << 30);
    private ScriptedAgent[] _hosts = [];

    public async Task InitializeAsync() => _hosts = [await cluster.Host(cores: 1, pools: [_pool]), await cluster.Host(cores: 1, pools: [_pool])];

    public async Task DisposeAsync()
    {
        foreach (var host in _hosts)
            await cluster.Retire(host);
    }

    [Fact]
    public async Task A_volume_follows_its_machines_from_host_to_host_and_waits_for_the_one_before()
    {
        var volume = await Volume();
        var (first, second) = (await Compute(), await Compute());
        Assert.NotEqual(await HostOf(first), await HostOf(second));
        var link = await Link(first, volume);
        await Is(volume, await HostOf(first), "the volume is at its machine's host");

        // The first machine's host says nothing for a while: the volume stays, though the link is gone and another one is there.
        var slow = Agent(await HostOf(first));
        slow.Held = true;
        Assert.True((await cluster.Entity("storagelink", link).Delete(new(Me))).Ok);
        var other = await Link(second, volume);
        var there = Agent(await HostOf(second));
        await Eventually.Is("the second machine is told of its disk", () => Task.FromResult(there.Wanted[second] is DesiredMachine { Disks: [var disk] } && disk.Link == other));
        Assert.Equal(await HostOf(first), (await Storage(volume).AsSource(Me))!.Host);
        Assert.Null(await Storage(volume).DesiredOn(there.Id));

        await slow.Release();
        await Is(volume, there.Id, "the volume has come");
        await Eventually.Is("the first host is told that it is gone from there", () => Task.FromResult(slow.Wanted[volume] is DesiredVolume { Released: true, Absent: false }));
        await Eventually.Is(
            "the second one is told that it has it", () => Task.FromResult(there.Wanted.TryGetValue(volume, out var told) && told is DesiredVolume { Existing: true, Released: false, Absent: false }));

        // A host that comes back with it is told again, and nothing of it is removed.
        await slow.Report(slow.Wanted[volume] with { Generation = 1 } is DesiredVolume v ? v with { Released = false } : throw new InvalidOperationException());
        await Eventually.Is("it is sent away again", () => Task.FromResult(slow.Wanted[volume] is DesiredVolume { Released: true, Absent: false, Generation: > 1 }));
        Assert.False(await Storage(volume).IsStray(slow.Id, slow.Wanted[volume].Incarnation));

        foreach (var compute in new[] { first, second })
            Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        Assert.True((await cluster.Entity("storage", volume).Delete(new(Me))).Ok);
        await Gone(volume);
    }

    [Fact]
    public async Task A_volume_is_not_forgotten_before_the_host_that_it_has_gone_from_has_it_no_more()
    {
        var volume = await Volume();
        var (first, second) = (await Compute(), await Compute());
        var (before, after) = (Agent(await HostOf(first)), Agent(await HostOf(second)));
        var link = await Link(first, volume);
        await Is(volume, before.Id, "the volume is at its machine's host");
        Assert.True((await cluster.Entity("storagelink", link).Delete(new(Me))).Ok);
        await Eventually.Is("the first machine has let it go", async () => await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", link) == 0);
        before.Held = true;   // away
        var other = await Link(second, volume);
        await Is(volume, after.Id, "the volume has come");
        Assert.True((await cluster.Entity("storagelink", other).Delete(new(Me))).Ok);
        await Eventually.Is("it is deleted", async () => (await cluster.Entity("storage", volume).Delete(new(Me))).Ok);
        await Eventually.Is("its host has it no more", async () => await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1 AND host IS NULL", volume) == 1);
        Assert.Equal(0, await cluster.Count("SELECT count(*) FROM pool_claim WHERE consumer = $1", volume));

        await before.Connect();
        await before.Report(((DesiredVolume)before.Wanted[volume]) with { Generation = 1, Released = false, Absent = false });
        await Eventually.Is("the host that has come back is told to remove it", () => Task.FromResult(before.Wanted[volume].Absent));
        await before.Release();
        await Gone(volume);
        foreach (var compute in new[] { first, second })
            Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
    }

    [Fact]
    public async Task A_volume_that_its_host_does_not_see_is_not_gone_before_the_host_has_removed_it()
    {
        var volume = await Volume();
        var host = Agent((await Storage(volume).AsSource(Me))!.Host);
        host.Held = true;
        Assert.True((await cluster.Entity("storage", volume).Delete(new(Me))).Ok);
        await Eventually.Is("the host is told to remove it", () => Task.FromResult(host.Wanted[volume].Absent));
        await host.Report(host.Wanted[volume] with { Generation = 0 });   // in a complete report, while the pool is not mounted
        Assert.NotNull(await Storage(volume).DesiredOn(host.Id));
        await host.Release();
        await Gone(volume);
    }

    [Fact]
    public async Task Of_many_who_want_a_volume_at_once_one_gets_it()
    {
        var volume = await Volume();
        Guid[] computes = [await Compute(), await Compute(), await Compute(), await Compute()];
        for (var round = 0; round < 3; round++)
        {
            var made = await Task.WhenAll(computes.Select(async compute => (Link: Guid.NewGuid(), Compute: compute)).Select(async wish =>
            {
                var (link, compute) = await wish;
                return (Link: link, Outcome: await cluster.Entity("storagelink", link).Create(LinkOf(link, compute, volume)));
            }));
            var (won, _) = Assert.Single(made, m => m.Outcome.Ok);
            Assert.All(made.Where(m => m.Link != won), m => Assert.Equal(OutcomeKind.Conflict, m.Outcome.Kind));
            Assert.True((await cluster.Entity("storagelink", won).Delete(new(Me))).Ok);
            // Each time before, it was free of one machine only when that one had let it go.
            await Eventually.Is("one host is told that it has it", async () =>
                (await Task.WhenAll(_hosts.Select(h => Storage(volume).DesiredOn(h.Id)))).Count(w => w is not null) == 1);
        }
        foreach (var compute in computes)
            Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        Assert.True((await cluster.Entity("storage", volume).Delete(new(Me))).Ok);
        await Gone(volume);
    }

    [Fact]
    public async Task A_snapshot_is_a_storage_of_its_own_that_goes_back_into_its_origin_when_nobody_has_that()
    {
        var volume = await Volume(StorageContent.Wipe);
        var compute = await Compute();
        var link = await Link(compute, volume);
        Assert.True((await Invoke(volume, Model.Storage.Snapshot)).Ok);
        var message = (await cluster.Entity("storage", volume).View(Me))!.Attributes[Model.Storage.StateMessage.Name].Text;
        var snapshot = Guid.Parse(message.TrimEnd('.').Split('/')[^1]);
        await State(snapshot, "online");
        var view = (await cluster.Entity("storage", snapshot).View(Me))!;
        Assert.Contains(StorageContent.Snapshot.Id.ToString(), view.Mixins);
        Assert.Contains(StorageContent.Wipe.Id.ToString(), view.Mixins);
        Assert.Equal("/storage/" + volume, view.Attributes[StorageContent.Origin.Name].Text);
        var host = Agent(await HostOf(compute));
        Assert.True(host.Wanted[snapshot] is DesiredVolume { Source: { } source, Wipe: true } wanted && source.Volume == volume && wanted.Pool == _pool.Id);

        Assert.Equal(OutcomeKind.Conflict, (await Invoke(snapshot, StorageContent.Revert)).Kind);   // it is linked
        Assert.True((await cluster.Entity("storagelink", link).Delete(new(Me))).Ok);
        await Eventually.Is("it is reverted", async () => (await Invoke(snapshot, StorageContent.Revert)).Ok);
        await State(volume, "online");
        Assert.Contains(_hosts, h => h.Wanted.GetValueOrDefault(volume) is DesiredVolume { Revert: { } revert } && revert.Volume == snapshot);
        Assert.True((await Invoke(volume, Model.Storage.Backup)).Ok);

        Assert.Equal(OutcomeKind.Conflict, (await Invoke(volume, StorageContent.Revert)).Kind);
        Assert.Equal(OutcomeKind.Invalid, (await Create(Guid.NewGuid(), 1, [StorageContent.Snapshot])).Kind);
        Assert.Equal(OutcomeKind.Invalid, (await Create(Guid.NewGuid(), 0.5m, [StorageContent.From], (StorageContent.Source, "/storage/" + volume))).Kind);   // too small
        Assert.Equal(OutcomeKind.Invalid, (await Create(Guid.NewGuid(), 1, [StorageContent.From], (StorageContent.Source, "/storage/" + Guid.NewGuid()))).Kind);
        Assert.Equal(OutcomeKind.NoCapacity, (await Create(Guid.NewGuid(), 1, [Pools.Storage], (Pools.OfStorage, "elsewhere"))).Kind);
        Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
    }

    [Fact]
    public async Task A_compute_with_its_root_disk_in_a_pool_claims_it_there_and_takes_it_away_with_itself()
    {
        var image = "pooled" + Guid.NewGuid().ToString("N")[..8];
        await cluster.Grains.GetGrain<IImageGrain>("image/" + image).Put(image, new('5', 64), "qcow2", 4096, 2L << 30);
        var compute = Guid.NewGuid();
        var made = await cluster.Entity("compute", compute).Create(new()
        {
            Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString(), Mixins = [ImageView.Scheme + image, Pools.Compute.Id.ToString()],
            Attributes = new() { [Pools.OfCompute.Name] = AttributeValue.Of("shared") },
        });
        Assert.True(made.Ok, made.Why);
        var host = Agent(await HostOf(compute));
        var machine = Assert.IsType<DesiredMachine>(host.Wanted[compute]);
        Assert.Equal((_pool.Id, machine.Incarnation), (machine.Pool, machine.RootDisk));
        Assert.Equal(2L << 30, await cluster.Count("SELECT disk FROM pool_claim WHERE consumer = $1", compute));
        Assert.Equal(0, await cluster.Count("SELECT disk FROM host_claim WHERE consumer = $1", compute));

        host.Held = true;
        Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        await Eventually.Is("its disk is to go too", () => Task.FromResult(
            host.Wanted[compute] is DesiredMachine { Absent: true } gone && gone.Pool == _pool.Id && gone.RootDisk == machine.RootDisk));
        // The machine is gone, and its disk is where the host does not see it now.
        host.Fails = new("no-pool", "the pool is not mounted", true, 0);
        await host.Report(host.Wanted[compute]);
        Assert.NotNull(await cluster.Grains.GetGrain<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", compute))).DesiredOn(host.Id));
        host.Fails = null;
        await host.Release();
        await Gone(compute);
    }

    private async Task<Guid> Volume(params Mixin[] mixins)
    {
        var id = Guid.NewGuid();
        var outcome = await Create(id, 1, [Pools.Storage, .. mixins], (Pools.OfStorage, "shared"));
        Assert.True(outcome.Ok, outcome.Why);
        await State(id, "online");
        return id;
    }

    private Task<Outcome> Create(Guid id, decimal size, Mixin[] mixins, params (Attr Attr, string Value)[] attributes) => cluster.Entity("storage", id).Create(new()
    {
        Caller = Me, Id = id, Kind = Model.Storage.Kind.ToString(), Mixins = [.. mixins.Select(m => m.Id.ToString())],
        Attributes = new(attributes.Select(a => KeyValuePair.Create(a.Attr.Name, AttributeValue.Of(a.Value))).Append(new(Model.Storage.Size.Name, AttributeValue.Of(size)))),
    });

    private async Task<Guid> Compute()
    {
        var id = Guid.NewGuid();
        var outcome = await cluster.Entity("compute", id).Create(new() { Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString() });
        Assert.True(outcome.Ok, outcome.Why);
        return id;
    }

    private async Task<Guid> Link(Guid compute, Guid volume)
    {
        var id = Guid.NewGuid();
        var outcome = await cluster.Entity("storagelink", id).Create(LinkOf(id, compute, volume));
        Assert.True(outcome.Ok, outcome.Why);
        return id;
    }

    private static CreateEntity LinkOf(Guid id, Guid compute, Guid volume) => new()
    {
        Caller = Me, Id = id, Kind = Model.StorageLink.Kind.ToString(),
        Attributes = new() { [CoreKinds.Source.Name] = AttributeValue.Of("/compute/" + compute), [CoreKinds.Target.Name] = AttributeValue.Of("/storage/" + volume) },
    };

    private Task<Outcome> Invoke(Guid storage, ActionType action) => cluster.Entity("storage", storage).Invoke(new(Me, action.ToString(), []));

    private IStorageGrain Storage(Guid id) => cluster.Grains.GetGrain<IStorageGrain>(GrainId.Create("storage", GrainKeys.Of("storage", id)));

    private async Task<Guid> HostOf(Guid compute) =>
        (await cluster.Grains.GetGrain<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", compute))).Placement(Me))!.Host;

    private ScriptedAgent Agent(Guid host) => _hosts.Single(h => h.Id == host);

    private Task Is(Guid volume, Guid host, string what) => Eventually.Is(what, async () => (await Storage(volume).AsSource(Me))!.Host == host);

    private Task State(Guid storage, string state) => Eventually.Is(
        $"storage {storage} is {state}", async () => (await cluster.Entity("storage", storage).View(Me)) is { } view
            && view.Attributes[Model.Storage.State.Name].Text == state && (await Storage(storage).AsSource(Me))?.Why is null);

    private Task Gone(Guid id) => Eventually.Is($"nothing is left of {id}", async () =>
        await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", id)
        + await cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", id)
        + await cluster.Count("SELECT count(*) FROM pool_claim WHERE consumer = $1", id) == 0);
}
