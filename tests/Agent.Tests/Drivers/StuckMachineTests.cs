using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Libvirt;
using Controller.Agent.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Controller.Agent.Tests.Drivers;

/// <summary>A QEMU that is frozen answers its monitor never, and libvirt waits for it as long. The driver does not, nor does anybody else.</summary>
[NeedsLibvirt]
public sealed class StuckMachineTests(ImpatientLibvirtHost host) : IClassFixture<ImpatientLibvirtHost>
{
    private const string Stuck = "hypervisor-stuck";
    private const ulong MiB = 1 << 20;

    private IHypervisorDriver Driver => host.Driver;

    [DriverFact]
    public async Task It_says_so_in_time_while_others_come_and_go_and_converges_when_it_answers_again()
    {
        await using var bench = new Bench(host);
        var volume = await bench.Volume(8 * MiB);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, "DEMO: ready");
        await using var qemu = await HostProcess.FrozenQemu(machine.Id);

        var attaching = bench.Ensure(machine, spec => spec.Disks.Add(Bench.Disk(volume)));
        await StartsAndStops(bench, Driver);
        var said = await Bench.Refused(Stuck, () => attaching.WaitAsync(Bench.Patience));
        Assert.True(said.Retryable);
        Assert.Contains("virDomainAttachDeviceFlags", said.Message, StringComparison.Ordinal);
        Assert.Contains(machine.Id, said.Message, StringComparison.Ordinal);
        Assert.Contains("5 s", said.Message, StringComparison.Ordinal);

        // Asked again, libvirtd is not: it would keep a thread of its own for each time.
        Assert.Contains("virDomainAttachDeviceFlags", (await Bench.Refused(Stuck, () => bench.Ensure(machine))).Message, StringComparison.Ordinal);
        Assert.Equal(Power.Running, (await bench.See(machine))!.Power);
        await StartsAndStops(bench, Driver);
        Assert.True(Driver.Health.Healthy, Driver.Health.Why);

        await qemu.Thaw();
        Assert.True(Assert.Single((await Persist(() => bench.Ensure(machine))).Attachments).Attached);
        await bench.WaitForConsole(machine, $"={8 * MiB}");
    }

    [DriverFact]
    public Task It_is_stopped_by_force_though_it_does_not_answer() => Stops(StopMethod.StopPoweroff);

    [DriverFact]
    public Task It_is_stopped_when_its_grace_is_over_though_it_does_not_answer() => Stops(StopMethod.StopGraceful);

    [DriverFact]
    public async Task It_is_rebooted_by_force_though_it_does_not_answer()
    {
        await using var bench = new Bench(host);
        var machine = Small(bench);
        await bench.Ensure(machine);
        await using var qemu = await HostProcess.FrozenQemu(machine.Id);
        await Driver.Reboot(machine.Id, machine.Incarnation, RebootMethod.RebootGraceful, TimeSpan.FromSeconds(3), default);
        Assert.True(qemu.IsGone);
        Assert.Equal(Power.Running, (await bench.See(machine))!.Power);
    }

    [DriverFact]
    public async Task It_is_removed_though_it_does_not_answer_and_a_newer_wish_does_not_wait_for_an_older_one()
    {
        await using var bench = new Bench(host);
        var machine = Small(bench);
        await bench.Ensure(machine);
        await using var qemu = await HostProcess.FrozenQemu(machine.Id);

        // With all the time that there is: only the newer wish ends the older one.
        var options = host.Options();
        options.CallTimeout = TimeSpan.FromMinutes(10);
        await using var patient = await Started(options);
        using var newerWish = new CancellationTokenSource();
        var volume = await bench.Volume(8 * MiB);
        machine.Spec.Disks.Add(Bench.Disk(volume));
        var attaching = patient.EnsureMachine(machine.Id, machine.Incarnation, ++machine.Generation, machine.Spec.Clone(), newerWish.Token);
        await Bench.Until(async () => await host.Waits(machine.Id), () => Task.FromResult($"libvirtd to wait for the QEMU of {machine.Id}"));
        await newerWish.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attaching);

        await patient.RemoveMachine(machine.Id, machine.Incarnation, default);
        Assert.True(qemu.IsGone);
        Assert.Empty(await host.Traces(machine.Id));
    }

    [DriverFact]
    public async Task More_of_them_than_there_are_threads_hold_up_nobody_else()
    {
        await using var bench = new Bench(host);
        var stuck = await Frozen(bench, 7);
        try
        {
            await Task.WhenAll(stuck.Select(one => Bench.Refused(Stuck, () => bench.Ensure(one.Machine, spec => spec.Disks.Add(one.Disk)))));
            Assert.True(Driver.Health.Healthy, Driver.Health.Why);
            await StartsAndStops(bench, Driver);
            Assert.All((await Driver.Inspect(default)).Machines, machine => Assert.True(machine.Power is Power.Running or Power.Off));

            foreach (var one in stuck)
            {
                await one.Qemu.Thaw();
                Assert.True(Assert.Single((await Persist(() => bench.Ensure(one.Machine))).Attachments).Attached);
            }
        }
        finally
        {
            foreach (var one in stuck)
                await one.Qemu.DisposeAsync();
        }
    }

    [DriverFact]
    public async Task More_of_them_than_may_be_make_the_driver_begin_anew()
    {
        await using var bench = new Bench(host);
        var options = host.Options();
        options.MaxStuckCalls = 2;
        await using var driver = await Started(options);
        var whys = new System.Collections.Concurrent.ConcurrentQueue<string>();
        driver.Changed += _ =>
        {
            if (driver.Health is { Healthy: false } health)
                whys.Enqueue(health.Why);
        };
        var stuck = await Frozen(bench, 3);
        try
        {
            await Task.WhenAll(stuck.Select(one =>
            {
                one.Machine.Spec.Disks.Add(one.Disk);
                return Bench.Refused(Stuck, () => driver.EnsureMachine(one.Machine.Id, one.Machine.Incarnation, ++one.Machine.Generation, one.Machine.Spec, default));
            }));
            await Bench.Until(() => Task.FromResult(!whys.IsEmpty), () => Task.FromResult("the driver to say that it is unhealthy"));
            Assert.All(whys, why => Assert.Contains("more than 2 calls", why, StringComparison.Ordinal));
            Assert.Contains(stuck, one => whys.First().Contains(one.Machine.Id, StringComparison.Ordinal));
            await Bench.Until(() => Task.FromResult(driver.Health.Healthy), () => Task.FromResult($"the driver to connect again: {driver.Health.Why}"));

            await StartsAndStops(bench, driver);
            // The calls that had been given up were ended, so nothing is held against their machines.
            var (again, said) = (stuck[0].Machine, "");
            await Bench.Until(
                async () =>
                {
                    var refused = await Bench.Refused(Stuck, () => driver.EnsureMachine(again.Id, again.Incarnation, again.Generation, again.Spec, default));
                    said = refused.Message;
                    return !said.Contains("is not asked", StringComparison.Ordinal);
                },
                () => Task.FromResult($"machine {again.Id} to be asked again: {said}"));
            foreach (var one in stuck)
            {
                await one.Qemu.Thaw();
                var reached = await Persist(
                    () => driver.EnsureMachine(one.Machine.Id, one.Machine.Incarnation, one.Machine.Generation, one.Machine.Spec, default));
                Assert.True(Assert.Single(reached.Attachments).Attached);
            }
        }
        finally
        {
            foreach (var one in stuck)
                await one.Qemu.DisposeAsync();
        }
    }

    [DriverFact]
    public async Task A_libvirtd_that_hangs_is_waited_for_by_nobody_and_found_again()
    {
        await using var bench = new Bench(host);
        var machine = Small(bench);
        await bench.Ensure(machine);
        await using (var libvirtd = host.Libvirtd())
        {
            await libvirtd.Freeze();
            await Bench.Refused(Stuck, () => Driver.Inspect(default));
            var options = host.Options();
            options.ConnectTimeout = TimeSpan.FromSeconds(1);
            Assert.Contains("did not answer", (await Bench.Refused("hypervisor-away", () => Started(options))).Message, StringComparison.Ordinal);
            await Bench.Until(() => Task.FromResult(!Driver.Health.Healthy), () => Task.FromResult("the driver to notice"));
        }
        await Bench.Until(() => Task.FromResult(Driver.Health.Healthy), () => Task.FromResult($"the driver to connect again: {Driver.Health.Why}"));
        Assert.Equal(Power.Running, (await bench.See(machine))!.Power);
        Assert.Equal(Power.Running, (await bench.Ensure(machine)).Power);
    }

    private async Task Stops(StopMethod method)
    {
        await using var bench = new Bench(host);
        var machine = Small(bench);
        await bench.Ensure(machine);
        var volume = await bench.Volume(8 * MiB);
        await using var qemu = await HostProcess.FrozenQemu(machine.Id);
        await Bench.Refused(Stuck, () => bench.Ensure(machine, spec => spec.Disks.Add(Bench.Disk(volume))));

        var stopped = await bench.Ensure(machine, spec => (spec.Power, spec.Stop, spec.StopGraceSeconds) = (Power.Off, method, 3));
        Assert.Equal((Power.Off, machine.Generation), (stopped.Power, stopped.Generation));
        Assert.True(qemu.IsGone);
        Assert.Equal(Power.Running, (await bench.Ensure(machine, spec => spec.Power = Power.Running)).Power);
    }

    private static async Task<LibvirtDriver> Started(LibvirtOptions options)
    {
        var driver = new LibvirtDriver(options, TimeProvider.System, NullLogger<LibvirtDriver>.Instance);
        try
        {
            await driver.Start(default);
        }
        catch
        {
            await driver.DisposeAsync();
            throw;
        }
        return driver;
    }

    private static async Task StartsAndStops(Bench bench, IHypervisorDriver driver)
    {
        var other = Small(bench);
        var running = await driver.EnsureMachine(other.Id, other.Incarnation, 1, other.Spec, default);
        Assert.Equal(Power.Running, running.Power);
        Assert.Contains((await driver.Inspect(default)).Machines, seen => seen.Id == other.Id && seen.Power == Power.Running);
        other.Spec.Power = Power.Off;
        Assert.Equal(Power.Off, (await driver.EnsureMachine(other.Id, other.Incarnation, 2, other.Spec, default)).Power);
        await driver.RemoveMachine(other.Id, other.Incarnation, default);
    }

    /// <summary>It has a QEMU and no more: what boots in it does not matter.</summary>
    private static Placed<MachineSpec> Small(Bench bench) => bench.Machine(spec =>
    {
        (spec.Image, spec.Seed, spec.MemoryBytes, spec.Power) = (null, null, 32 * MiB, Power.Running);
    });

    private static async Task<List<(Placed<MachineSpec> Machine, Disk Disk, HostProcess Qemu)>> Frozen(Bench bench, int count)
    {
        var frozen = new List<(Placed<MachineSpec>, Disk, HostProcess)>();
        for (var i = 0; i < count; i++)
        {
            var machine = Small(bench);
            var disk = Bench.Disk(await bench.Volume(8 * MiB));
            await bench.Ensure(machine);
            frozen.Add((machine, disk, await HostProcess.FrozenQemu(machine.Id)));
        }
        return frozen;
    }

    /// <summary>As the agent does.</summary>
    private static async Task<ObservedMachine> Persist(Func<Task<ObservedMachine>> attempt)
    {
        ObservedMachine? reached = null;
        var last = "";
        await Bench.Until(
            async () =>
            {
                try
                {
                    reached = await attempt();
                }
                catch (DriverException again) when (again.Retryable)
                {
                    last = again.Message;
                }
                return reached is not null;
            },
            () => Task.FromResult($"the machine to converge: {last}"));
        return reached!;
    }
}
