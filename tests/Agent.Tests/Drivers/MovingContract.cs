using Controller.Agent.Drivers;
using Controller.Agent.Protocol;
using Controller.Agent.Protocol.Peer;
using Google.Protobuf;

namespace Controller.Agent.Tests.Drivers;

/// <summary>What two hosts of one driver keep when a machine goes from one to the other. The agents' tunnel is left out: the drivers speak to each other directly.</summary>
public abstract class MovingContract(IDriverHost source, IDriverHost target)
{
    /// <summary>A guest that counts on its console, so a gap and a restart can be seen there.</summary>
    private const string Counting = "#!/bin/sh\n(n=0; while :; do n=$((n+1)); echo \"DEMO: beat $n\" > /dev/console; sleep 0.5; done) &\n";

    [DriverFact]
    public async Task A_running_machine_goes_on_on_the_other_host_where_it_was()
    {
        await using var here = new Bench(source);
        await using var there = new Bench(target);
        var machine = await Running(here);
        var before = await here.Console(machine);
        var arrival = await Arrival(machine, there);

        await source.Driver.SendAway(Departure(machine, arrival, MigrateMethod.MigrateLive), new Direct(target.Driver, arrival), _ => { }, default);

        Assert.Equal(Power.Off, (await here.See(machine))?.Power);
        var arrived = (await target.Driver.Inspect(default)).Machines.Single(seen => seen.Id == machine.Id);
        Assert.Equal((Power.Paused, arrival.Incarnation, null), (arrived.Power, arrived.Incarnation, arrived.Transfer));
        await source.Driver.RemoveMachine(machine.Id, machine.Incarnation, default);

        var observed = await target.Driver.EnsureMachine(machine.Id, arrival.Incarnation, 7, machine.Spec, default);
        Assert.Equal((Power.Running, 7UL), (observed.Power, observed.Generation));
        await Lives(there, machine, before);
        Assert.Equal(1, Bench.Count(await there.Console(machine), "DEMO: boots "));
    }

    [DriverFact]
    public async Task A_move_that_is_repeated_after_it_came_to_its_end_says_so_again()
    {
        await using var here = new Bench(source);
        await using var there = new Bench(target);
        var machine = await Running(here);
        var arrival = await Arrival(machine, there);
        var departure = Departure(machine, arrival, MigrateMethod.MigrateLive);
        await source.Driver.SendAway(departure, new Direct(target.Driver, arrival), _ => { }, default);
        await source.Driver.SendAway(departure, new Direct(target.Driver, arrival), _ => { }, default);
        Assert.Equal(Power.Paused, (await target.Driver.Inspect(default)).Machines.Single(seen => seen.Id == machine.Id).Power);
    }

    [DriverFact]
    public async Task A_move_that_is_called_off_leaves_the_machine_running_where_it_was()
    {
        await using var here = new Bench(source);
        await using var there = new Bench(target);
        var machine = await Running(here);
        var arrival = await Arrival(machine, there);
        var departure = Departure(machine, arrival, MigrateMethod.MigrateLive);
        departure.Order.BandwidthMib = 1;
        using var cancel = new CancellationTokenSource();

        var moving = source.Driver.SendAway(departure, new Direct(target.Driver, arrival), now => { if (now.Total > 0) cancel.Cancel(); }, cancel.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => moving);
        Assert.Equal(Power.Running, (await here.See(machine))?.Power);
        await target.Driver.RemoveMachine(machine.Id, arrival.Incarnation, default);
        Assert.DoesNotContain((await target.Driver.Inspect(default)).Machines, seen => seen.Id == machine.Id);
        await Lives(here, machine, await here.Console(machine));
    }

    [DriverFact]
    public async Task A_cold_move_takes_the_disk_along()
    {
        await using var here = new Bench(source);
        await using var there = new Bench(target);
        var machine = await Running(here);
        var arrival = await Arrival(machine, there);

        await source.Driver.SendAway(Departure(machine, arrival, MigrateMethod.MigrateCold), new Direct(target.Driver, arrival), _ => { }, default);

        Assert.Equal(Power.Off, (await here.See(machine))?.Power);
        Assert.Equal(Power.Off, (await target.Driver.Inspect(default)).Machines.Single(seen => seen.Id == machine.Id).Power);
        await target.Driver.EnsureMachine(machine.Id, arrival.Incarnation, 7, machine.Spec, default);
        await there.WaitForConsole(machine, "DEMO: boots 2");
    }

    /// <summary>A guest that says what is on its second disk before it writes there, and then what it reads from the disk itself.</summary>
    private const string Marking =
        "#!/bin/sh\necho \"DEMO: had $(head -c 8 /dev/vdb | tr -d '\\000')\" > /dev/console\nprintf MARK-ONE > /dev/vdb; sync\n"
        + "(while :; do echo 3 > /proc/sys/vm/drop_caches; echo \"DEMO: beat has $(head -c 8 /dev/vdb)\" > /dev/console; sleep 0.5; done) &\n";

    [DriverFact]
    public Task Volumes_on_the_hosts_own_disks_go_along_while_the_guest_runs_and_those_in_a_shared_pool_stay_there() => TakesAlong(rootIsShared: false);

    [DriverFact]
    public Task A_root_disk_in_a_shared_pool_stays_there_and_volumes_on_the_hosts_own_disks_go_along() => TakesAlong(rootIsShared: true);

    private async Task TakesAlong(bool rootIsShared)
    {
        await using var here = new Bench(source);
        await using var there = new Bench(target);
        var pool = source.Capabilities.Pools.Single().Id;
        Assert.Equal(pool, target.Capabilities.Pools.Single().Id);
        var (own, shared) = (await here.Volume(24 * MiB), await here.Volume(16 * MiB, spec => spec.Pool = pool));
        var machine = await Running(here, spec =>
        {
            spec.Disks.Add([Bench.Disk(own), Bench.Disk(shared)]);
            if (rootIsShared) spec.Pool = pool;
        }, Marking, rootIsShared);
        if (rootIsShared) here.AtEnd(() => source.Driver.RemoveRootDisk(machine.Id, pool, machine.Spec.RootDisk, default));
        if (GuestCounts) await here.WaitForConsole(machine, "DEMO: beat has MARK-ONE");
        await Shares(shared, there);
        var (arrival, along) = await Arrival(machine, there, own);

        await source.Driver.SendAway(Departure(machine, arrival, MigrateMethod.MigrateLive), new Direct(target.Driver, arrival), _ => { }, default);

        await source.Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        await source.Driver.RemoveVolume(own.Id, own.Incarnation, "", default);
        await source.Driver.ReleaseVolume(shared.Id, shared.Incarnation, default);
        Assert.DoesNotContain(await source.Traces(machine.Id, own.Id), trace => !IsShared(trace));
        Assert.Equal((true, 24 * MiB), await target.Driver.EnsureVolume(own.Id, along, 7, Existing(own), default) is var came ? (came.Present, came.SizeBytes) : default);
        Assert.Equal(Power.Running, (await target.Driver.EnsureMachine(machine.Id, arrival.Incarnation, 7, machine.Spec, default)).Power);
        var so = await there.Console(machine);
        Assert.Equal(1, Bench.Count(so, "DEMO: boots "));
        if (GuestCounts) await there.WaitForConsole(machine, "DEMO: beat has MARK-ONE", Bench.Count(so, "DEMO: beat has MARK-ONE") + 3);
        Assert.DoesNotContain("I/O error", await there.Console(machine), StringComparison.Ordinal);

        // Off and on again, from the disks that are there.
        foreach (var power in (Power[])[Power.Off, Power.Running])
        {
            machine.Spec.Power = power;
            await target.Driver.EnsureMachine(machine.Id, arrival.Incarnation, 8, machine.Spec, default);
        }
        await there.WaitForConsole(machine, "DEMO: boots 2");
        await there.WaitForConsole(machine, $"vdb={24 * MiB} vdc={16 * MiB}", 2);
        if (GuestCounts) await there.WaitForConsole(machine, "DEMO: had MARK-ONE");
    }

    [DriverFact]
    public async Task A_cold_move_takes_volumes_along_also_the_one_that_it_boots_from()
    {
        await using var here = new Bench(source);
        await using var there = new Bench(target);
        var own = await here.Volume(64 * MiB, spec => spec.Image = source.Image);
        var machine = await Running(here, spec =>
        {
            spec.Image = null;
            spec.Disks.Add(new Disk { LinkId = Bench.NewId(), VolumeId = own.Id, Device = "vda" });
        });
        var (arrival, along) = await Arrival(machine, there, own);

        await source.Driver.SendAway(Departure(machine, arrival, MigrateMethod.MigrateCold), new Direct(target.Driver, arrival), _ => { }, default);
        await target.Driver.EnsureVolume(own.Id, along, 7, Existing(own), default);
        await target.Driver.EnsureMachine(machine.Id, arrival.Incarnation, 7, machine.Spec, default);
        await there.WaitForConsole(machine, "DEMO: boots 2");
    }

    [DriverFact]
    public Task A_move_that_is_called_off_leaves_volumes_where_they_were_and_nothing_on_the_target() => CalledOff(MigrateMethod.MigrateLive);

    [DriverFact]
    public Task A_cold_move_that_is_called_off_leaves_volumes_where_they_were_and_nothing_on_the_target() => CalledOff(MigrateMethod.MigrateCold);

    private async Task CalledOff(MigrateMethod method)
    {
        await using var here = new Bench(source);
        await using var there = new Bench(target);
        var own = await here.Volume(24 * MiB);
        var machine = await Running(here, spec => spec.Disks.Add(Bench.Disk(own)));
        var (arrival, along) = await Arrival(machine, there, own);
        var departure = Departure(machine, arrival, method);
        departure.Order.BandwidthMib = 1;
        using var cancel = new CancellationTokenSource();
        var moving = source.Driver.SendAway(departure, new Direct(target.Driver, arrival), now => { if (now.Total > 0) cancel.Cancel(); }, cancel.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => moving);

        await target.Driver.RemoveMachine(machine.Id, arrival.Incarnation, default);
        await target.Driver.RemoveVolume(own.Id, along, "", default);
        Assert.Empty(await target.Traces(machine.Id, own.Id));
        machine.Spec.Power = Power.Running;
        Assert.Equal(Power.Running, (await here.Ensure(machine)).Power);
        Assert.Equal(24 * MiB, (await here.Ensure(own)).SizeBytes);
    }

    [DriverFact]
    public async Task A_machine_does_not_arrive_without_a_volume_that_was_to_come_with_it()
    {
        await using var here = new Bench(source);
        await using var there = new Bench(target);
        var (own, other) = (await here.Volume(24 * MiB), await here.Volume(8 * MiB));
        var machine = await Running(here, spec => spec.Disks.Add(Bench.Disk(own)));
        var (arrival, _) = await Arrival(machine, there, own, other);
        var departure = Departure(machine, arrival, MigrateMethod.MigrateCold);
        departure.Order.Volumes.RemoveAt(1);   // as one that knows nothing of volumes
        await Bench.Refused("not-moved", () => source.Driver.SendAway(departure, new Direct(target.Driver, arrival), _ => { }, default));
        Assert.DoesNotContain((await target.Driver.Inspect(default)).Machines, seen => seen.Id == machine.Id);
    }

    [DriverFact]
    public async Task A_machine_with_UEFI_goes_on_on_the_other_host()
    {
        await using var here = new Bench(source);
        await using var there = new Bench(target);
        var machine = await Running(here, WithUefi);
        var before = await here.Console(machine);
        var arrival = await Arrival(machine, there);
        await source.Driver.SendAway(Departure(machine, arrival, MigrateMethod.MigrateLive), new Direct(target.Driver, arrival), _ => { }, default);
        await source.Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        Assert.Equal(Power.Running, (await target.Driver.EnsureMachine(machine.Id, arrival.Incarnation, 7, machine.Spec, default)).Power);
        await Lives(there, machine, before);
    }

    [DriverFact]
    public async Task A_cold_move_takes_along_what_UEFI_keeps()
    {
        await using var here = new Bench(source);
        await using var there = new Bench(target);
        var machine = await Running(here, WithUefi);
        var kept = await Variables(source, machine.Id);
        var arrival = await Arrival(machine, there);
        await source.Driver.SendAway(Departure(machine, arrival, MigrateMethod.MigrateCold), new Direct(target.Driver, arrival), _ => { }, default);
        Assert.Equal(kept, await Variables(target, machine.Id));   // before its first start there
        await target.Driver.EnsureMachine(machine.Id, arrival.Incarnation, 7, machine.Spec, default);
        await there.WaitForConsole(machine, "DEMO: boots 2");
    }

    private static void WithUefi(MachineSpec spec) => (spec.Firmware, spec.MemoryBytes) = (Firmware.Uefi, 256UL << 20);

    private static async Task<int> Variables(IDriverHost host, string machine) => (await host.Traces(machine)).Count(trace => trace.EndsWith(".nvram", StringComparison.Ordinal));

    private const ulong MiB = 1 << 20;

    private static bool IsShared(string trace) => trace.Contains("occi-moving-", StringComparison.Ordinal);

    private static VolumeSpec Existing(Placed<VolumeSpec> volume)
    {
        var spec = volume.Spec.Clone();
        (spec.Existing, spec.Image) = (true, null);
        return spec;
    }

    /// <summary>The target has it too, while the machine is on its way.</summary>
    private static async Task Shares(Placed<VolumeSpec> volume, Bench there)
    {
        there.AtEnd(() => there.Driver.RemoveVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default));
        await there.Driver.EnsureVolume(volume.Id, volume.Incarnation, volume.Generation + 1, Existing(volume), default);
    }

    /// <summary>With volumes that come along; the first one's incarnation there.</summary>
    private async Task<(Arrival Arrival, string Along)> Arrival(Placed<MachineSpec> machine, Bench there, params Placed<VolumeSpec>[] volumes)
    {
        var arrival = await Arrival(machine, there);
        foreach (var volume in volumes)
        {
            var along = new MovingVolume { VolumeId = volume.Id, Incarnation = volume.Incarnation, TargetIncarnation = Bench.NewId() };
            arrival.Spec.Incoming.Volumes.Add(along);
            there.AtEnd(() => there.Driver.RemoveVolume(along.VolumeId, along.TargetIncarnation, "", default));
        }
        return (arrival, arrival.Spec.Incoming.Volumes[0].TargetIncarnation);
    }

    private static async Task<Placed<MachineSpec>> Running(Bench bench, Action<MachineSpec>? also = null, string script = Counting, bool rootIsNew = false)
    {
        var machine = bench.Machine(spec =>
        {
            also?.Invoke(spec);
            (spec.Power, spec.Stop, spec.StopGraceSeconds) = (Power.Running, StopMethod.StopGraceful, 30);
            spec.Seed.UserData = ByteString.CopyFromUtf8(script);
        });
        if (rootIsNew) machine.Spec.RootDisk = machine.Incarnation;
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, "DEMO: ready");
        return machine;
    }

    /// <summary>What was on the console is still where it was, and the guest goes on where it says so.</summary>
    private async Task Lives(Bench bench, Placed<MachineSpec> machine, string before)
    {
        Assert.StartsWith(before, await bench.Console(machine), StringComparison.Ordinal);
        if (!GuestCounts) return;
        var beats = Bench.Count(before, "DEMO: beat");
        await bench.WaitForConsole(machine, "DEMO: beat", beats + 4);
        Assert.Equal(1, Bench.Count(await bench.Console(machine), "DEMO: beat 1\r"));
    }

    protected virtual bool GuestCounts => true;

    private async Task<Arrival> Arrival(Placed<MachineSpec> machine, Bench there)
    {
        if (!await target.Driver.HasImage(source.Image, default))
        {
            await using var image = source.OpenImage();
            await target.Driver.EnsureImage(source.Image, image, default);
        }
        var spec = machine.Spec.Clone();
        spec.Incoming = new Incoming { MigrationId = Bench.NewId(), SourceHost = Bench.NewId(), Secret = "secret" };
        var arrival = new Arrival(machine.Id, Bench.NewId(), 1, spec);
        there.AtEnd(() => there.Driver.RemoveMachine(arrival.Id, arrival.Incarnation, default));
        return arrival;
    }

    private static Departure Departure(Placed<MachineSpec> machine, Arrival arrival, MigrateMethod method) => new(
        machine.Id, machine.Incarnation, machine.Spec,
        new Migrate { MigrationId = arrival.Spec.Incoming.MigrationId, TargetIncarnation = arrival.Incarnation, Method = method, GraceSeconds = 30, Volumes = { arrival.Spec.Incoming.Volumes } });

    private sealed class Direct(IHypervisorDriver driver, Arrival what) : IPeer
    {
        public Task<PeerAnswer> Ask(PeerRequest request, CancellationToken cancel) => driver.Receive(what, request.Clone(), cancel);

        public Task<Stream> Open(Channel channel, CancellationToken cancel) => driver.Reach(what, channel, cancel);
    }
}

/// <summary>Between two simulated hosts.</summary>
public sealed class SimulatedMoving(FirstSimulatedTestHost source, SecondSimulatedTestHost target)
    : MovingContract(source, target), IClassFixture<FirstSimulatedTestHost>, IClassFixture<SecondSimulatedTestHost>
{
    protected override bool GuestCounts => false;
}

public sealed class FirstSimulatedTestHost : SimulatedTestHost
{
    protected override string Shared => MovingPool.Of("simulated");
}

public sealed class SecondSimulatedTestHost : SimulatedTestHost
{
    protected override string Shared => MovingPool.Of("simulated");
}

/// <summary>Between two libvirtds, each in namespaces of its own.</summary>
[NeedsLibvirt]
public sealed class LibvirtMoving(MovingLibvirtHost source, SecondLibvirtHost target)
    : MovingContract(source, target), IClassFixture<MovingLibvirtHost>, IClassFixture<SecondLibvirtHost>;

public sealed class MovingLibvirtHost : TcgLibvirtHost
{
    protected override string Shared => MovingPool.Of("libvirt");
}

public sealed class SecondLibvirtHost : TcgLibvirtHost
{
    protected override string Name => "second";

    protected override string Shared => MovingPool.Of("libvirt");
}

/// <summary>The directory that hosts have in common, for as long as this process lasts.</summary>
internal static class MovingPool
{
    private static readonly string _root = Make();

    public static string Of(string driver) => Directory.CreateDirectory(Path.Combine(_root, driver)).FullName;

    private static string Make()
    {
        var root = Directory.CreateTempSubdirectory("occi-moving-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
        return root;
    }
}
