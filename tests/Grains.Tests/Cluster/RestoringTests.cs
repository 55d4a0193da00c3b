using Controller.Contracts;
using Controller.Testing;
using Occi;
using Occi.Core;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>After a restore of the database: what hosts say counts, nothing is done to what nobody asked for, and what somebody asked for is done. In a cluster of its own: eras are for all.</summary>
public sealed class RestoringTests(RestoringTests.SetBack cluster) : IClassFixture<RestoringTests.SetBack>, IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private static long _era;
    private readonly HostPool _pool = new(Guid.NewGuid(), "shared", 100L << 30, 90L << 30);
    private readonly List<ScriptedAgent> _hosts = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await cluster.Grain(host.Id).Observe(host.Epoch, new(true, true, null, [], [], [], []));
            await cluster.Retire(host);
        }
    }

    [Fact]
    public async Task A_machine_that_its_agent_will_start_or_may_not_is_not_taken_for_switched_off()
    {
        var host = await Host();
        var compute = await Compute();
        Restore();
        var off = Seen(host, compute, Power.Off) with { Unapplied = true };
        var told = host.Told.Count;
        await Complete(host, off);
        await Complete(host, off with { Power = Power.Crashed });
        Assert.Equal("active", await State(compute));
        Assert.DoesNotContain(host.Told.Skip(told), t => t.Id == compute);

        await Complete(host, off with { Unapplied = false });
        Assert.Equal("inactive", await State(compute));
    }

    [Fact]
    public async Task What_is_to_go_on_elsewhere_is_not_started_while_it_may_have_done_so()
    {
        var (first, second) = (await Host(), await Host());
        var compute = await Pooled();
        var (here, there) = first.Wanted.ContainsKey(compute) ? (first, second) : (second, first);
        Restore();
        foreach (var other in cluster.Hosts.Except(_hosts))
            await Complete(other);
        var told = here.Told.Count;
        await Complete(here, Seen(here, compute, Power.Off) with { Unapplied = true });
        Assert.Equal("inactive", await State(compute));
        Assert.Contains("start it", await Message(compute), StringComparison.Ordinal);
        Assert.DoesNotContain(here.Told.Skip(told), t => t.Id == compute);

        var refused = await Invoke(compute, Model.Compute.Start);
        Assert.Equal(OutcomeKind.Conflict, refused.Kind);
        Assert.Contains($"{await Name(there)} has not said", refused.Why, StringComparison.Ordinal);

        await Complete(there, Seen(here, compute, Power.Running) with { Incarnation = Guid.NewGuid() });
        refused = await Invoke(compute, Model.Compute.Start);
        Assert.Equal(OutcomeKind.Conflict, refused.Kind);
        Assert.Contains($"Host {await Name(there)} has a machine of this compute", refused.Why, StringComparison.Ordinal);

        await Complete(there);
        var started = await Invoke(compute, Model.Compute.Start);
        Assert.True(started.Ok, started.Why);
        await Eventually.Is("its host is told", () => Task.FromResult(here.Wanted[compute] is DesiredMachine { Power: Power.Running, Existing: true } && here.Told.Skip(told).Any(t => t.Id == compute)));
    }

    [Fact]
    public async Task What_went_on_elsewhere_is_adopted_there()
    {
        var (first, second) = (await Host(), await Host());
        var compute = await Pooled();
        var (here, there) = first.Wanted.ContainsKey(compute) ? (first, second) : (second, first);
        Restore();
        await Complete(here, Seen(here, compute, Power.Off) with { Unapplied = true });
        var running = Guid.NewGuid();
        await Complete(there, Seen(here, compute, Power.Running) with { Incarnation = running });

        var machine = (DesiredMachine)here.Wanted[compute] with { Incarnation = running };
        var adopted = await cluster.Grains.GetGrain<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", compute))).Adopt(new(Me, there.Id, machine, Power.Running));
        Assert.True(adopted.Ok, adopted.Why);
        Assert.Equal("active", await State(compute));
        Assert.Equal(1, await cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", compute));
        Assert.Equal(1, await cluster.Count("SELECT count(*) FROM host_claim WHERE incarnation = $1", running));
    }

    [Fact]
    public async Task What_is_asked_for_before_the_host_has_said_what_it_has_is_done_then()
    {
        var host = await Host();
        var compute = await Compute();
        Restore();
        var told = host.Told.Count;
        Assert.True((await cluster.Entity("compute", compute).Update(new() { Caller = Me, Attributes = new() { [CoreKinds.Title.Name] = AttributeValue.Of("renamed") } })).Ok);
        Assert.DoesNotContain(host.Told.Skip(told), t => t.Id == compute);
        await Complete(host, Seen(host, compute, Power.Running));
        await Eventually.Is("its host is told", () => Task.FromResult(host.Wanted[compute] is DesiredMachine { Name: "renamed", Existing: true, Power: Power.Running }));
        Assert.Equal("active", await State(compute));
    }

    [Fact]
    public async Task An_agent_that_would_make_it_anew_is_not_told_of_it()
    {
        var host = await Host();
        var compute = await Compute();
        Restore();
        await Complete(host, Seen(host, compute, Power.Running));
        host.Has();
        await host.Connect();
        var told = host.Told.Count;
        await Invoke(compute, Model.Compute.Stop);
        Assert.Contains("has no existing", await Message(compute), StringComparison.Ordinal);
        Assert.Null(await Grain(compute).DesiredOn(host.Id));
        Assert.DoesNotContain(host.Told.Skip(told), t => t.Id == compute);

        host.Has("existing");
        await host.Connect();
        await Eventually.Is("it is told now", () => Task.FromResult(host.Wanted[compute] is DesiredMachine { Power: Power.Off, Existing: true }));
        await Eventually.Is("it is off", async () => await State(compute) == "inactive");
    }

    [Fact]
    public async Task A_volume_is_taken_from_no_machine_of_before_and_told_where_it_is_brought()
    {
        var (first, second) = (await Host(), await Host());
        var volume = await Volume();
        var (here, there) = first.Wanted.ContainsKey(volume) ? (first, second) : (second, first);
        await cluster.Retire(here);
        var compute = await Compute();
        Assert.True(there.Wanted.ContainsKey(compute));
        Restore();
        var wanted = (DesiredVolume)here.Wanted[volume];
        var seen = new ObservedVolume(volume, wanted.Incarnation, 0, 1, true, wanted.SizeBytes, null) { Before = true };
        await cluster.Grain(there.Id).Observe(there.Epoch, new(true, true, null, [Seen(there, compute, Power.Running)], [seen], [], []));
        Assert.False(there.Wanted.ContainsKey(volume));   // not: give it up
        await cluster.Grain(here.Id).Observe(here.Epoch, new(true, true, null, [], [seen], [], []));
        await cluster.Grain(there.Id).Observe(there.Epoch, new(false, true, null, [], [seen], [], []));
        Assert.False(there.Wanted.ContainsKey(volume));

        // The next restore: the host that it comes to has said what it has before it comes.
        Restore();
        await Complete(there, Seen(there, compute, Power.Running));
        var link = Guid.NewGuid();
        Assert.True((await cluster.Entity("storagelink", link).Create(new()
        {
            Caller = Me, Id = link, Kind = Model.StorageLink.Kind.ToString(),
            Attributes = new() { [CoreKinds.Source.Name] = AttributeValue.Of("/compute/" + compute), [CoreKinds.Target.Name] = AttributeValue.Of("/storage/" + volume) },
        })).Ok);
        await Eventually.Is("the volume is wanted where its machine is", () => Task.FromResult(there.Wanted.GetValueOrDefault(volume) is DesiredVolume { Released: false, Existing: true }));
    }

    // ---------------------------------------------------------------- what there is

    private async Task<ScriptedAgent> Host()
    {
        var host = await cluster.Host(pools: [_pool], features: ["existing"]);
        _hosts.Add(host);
        cluster.Hosts.Add(host);
        return host;
    }

    private void Restore() => cluster.Restored(Interlocked.Increment(ref _era));

    private Task<bool> Complete(ScriptedAgent host, params ObservedMachine[] machines) => cluster.Grain(host.Id).Observe(host.Epoch, new(true, true, null, machines, [], [], []));

    /// <summary>A machine as it was wanted before the restore.</summary>
    private static ObservedMachine Seen(ScriptedAgent host, Guid compute, Power power) =>
        new(compute, host.Wanted[compute].Incarnation, 0, 1, power, null, [], false) { Before = true };

    private async Task<Guid> Compute(string[]? mixins = null, params (string Name, AttributeValue Value)[] attributes)
    {
        var id = Guid.NewGuid();
        var made = await cluster.Entity("compute", id).Create(new()
        {
            Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString(), Mixins = mixins ?? [], Attributes = attributes.ToDictionary(a => a.Name, a => a.Value),
        });
        Assert.True(made.Ok, made.Why);
        await Eventually.Is("it is active", async () => await State(id) == "active");
        return id;
    }

    private async Task<Guid> Pooled()
    {
        await cluster.Grains.GetGrain<IImageGrain>("image/restored").Put("Restored", new string('5', 64), "qcow2", 4096, 2L << 30);
        return await Compute([HighAvailability.Mixin.Id.ToString(), Pools.Compute.Id.ToString(), ImageView.Scheme + "restored"], (Pools.OfCompute.Name, AttributeValue.Of("shared")));
    }

    private async Task<Guid> Volume()
    {
        var id = Guid.NewGuid();
        var made = await cluster.Entity("storage", id).Create(new()
        {
            Caller = Me, Id = id, Kind = Model.Storage.Kind.ToString(), Mixins = [Pools.Storage.Id.ToString()],
            Attributes = new() { [Model.Storage.Size.Name] = AttributeValue.Of(1), [Pools.OfStorage.Name] = AttributeValue.Of("shared") },
        });
        Assert.True(made.Ok, made.Why);
        await Eventually.Is("it is online", async () => (await cluster.Entity("storage", id).View(Me))!.Attributes[Model.Storage.State.Name].Text == "online");
        return id;
    }

    private Task<Outcome> Invoke(Guid compute, ActionType action) => cluster.Entity("compute", compute).Invoke(new(Me, action.ToString(), []));

    private IComputeGrain Grain(Guid compute) => cluster.Grains.GetGrain<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", compute)));

    private async Task<string?> State(Guid compute) => (await cluster.Entity("compute", compute).View(Me))!.Attributes[Model.Compute.State.Name].Text;

    private async Task<string?> Message(Guid compute) =>
        (await cluster.Entity("compute", compute).View(Me))!.Attributes.TryGetValue(Model.Compute.StateMessage.Name, out var message) ? message.Text : null;

    private async Task<string> Name(ScriptedAgent host) => (await cluster.Grain(host.Id).View())!.Name;

    public sealed class SetBack : ClusterFixture
    {
        /// <summary>Those of all tests.</summary>
        internal List<ScriptedAgent> Hosts { get; } = [];
    }
}
