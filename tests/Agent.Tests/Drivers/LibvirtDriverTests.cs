using System.Diagnostics;
using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Libvirt;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Drivers.Libvirt.Storage;
using Controller.Agent.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Controller.Agent.Tests.Drivers;

/// <summary>The contract on real QEMU machines, and what only libvirt can get wrong.</summary>
[NeedsLibvirt]
public sealed class LibvirtDriverTests(LibvirtHost host) : HardwareContract(host), IClassFixture<LibvirtHost>
{
    [DriverFact]
    public async Task A_foreign_domain_is_listed_and_never_touched()
    {
        await using var bench = new Bench(host);
        var id = Bench.NewId();
        var xml = $"<domain type='qemu'><name>foreign</name><uuid>{id}</uuid><memory unit='MiB'>16</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os></domain>";
        await host.Ask(connect =>
        {
            using var domain = Checked.Ok(Native.virDomainDefineXMLFlags(connect, xml, 0));
            return Checked.Ok(Native.virDomainCreateWithFlags(domain, 1));
        });
        try
        {
            var listed = Assert.Single((await Driver.Inspect(default)).Unmanaged, machine => machine.Uuid == id);
            Assert.Equal(("foreign", Power.Paused), (listed.Name, listed.Power));
            Assert.DoesNotContain((await Driver.Inspect(default)).Machines, machine => machine.Id == id);

            await Bench.Refused("foreign", () => Driver.EnsureMachine(id, Bench.NewId(), 1, bench.Machine().Spec, default));
            await Driver.RemoveMachine(id, Bench.NewId(), default);
            Assert.Equal(Power.Paused, await host.Ask(connect => MachineView.Find(connect, id)?.Power));
        }
        finally
        {
            await host.Ask(connect =>
            {
                using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, id));
                Checked.Ok(Native.virDomainDestroyFlags(domain, 0));
                return Checked.Ok(Native.virDomainUndefineFlags(domain, 0));
            });
        }
    }

    /// <summary>A blocking virStreamRecv sleeps through what another thread reads off the wire between its look and its wait: what is written meanwhile makes that likely.</summary>
    [DriverFact]
    public async Task What_is_typed_comes_back_without_waiting_for_the_next_key()
    {
        await using var bench = new Bench(host);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, "DEMO: ready");

        await using var console = await Driver.OpenConsole(machine.Id, ConsoleKind.ConsoleSerial, default);
        for (var line = 1; line <= 300; line++)
        {
            // Each key is written while the echo of the one before is read.
            foreach (var key in $"echo $(({line}+1000)).\r")
                await console.Write(new[] { (byte)key }, default);
            await ReadText(console, text => text.Contains($"{line + 1000}.", StringComparison.Ordinal));
        }
    }

    [DriverFact]
    public async Task A_killed_libvirtd_is_noticed_and_found_again_with_its_machines()
    {
        await using var bench = new Bench(host);
        var network = await bench.Network(spec => Addressed(spec, "10.203.1.0/24", "10.203.1.1"));
        var machine = bench.Machine(spec =>
        {
            spec.Power = Power.Running;
            spec.Nics.Add(Bench.Nic(network, "52:54:00:00:05:01"));
        });
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, "DEMO: ready");

        var (lost, life) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), host.Instance);
        Driver.Changed += id =>
        {
            if (id is null && !Driver.Health.Healthy)
                lost.TrySetResult();
        };
        host.Libvirtd().Kill();
        await lost.Task.WaitAsync(Bench.Patience);
        await Bench.Until(() => Task.FromResult(Driver.Health.Healthy), () => Task.FromResult($"the driver to connect again: {Driver.Health.Why}"));

        Assert.Equal(Power.Running, (await bench.Ensure(machine)).Power);
        Assert.Equal(1, Bench.Count(await bench.Console(machine), "DEMO: init"));
        Assert.Equal(life, host.Instance);
        // Events are registered with the new connection too.
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Driver.Changed += id =>
        {
            if (id == machine.Id)
                heard.TrySetResult();
        };
        await host.PowerOffGuest(machine.Id);
        await heard.Task.WaitAsync(Bench.Patience);
        await bench.WaitForPower(machine, Power.Off);
    }

    [DriverFact]
    public async Task A_network_that_is_made_anew_keeps_the_NICs_of_running_machines()
    {
        await using var bench = new Bench(host);
        var network = await bench.Network(spec =>
        {
            Addressed(spec, "10.203.2.0/24", "10.203.2.1");
            spec.Reservations.Add(new Reservation { Mac = "52:54:00:00:06:01", Address = "10.203.2.11" });
        });
        var machine = bench.Machine(spec =>
        {
            spec.Power = Power.Running;
            spec.Nics.Add(Bench.Nic(network, "52:54:00:00:06:01", "10.203.2.11"));
        });
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, "DEMO: lease eth0 address=10.203.2.11");

        // Another gateway cannot be had by an update: the bridge is made anew. The guest asks for its lease over it after a reboot.
        await bench.Ensure(network, spec => spec.Gateway = "10.203.2.2");
        await Driver.Reboot(machine.Id, machine.Incarnation, RebootMethod.RebootWarm, TimeSpan.Zero, default);
        await bench.WaitForConsole(machine, "DEMO: lease eth0 address=10.203.2.11", times: 2);
    }

    [DriverFact]
    public async Task A_volume_that_goes_while_it_is_looked_at_is_not_there()
    {
        await using var bench = new Bench(host);
        var volume = await bench.Volume(8 * MiB);
        // What the folder lists and cannot be opened is what a removal in that moment leaves.
        var gone = Bench.NewId();
        var link = Path.Combine(host.Options().Directory, "volumes", $"volume-{gone}.{Bench.NewId()}.qcow2");
        File.CreateSymbolicLink(link, "nowhere");
        try
        {
            var seen = (await Driver.Inspect(default)).Volumes;
            Assert.Contains(seen, other => other.Id == volume.Id);
            Assert.DoesNotContain(seen, other => other.Id == gone);
        }
        finally
        {
            File.Delete(link);
        }
    }

    [DriverFact]
    public async Task A_second_driver_on_the_same_directory_sees_the_same_objects()
    {
        await using var bench = new Bench(host);
        var volume = await bench.Volume(8 * MiB);
        var machine = bench.Machine(spec => spec.Disks.Add(Bench.Disk(volume)));
        await bench.Ensure(machine);

        var options = host.Options();
        options.Acceleration = Acceleration.Tcg;
        await using var second = new LibvirtDriver(options, TimeProvider.System, NullLogger<LibvirtDriver>.Instance);
        await second.Start(default);
        var there = await second.Inspect(default);
        Assert.Equal(await bench.See(machine), Assert.Single(there.Machines, seen => seen.Id == machine.Id));
        Assert.Equal(volume.Generation, Assert.Single(there.Volumes, seen => seen.Id == volume.Id).Generation);
        Assert.True(await second.HasImage(host.Image, default));
    }

    [DriverFact]
    public async Task A_copy_that_is_under_way_ends_with_its_caller_and_with_the_next_agents_start()
    {
        await using var bench = new Bench(host);
        var machine = bench.Machine(spec => spec.RootDiskBytes = 1UL << 30);
        await bench.Ensure(machine);
        var disk = Path.Combine(host.Options().Directory, "volumes", $"machine-{machine.Id}.{machine.Incarnation}.qcow2");
        using (var write = Process.Start(new ProcessStartInfo("qemu-io", ["-f", "qcow2", "-c", "write -P 165 64M 900M", disk]) { RedirectStandardOutput = true })!)
        {
            await write.StandardOutput.ReadToEndAsync();
            await write.WaitForExitAsync();
            Assert.Equal(0, write.ExitCode);
        }
        await bench.Ensure(machine, spec => spec.Power = Power.Running);
        var saving = Path.Combine(host.Options().Directory, "saving");

        using (var cancel = new CancellationTokenSource())
        {
            var copying = Driver.CopyRootDisk(machine.Id, machine.Incarnation, cancel.Token);
            await Bench.Until(() => IsUnderWay(machine.Id), () => Task.FromResult("the backup to begin"));
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copying);
        }
        await Bench.Until(async () => !await IsUnderWay(machine.Id), () => Task.FromResult("the backup to end"));
        Assert.Empty(Directory.EnumerateFiles(saving));

        // As an agent leaves it that is killed.
        await host.Ask(connect => Backup.Begin(connect, machine.Id, MachineView.Find(connect, machine.Id)!.RootDisk!, Path.Combine(saving, $"{machine.Id}.{machine.Incarnation}.partial")));
        Assert.True(await IsUnderWay(machine.Id));
        var options = host.Options();
        options.Acceleration = Acceleration.Tcg;
        await using var second = new LibvirtDriver(options, TimeProvider.System, NullLogger<LibvirtDriver>.Instance);
        await second.Start(default);
        await Bench.Until(async () => !await IsUnderWay(machine.Id), () => Task.FromResult("the backup to end"));
        Assert.Empty(Directory.EnumerateFiles(saving));
        Assert.Equal(Power.Running, (await bench.See(machine))!.Power);

        Task<bool> IsUnderWay(string id) => host.Ask(connect => Backup.IsUnderWay(connect, id, saving));
    }

    [DriverFact]
    public async Task A_file_that_a_QEMU_has_open_is_known_by_its_lock_and_a_copy_that_was_made_is_free()
    {
        await using var bench = new Bench(host);
        var volume = await bench.Volume(8 * MiB);
        var machine = bench.Machine(spec =>
        {
            (spec.Power, spec.Image) = (Power.Running, null);
            spec.Disks.Add(Bench.Disk(volume));
        });
        await bench.Ensure(machine);
        async Task<bool> IsHeld(Placed<VolumeSpec> of) => ImageLock.IsHeld(Assert.Single(await host.Traces(of.Id), path => path.EndsWith(".qcow2", StringComparison.Ordinal)));
        Assert.True(await IsHeld(volume));
        for (var copies = 0; copies < 5; copies++)
        {
            Assert.False(await IsHeld(await bench.Volume(8 * MiB, spec => spec.Source = new VolumeSource { VolumeId = volume.Id, Incarnation = volume.Incarnation })));
        }
        await Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        Assert.False(await IsHeld(volume));
    }

    [DriverFact]
    public async Task An_image_in_a_pool_goes_when_no_disk_there_needs_it_and_is_brought_again()
    {
        await using var bench = new Bench(host);
        var pool = Assert.Single(host.Capabilities.Pools).Id;
        var images = Path.Combine(host.PoolDirectory, "images");
        var (image, aside) = (Path.Combine(images, host.Image.Sha256), Path.Combine(images, ".aside-" + host.Image.Sha256));
        async Task Prune(string? old)
        {
            if (old is not null) File.SetLastWriteTimeUtc(old, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
            await Driver.PruneImages(new HashSet<string>(), long.MaxValue, default);
        }
        async Task<Placed<MachineSpec>> Machine()
        {
            var machine = bench.Machine(spec => spec.Pool = pool);
            machine.Spec.RootDisk = machine.Incarnation;
            await bench.Ensure(machine);
            return machine;
        }
        async Task Remove(Placed<MachineSpec> machine)
        {
            await Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
            await Driver.RemoveRootDisk(machine.Id, pool, machine.Spec.RootDisk, default);
        }

        var first = await Machine();
        await Prune(old: image);
        Assert.Equal((true, false), (File.Exists(image), File.Exists(aside)));   // the disk is backed by it
        await Remove(first);
        await Prune(old: null);
        Assert.True(File.Exists(image));   // it was used not long ago
        await Prune(old: image);
        Assert.Equal((false, true), (File.Exists(image), File.Exists(aside)));
        await Prune(old: null);
        Assert.True(File.Exists(aside));

        // Another host may have made a disk of it at that moment.
        var second = await Machine();
        File.Delete(image);
        await Prune(old: aside);
        Assert.Equal((true, false), (File.Exists(image), File.Exists(aside)));
        await Remove(second);
        await Prune(old: image);
        await Prune(old: aside);
        Assert.Empty(Directory.GetFiles(images));
    }

    [DriverFact]
    public async Task Console_logs_go_with_their_machines()
    {
        await using var bench = new Bench(host);
        var consoles = Path.Combine(host.Options().Directory, "consoles");
        var (here, gone) = (bench.Machine(), bench.Machine());
        string Log(string id, string incarnation, string suffix = "")
        {
            var path = Path.Combine(consoles, $"{id}.{incarnation}.log{suffix}");
            if (!File.Exists(path)) File.WriteAllText(path, "hello");
            File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
            return path;
        }

        await bench.Ensure(here);
        await bench.Ensure(gone);
        string[] removed = [Log(gone.Id, gone.Incarnation), Log(gone.Id, gone.Incarnation, ".0")];
        await Driver.RemoveMachine(gone.Id, gone.Incarnation, default);
        Assert.All(removed, path => Assert.False(File.Exists(path)));

        var (wanted, incarnation) = (Bench.NewId(), Bench.NewId());
        string[] kept = [Log(here.Id, here.Incarnation), Log(wanted, incarnation), Log(wanted, incarnation, ".0")];
        var stray = Log(Bench.NewId(), Bench.NewId(), ".1");
        await Driver.PruneConsoles(new HashSet<(string, string)> { (wanted, incarnation) }, default);
        Assert.All(kept, path => Assert.True(File.Exists(path)));
        Assert.False(File.Exists(stray));
        await Driver.RemoveMachine(wanted, incarnation, default);
    }

    [DriverFact]
    public async Task A_volume_that_a_machine_has_is_locked_against_machines_of_other_hosts_and_a_wiped_one_is_all_zeros()
    {
        await using var bench = new Bench(host);
        var neighbour = await host.Neighbour();
        var pool = Assert.Single(host.Capabilities.Pools).Id;
        var volume = await bench.Volume(8 * MiB, spec => spec.Pool = pool);
        await neighbour.EnsureVolume(volume.Id, volume.Incarnation, 1, volume.Spec, default);   // what the control plane never does: two hosts have it
        Placed<MachineSpec> Machine() => bench.Machine(spec =>
        {
            (spec.Power, spec.Image) = (Power.Running, null);
            spec.Disks.Add(Bench.Disk(volume));
        });
        var (first, second) = (Machine(), Machine());
        await bench.Ensure(first);
        var refused = await Assert.ThrowsAsync<DriverException>(() => neighbour.EnsureMachine(second.Id, second.Incarnation, 1, second.Spec, default));
        Assert.Contains("lock", refused.Message, StringComparison.OrdinalIgnoreCase);

        await neighbour.RemoveMachine(second.Id, second.Incarnation, default);
        await Driver.RemoveMachine(first.Id, first.Incarnation, default);
        await neighbour.ReleaseVolume(volume.Id, volume.Incarnation, default);
        var file = Assert.Single(await host.Traces(volume.Id), path => path.EndsWith(".qcow2", StringComparison.Ordinal));
        await Driver.WipeVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default);
        Assert.All(await File.ReadAllBytesAsync(file), written => Assert.Equal(0, written));
    }
}
