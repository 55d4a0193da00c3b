using System.Security.Cryptography;
using Controller.Agent.Drivers;
using Controller.Agent.Protocol;
using Google.Protobuf;

namespace Controller.Agent.Tests.Drivers;

/// <summary>The contract where it takes a guest that boots. What the guest says on its console is the judge.</summary>
public abstract partial class MachineContract(IDriverHost host) : DriverContract(host)
{
    private const string Ready = "DEMO: ready";
    private const string Booted = "DEMO: init";

    [DriverFact]
    public async Task A_machine_whose_lease_is_over_is_ended_at_once_and_its_disk_is_what_it_was()
    {
        await using var bench = new Bench(Host);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, "DEMO: boots 1");
        await bench.WaitForConsole(machine, Ready);

        Assert.True(await Driver.EndMachine(machine.Id, machine.Incarnation, default));
        Assert.False(await Driver.EndMachine(machine.Id, machine.Incarnation, default));
        Assert.False(await Driver.EndMachine(Guid.NewGuid().ToString(), machine.Incarnation, default));
        await Controller.Agent.Tests.Harness.Eventually.That(
            () => Driver.Inspect(default).Result.Machines.Single(m => m.Id == machine.Id).Power is Power.Off or Power.Crashed, "it is seen to be off");
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, "DEMO: boots 2");
    }

    [DriverFact]
    public async Task A_machine_boots_with_its_seed_its_disk_and_its_reserved_address()
    {
        await using var bench = new Bench(Host);
        var volume = await bench.Volume(8 * MiB);
        var network = await bench.Network(spec =>
        {
            Addressed(spec, "10.202.1.0/24", "10.202.1.1");
            spec.Mode = NetworkSpec.Types.Mode.Nat;
            spec.Reservations.Add(new Reservation { Mac = "52:54:00:00:03:01", Address = "10.202.1.77", Hostname = "contract" });
        });
        var script = "#!/bin/sh\necho the tenant was here\n";
        var machine = bench.Machine(spec =>
        {
            spec.Power = Power.Running;
            spec.RootDiskBytes = 40 * MiB;
            spec.Disks.Add(Bench.Disk(volume));
            spec.Nics.Add(Bench.Nic(network, "52:54:00:00:03:01", "10.202.1.77"));
            spec.Seed.UserData = ByteString.CopyFromUtf8(script);
        });
        var started = await bench.Ensure(machine);
        Assert.Equal((Power.Running, machine.Generation, false), (started.Power, started.Generation, started.RestartPending));

        await bench.WaitForConsole(machine, $"DEMO: seed instance-id={machine.Id} hostname=contract ssh-keys=1 user-data-bytes={script.Length}");
        await bench.WaitForConsole(machine, $"bytes={40 * MiB}");
        await bench.WaitForConsole(machine, $"vdb={8 * MiB}");
        await bench.WaitForConsole(machine, "the tenant was here");
        await bench.WaitForConsole(machine, "DEMO: nic eth0 mac=52:54:00:00:03:01");
        await bench.WaitForConsole(machine, "DEMO: lease eth0 address=10.202.1.77 gateway=10.202.1.1");
        await bench.WaitForConsole(machine, Ready);

        var again = await bench.Ensure(machine);
        Assert.Equal((Power.Running, machine.Generation), (again.Power, again.Generation));
        Assert.All(again.Attachments, attachment => Assert.True(attachment.Attached));
        Assert.Equal(2, again.Attachments.Count);

        // A new generation that asks for more: nothing is taken from the running guest.
        var pending = await bench.Ensure(machine, spec => spec.MemoryBytes = 160 * MiB);
        Assert.Equal((Power.Running, true), (pending.Power, pending.RestartPending));
        Assert.Equal(1, Bench.Count(await bench.Console(machine), Booted));

        var (id, incarnation) = (machine.Id, machine.Incarnation);
        var part = await Driver.ReadConsole(id, 5, 7, default);
        Assert.Equal((5UL, 7), (part.Offset, part.Data.Length));
        await Driver.RemoveMachine(id, incarnation, default);
        await Driver.RemoveNetwork(network.Id, network.Incarnation, default);
        await Driver.RemoveVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default);
        Assert.Empty(await Host.Traces(id, network.Id, volume.Id));
    }

    [DriverFact]
    public async Task Disks_and_NICs_come_and_go_and_grow_while_it_runs()
    {
        await using var bench = new Bench(Host);
        var (first, second) = (await bench.Volume(8 * MiB), await bench.Volume(16 * MiB));
        var network = await bench.Network(spec =>
        {
            Addressed(spec, "10.202.2.0/24", "10.202.2.1");
            spec.Reservations.Add(new Reservation { Mac = "52:54:00:00:04:02", Address = "10.202.2.78", Hostname = "later" });
        });
        var machine = bench.Machine(spec =>
        {
            spec.Power = Power.Running;
            spec.Disks.Add(Bench.Disk(first));
        });
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, Ready);

        var (disk, nic) = (Bench.Disk(second), Bench.Nic(network, "52:54:00:00:04:02", "10.202.2.78"));
        var attached = await bench.Ensure(
            machine,
            spec =>
            {
                spec.Disks.Add(disk);
                spec.Nics.Add(nic);
            });
        Assert.Equal(3, attached.Attachments.Count(attachment => attachment.Attached));
        Assert.False(attached.RestartPending);
        await bench.WaitForConsole(machine, $"={16 * MiB}");
        await bench.WaitForConsole(machine, "DEMO: lease eth0 address=10.202.2.78");

        await bench.Ensure(second, spec => spec.SizeBytes = 20 * MiB);
        await bench.WaitForConsole(machine, $"={20 * MiB}");
        await Bench.Refused("in-use", () => Driver.RemoveVolume(second.Id, second.Incarnation, second.Spec.Pool, default));

        var detached = await bench.Ensure(
            machine,
            spec =>
            {
                spec.Disks.Remove(disk);
                spec.Nics.Remove(nic);
            });
        Assert.Equal(machine.Spec.Disks[0].LinkId, Assert.Single(detached.Attachments).LinkId);
        await bench.WaitForConsole(machine, "DEMO: nic eth0 gone");
        await Driver.RemoveVolume(second.Id, second.Incarnation, second.Spec.Pool, default);
        await Driver.RemoveNetwork(network.Id, network.Incarnation, default);
        Assert.Equal(1, Bench.Count(await bench.Console(machine), Booted));
    }

    [DriverFact]
    public async Task It_sleeps_and_wakes_in_memory_and_on_disk()
    {
        await using var bench = new Bench(Host);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, Ready);

        foreach (var asleep in new[] { Power.Paused, Power.Saved })
        {
            Assert.Equal(asleep, (await bench.Ensure(machine, spec => spec.Power = asleep)).Power);
            Assert.Equal(asleep, (await bench.Ensure(machine)).Power);
            Assert.Equal(asleep, (await bench.See(machine))!.Power);
            if (asleep == Power.Saved)
            {
                Assert.False(await Driver.EndMachine(machine.Id, machine.Incarnation, default));   // it does not run
                Assert.Equal(asleep, (await bench.See(machine))!.Power);
            }
            Assert.Equal(Power.Running, (await bench.Ensure(machine, spec => spec.Power = Power.Running)).Power);
            Assert.Equal(1, Bench.Count(await bench.Console(machine), Booted));
        }

        // Off discards what was saved: the next start boots.
        await bench.Ensure(machine, spec => spec.Power = Power.Saved);
        Assert.Equal(Power.Off, (await bench.Ensure(machine, spec => spec.Power = Power.Off)).Power);
        await bench.Ensure(machine, spec => spec.Power = Power.Running);
        await bench.WaitForConsole(machine, Booted, times: 2);
    }

    [DriverFact]
    public async Task It_stops_by_every_method_and_starts_again()
    {
        await using var bench = new Bench(Host);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        foreach (var (method, times) in new[] { (StopMethod.StopGraceful, 1), (StopMethod.StopAcpioff, 2) })
        {
            await bench.Ensure(machine, spec => spec.Power = Power.Running);
            await bench.WaitForConsole(machine, Ready, times);
            var stopped = await bench.Ensure(
                machine, spec => (spec.Power, spec.Stop, spec.StopGraceSeconds) = (Power.Off, method, 60));
            Assert.Equal((Power.Off, machine.Generation), (stopped.Power, stopped.Generation));
            await bench.WaitForConsole(machine, "DEMO: power button", times);
            Assert.Equal(Power.Off, (await bench.Ensure(machine)).Power);
        }

        await bench.Ensure(machine, spec => spec.Power = Power.Running);
        var buttons = Bench.Count(await bench.Console(machine), "DEMO: power button");
        Assert.Equal(Power.Off, (await bench.Ensure(machine, spec => (spec.Power, spec.Stop) = (Power.Off, StopMethod.StopPoweroff))).Power);
        Assert.Equal(buttons, Bench.Count(await bench.Console(machine), "DEMO: power button"));
    }

    [DriverFact]
    public async Task It_reboots_by_every_method()
    {
        await using var bench = new Bench(Host);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        await bench.Ensure(machine);
        var boots = 1;
        await bench.WaitForConsole(machine, Ready, boots);
        foreach (var method in new[] { RebootMethod.RebootGraceful, RebootMethod.RebootWarm, RebootMethod.RebootCold })
        {
            await Driver.Reboot(machine.Id, machine.Incarnation, method, TimeSpan.FromSeconds(60), default);
            await bench.WaitForConsole(machine, Ready, ++boots);
            Assert.Equal(Power.Running, (await bench.See(machine))!.Power);
        }
        Assert.Equal(1, Bench.Count(await bench.Console(machine), "DEMO: power button"));
    }

    [DriverFact]
    public async Task A_copy_of_its_disk_has_what_it_wrote_and_boots_elsewhere()
    {
        await using var bench = new Bench(Host);
        var volume = await bench.Volume(8 * MiB);
        var machine = bench.Machine(spec =>
        {
            spec.Power = Power.Running;
            spec.RootDiskBytes = 40 * MiB;
            spec.Disks.Add(Bench.Disk(volume));
        });
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, "DEMO: boots 1");
        await bench.WaitForConsole(machine, Ready);

        // While it runs, and it does not notice.
        var hot = await Import(machine);
        Assert.Equal(Power.Running, (await bench.See(machine))!.Power);
        Assert.Equal(1, Bench.Count(await bench.Console(machine), Booted));
        await Driver.Reboot(machine.Id, machine.Incarnation, RebootMethod.RebootCold, TimeSpan.Zero, default);
        await bench.WaitForConsole(machine, "DEMO: boots 2");

        // While it is off; twice the same.
        await bench.Ensure(machine, spec => (spec.Power, spec.Stop) = (Power.Off, StopMethod.StopPoweroff));
        var cold = await Import(machine);
        Assert.Equal(cold, await Import(machine));
        Assert.NotEqual(hot.Sha256, cold.Sha256);
        await Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        Assert.Empty(await Host.Traces(machine.Id));

        foreach (var (image, boots) in new[] { (hot, 2), (cold, 3) })
        {
            var copy = bench.Machine(spec => (spec.Power, spec.Image) = (Power.Running, image));
            await bench.Ensure(copy);
            await bench.WaitForConsole(copy, $"DEMO: boots {boots}");
            await Driver.RemoveMachine(copy.Id, copy.Incarnation, default);
        }
    }

    [DriverFact]
    public async Task A_copy_that_is_given_up_leaves_nothing_and_can_be_made_again()
    {
        await using var bench = new Bench(Host);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, Ready);
        using (var cancel = new CancellationTokenSource())
        {
            var copying = Driver.CopyRootDisk(machine.Id, machine.Incarnation, cancel.Token);
            await cancel.CancelAsync();
            // It may have been ready before it heard.
            if (await Record.ExceptionAsync(() => copying) is { } ended)
                Assert.IsAssignableFrom<OperationCanceledException>(ended);
            else
                await (await copying).DisposeAsync();
        }
        await (await Driver.CopyRootDisk(machine.Id, machine.Incarnation, default)).DisposeAsync();
        Assert.Equal(1, Bench.Count(await bench.Console(machine), Booted));
        await Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        Assert.Empty(await Host.Traces(machine.Id));
    }

    /// <summary>Makes an image of the machine's disk, as another host would get it.</summary>
    private async Task<Image> Import(Placed<MachineSpec> machine)
    {
        await using var copy = await Driver.CopyRootDisk(machine.Id, machine.Incarnation, default);
        Assert.Equal(machine.Spec.RootDiskBytes, copy.VirtualSizeBytes);
        var image = new Image { Format = DiskCopy.Format, SizeBytes = (ulong)copy.Content.Length, Sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(copy.Content)) };
        copy.Content.Position = 0;
        await Driver.EnsureImage(image, copy.Content, default);
        return image;
    }

    [DriverFact]
    public async Task A_guest_that_ends_by_itself_is_heard_and_seen()
    {
        await using var bench = new Bench(Host);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, Ready);

        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Hear(string? id)
        {
            if (id is null || id == machine.Id)
                heard.TrySetResult();
        }

        Driver.Changed += Hear;
        try
        {
            await Host.PowerOffGuest(machine.Id);
            await heard.Task.WaitAsync(Bench.Patience);
            await bench.WaitForPower(machine, Power.Off);
        }
        finally
        {
            Driver.Changed -= Hear;
        }
    }
}
