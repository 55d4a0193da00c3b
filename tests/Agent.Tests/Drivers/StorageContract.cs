using System.Security.Cryptography;
using Controller.Agent.Protocol;

namespace Controller.Agent.Tests.Drivers;

/// <summary>What volumes and root disks are made of, where they are, and who has them. The demo guest counts its boots on the disk that it boots from: that tells one content from another.</summary>
public abstract class StorageContract(IDriverHost host) : MachineContract(host)
{
    private string Pool => Assert.Single(Host.Capabilities.Pools).Id;

    [DriverFact]
    public void A_shared_pool_is_one_by_what_is_in_it()
    {
        var pool = Assert.Single(Host.Capabilities.Pools);
        Assert.Equal("shared", pool.Name);
        Assert.True(Guid.TryParseExact(pool.Id, "D", out _), pool.Id);
        Assert.True(pool.SizeBytes >= pool.FreeBytes && pool.FreeBytes > 0);
    }

    [DriverFact]
    public async Task What_was_made_once_is_never_made_anew_and_what_is_elsewhere_is_not_here()
    {
        await using var bench = new Bench(Host);
        foreach (var pool in new[] { "", Pool })
        {
            var lost = await Bench.Refused("volume-lost", () => bench.Volume(8 * MiB, spec => (spec.Pool, spec.Existing) = (pool, true)));
            Assert.False(lost.Retryable);
        }
        await Bench.Refused("no-pool", () => bench.Volume(8 * MiB, spec => spec.Pool = Bench.NewId()));
        await Bench.Refused("no-source", () => bench.Volume(8 * MiB, spec => spec.Source = new VolumeSource { VolumeId = Bench.NewId(), Incarnation = Bench.NewId() }));
        var machine = bench.Machine(spec => (spec.Pool, spec.RootDisk) = (Pool, Bench.NewId()));
        Assert.False((await Bench.Refused("disk-lost", () => bench.Ensure(machine))).Retryable);

        // Unless nobody has ever heard that it was made.
        await bench.Ensure(machine, spec => spec.RootDiskUnmade = true);
        await Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        await Driver.RemoveRootDisk(machine.Id, Pool, machine.Spec.RootDisk, default);

        // On the host's own disks, too, where the control plane knows that it was there: as after a restore of its database.
        var gone = bench.Machine(spec => spec.Existing = true);
        Assert.False((await Bench.Refused("disk-lost", () => bench.Ensure(gone))).Retryable);
        await bench.Ensure(gone, spec => spec.Existing = false);
        await bench.Ensure(gone, spec => spec.Existing = true);
        await Driver.RemoveMachine(gone.Id, gone.Incarnation, default);
    }

    [DriverFact]
    public async Task A_released_volume_is_seen_no_more_and_is_there_for_others()
    {
        await using var bench = new Bench(Host);
        var volume = await bench.Volume(8 * MiB, spec => spec.Pool = Pool);
        var machine = bench.Machine(spec => spec.Disks.Add(Bench.Disk(volume)));
        await bench.Ensure(machine);
        await Bench.Refused("in-use", () => Driver.ReleaseVolume(volume.Id, volume.Incarnation, default));
        await Bench.Refused("in-use", () => Driver.WipeVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default));
        await Driver.RemoveMachine(machine.Id, machine.Incarnation, default);

        await Driver.ReleaseVolume(volume.Id, volume.Incarnation, default);
        await Driver.ReleaseVolume(volume.Id, volume.Incarnation, default);
        Assert.DoesNotContain((await Driver.Inspect(default)).Volumes, seen => seen.Id == volume.Id);

        var neighbour = await Host.Neighbour();
        volume.Spec.Existing = true;
        var there = await neighbour.EnsureVolume(volume.Id, volume.Incarnation, 7, volume.Spec, default);
        Assert.Equal((true, 8 * MiB, 7UL), (there.Present, there.SizeBytes, there.Generation));
        Assert.DoesNotContain((await Driver.Inspect(default)).Volumes, seen => seen.Id == volume.Id);
        Assert.Contains((await neighbour.Inspect(default)).Volumes, seen => seen.Id == volume.Id);

        await neighbour.WipeVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default);
        await neighbour.RemoveVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default);
        Assert.Empty(await Host.Traces(volume.Id));
    }

    [DriverFact]
    public async Task A_volume_whose_pool_is_not_mounted_is_neither_wiped_nor_removed()
    {
        await using var bench = new Bench(Host);
        var volume = await bench.Volume(8 * MiB, spec => spec.Pool = Pool);
        var away = Host.PoolDirectory + ".away";
        Directory.Move(Host.PoolDirectory, away);
        try
        {
            Directory.CreateDirectory(Host.PoolDirectory);   // as a mount point is without its mount
            foreach (var pool in new[] { volume.Spec.Pool, "" })
            {
                Assert.True((await Bench.Refused("no-pool", () => Driver.WipeVolume(volume.Id, volume.Incarnation, pool, default))).Retryable);
                Assert.True((await Bench.Refused("no-pool", () => Driver.RemoveVolume(volume.Id, volume.Incarnation, pool, default))).Retryable);
            }
        }
        finally
        {
            Directory.Delete(Host.PoolDirectory, recursive: true);
            Directory.Move(away, Host.PoolDirectory);
        }
        Assert.NotEmpty(await Host.Traces(volume.Id));
        await Driver.WipeVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default);
        await Driver.RemoveVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default);
        Assert.Empty(await Host.Traces(volume.Id));
    }

    [DriverFact]
    public async Task Images_that_nobody_needs_make_room()
    {
        await using var bench = new Bench(Host);
        var machine = bench.Machine();
        await bench.Ensure(machine);
        async Task<Image> Stored()
        {
            var bytes = RandomNumberGenerator.GetBytes(4096);
            var image = new Image { Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)), Format = "raw", SizeBytes = (ulong)bytes.Length };
            await Driver.EnsureImage(image, new MemoryStream(bytes), default);
            return image;
        }

        var (needed, idle) = (await Stored(), await Stored());
        await Driver.PruneImages(new HashSet<string> { needed.Sha256 }, long.MaxValue, default);
        Assert.True(await Driver.HasImage(idle, default));
        await Driver.PruneImages(new HashSet<string> { needed.Sha256 }, 0, default);
        Assert.Equal((true, false), (await Driver.HasImage(needed, default), await Driver.HasImage(idle, default)));
        Assert.True(await Driver.HasImage(Host.Image, default));   // the machine's disk is backed by it
    }

    [DriverFact]
    public async Task A_machine_boots_from_a_volume_and_a_snapshot_keeps_its_moment()
    {
        await using var bench = new Bench(Host);
        var volume = await bench.Volume(64 * MiB, spec => spec.Image = Host.Image);
        Assert.Equal(64 * MiB, (await bench.Ensure(volume)).SizeBytes);
        var machine = bench.Machine(spec =>
        {
            (spec.Power, spec.Image) = (Power.Running, null);
            spec.Disks.Add(Boot(volume));
        });
        Assert.Equal("vda", Assert.Single((await bench.Ensure(machine)).Attachments).Device);
        await bench.WaitForConsole(machine, "DEMO: boots 1");
        await bench.WaitForConsole(machine, "DEMO: ready");

        // Taken while the guest runs, which does not notice; and a copy of the copy.
        var snapshot = await bench.Volume(64 * MiB, spec => spec.Source = Source(volume));
        await bench.Volume(64 * MiB, spec => (spec.Source, spec.Pool) = (Source(snapshot), Pool));
        Assert.Equal(Power.Running, (await bench.See(machine))!.Power);
        await Bench.Refused("in-use", () => bench.Ensure(volume, spec => spec.Revert = Source(snapshot)));
        volume.Spec.Revert = null;
        await Driver.Reboot(machine.Id, machine.Incarnation, RebootMethod.RebootCold, TimeSpan.Zero, default);
        await bench.WaitForConsole(machine, "DEMO: boots 2");
        Assert.Equal(1, Bench.Count(await bench.Console(machine), "DEMO: boots 1"));

        await Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        await bench.Ensure(volume, spec => spec.Revert = Source(snapshot));
        var again = bench.Machine(spec =>
        {
            (spec.Power, spec.Image) = (Power.Running, null);
            spec.Disks.Add(Boot(volume));
        });
        await bench.Ensure(again);
        await bench.WaitForConsole(again, "DEMO: boots 2");
    }

    [DriverFact]
    public async Task A_machine_whose_disks_are_in_a_shared_pool_goes_on_elsewhere()
    {
        await using var bench = new Bench(Host);
        var neighbour = await Host.Neighbour();
        var volume = await bench.Volume(24 * MiB, spec => spec.Pool = Pool);
        var machine = bench.Machine(spec =>
        {
            (spec.Power, spec.Pool) = (Power.Running, Pool);
            spec.Disks.Add(Bench.Disk(volume));
        });
        machine.Spec.RootDisk = machine.Incarnation;
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, "DEMO: boots 1");
        await bench.WaitForConsole(machine, $"vdb={24 * MiB}");
        await Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        await Driver.ReleaseVolume(volume.Id, volume.Incarnation, default);

        var incarnation = Bench.NewId();
        volume.Spec.Existing = true;
        await neighbour.EnsureVolume(volume.Id, volume.Incarnation, 9, volume.Spec, default);
        await neighbour.EnsureImage(Host.Image, Host.OpenImage(), default);
        await neighbour.EnsureMachine(machine.Id, incarnation, 9, machine.Spec, default);
        await Bench.WaitForConsole(neighbour, machine.Id, "DEMO: boots 2");
        await Bench.WaitForConsole(neighbour, machine.Id, $"vdb={24 * MiB}");

        await neighbour.RemoveMachine(machine.Id, incarnation, default);
        await neighbour.RemoveRootDisk(machine.Id, Pool, machine.Spec.RootDisk, default);
        await neighbour.RemoveVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default);
        Assert.Empty(await Host.Traces(machine.Id, volume.Id));
    }

    private static Disk Boot(Placed<VolumeSpec> volume) => new() { LinkId = Bench.NewId(), VolumeId = volume.Id, Device = "vda" };

    private static VolumeSource Source(Placed<VolumeSpec> volume) => new() { VolumeId = volume.Id, Incarnation = volume.Incarnation, Pool = volume.Spec.Pool };
}
