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

    private static async Task<Placed<MachineSpec>> Running(Bench bench, Action<MachineSpec>? also = null)
    {
        var machine = bench.Machine(spec =>
        {
            also?.Invoke(spec);
            (spec.Power, spec.Stop, spec.StopGraceSeconds) = (Power.Running, StopMethod.StopGraceful, 30);
            spec.Seed.UserData = ByteString.CopyFromUtf8(Counting);
        });
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
        new Migrate { MigrationId = arrival.Spec.Incoming.MigrationId, TargetIncarnation = arrival.Incarnation, Method = method, GraceSeconds = 30 });

    private sealed class Direct(IHypervisorDriver driver, Arrival what) : IPeer
    {
        public Task<PeerAnswer> Ask(PeerRequest request, CancellationToken cancel) => driver.Receive(what, request.Clone(), cancel);

        public Task<Stream> Open(Channel channel, CancellationToken cancel) => driver.Reach(what, channel, cancel);
    }
}

/// <summary>Between two simulated hosts.</summary>
public sealed class SimulatedMoving(SimulatedTestHost source, SecondSimulatedTestHost target)
    : MovingContract(source, target), IClassFixture<SimulatedTestHost>, IClassFixture<SecondSimulatedTestHost>
{
    protected override bool GuestCounts => false;
}

public sealed class SecondSimulatedTestHost : SimulatedTestHost;

/// <summary>Between two libvirtds, each in namespaces of its own.</summary>
[NeedsLibvirt]
public sealed class LibvirtMoving(MovingLibvirtHost source, SecondLibvirtHost target)
    : MovingContract(source, target), IClassFixture<MovingLibvirtHost>, IClassFixture<SecondLibvirtHost>;

public sealed class MovingLibvirtHost : LibvirtHost;

public sealed class SecondLibvirtHost : LibvirtHost
{
    protected override string Name => "second";
}
