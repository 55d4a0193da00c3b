using System.Security.Cryptography;
using Controller.Agent.Drivers;
using Controller.Agent.Protocol;

namespace Controller.Agent.Tests.Drivers;

/// <summary>What every driver keeps. Each driver's class inherits it; <see cref="MachineContract"/> adds what needs a booted guest.</summary>
public abstract class DriverContract(IDriverHost host)
{
    protected const ulong MiB = 1 << 20;

    protected IDriverHost Host => host;

    protected IHypervisorDriver Driver => host.Driver;

    [DriverFact]
    public void Says_what_the_host_has()
    {
        Assert.True(host.Capabilities.Cores > 0);
        Assert.True(host.Capabilities.MemoryBytes > 256 * MiB);
        Assert.True(host.Capabilities.DiskBytes > 256 * MiB);
        Assert.NotEmpty(host.Capabilities.Hypervisor);
        Assert.Contains("hotplug-disk", host.Capabilities.Features);
        Assert.Contains("hotplug-nic", host.Capabilities.Features);
        Assert.True(Driver.Health.Healthy, Driver.Health.Why);
    }

    [DriverFact]
    public async Task A_volume_is_made_once_grows_and_never_shrinks()
    {
        await using var bench = new Bench(host);
        var volume = await bench.Volume(16 * MiB);
        var again = await bench.Ensure(volume);
        Assert.Equal((16 * MiB, true, volume.Generation, volume.Incarnation), (again.SizeBytes, again.Present, again.Generation, again.Incarnation));

        Assert.Equal(24 * MiB, (await bench.Ensure(volume, spec => spec.SizeBytes = 24 * MiB)).SizeBytes);
        Assert.Equal(24 * MiB, (await bench.Ensure(volume)).SizeBytes);
        await Bench.Refused("shrink", () => bench.Ensure(volume, spec => spec.SizeBytes = 20 * MiB));

        var seen = Assert.Single((await Driver.Inspect(default)).Volumes, seen => seen.Id == volume.Id);
        Assert.Equal((24 * MiB, true, volume.Incarnation), (seen.SizeBytes, seen.Present, seen.Incarnation));
    }

    [DriverFact]
    public async Task A_removed_volume_is_gone_and_may_be_removed_again()
    {
        await using var bench = new Bench(host);
        var volume = await bench.Volume(8 * MiB);
        await Driver.RemoveVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default);
        await Driver.RemoveVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default);
        Assert.DoesNotContain((await Driver.Inspect(default)).Volumes, seen => seen.Id == volume.Id);
        Assert.Empty(await host.Traces(volume.Id));
    }

    [DriverFact]
    public async Task An_image_that_is_not_what_it_should_be_is_refused()
    {
        var bytes = new byte[4096];
        var image = new Image { Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)), Format = "raw", SizeBytes = (ulong)bytes.Length };
        bytes[17] ^= 1;
        await Bench.Refused("image-digest", () => Driver.EnsureImage(image, new MemoryStream(bytes), default));
        Assert.False(await Driver.HasImage(image, default));

        bytes[17] ^= 1;
        await Driver.EnsureImage(image, new MemoryStream(bytes), default);
        await Driver.EnsureImage(image, new MemoryStream(bytes), default);
        Assert.True(await Driver.HasImage(image, default));
    }

    [DriverFact]
    public async Task A_network_follows_its_spec()
    {
        await using var bench = new Bench(host);
        var network = await bench.Network(spec => Addressed(spec, "10.201.1.0/24", "10.201.1.1"));
        Assert.True((await bench.Ensure(network)).Active);

        var reserved = await bench.Ensure(
            network, spec => spec.Reservations.Add(new Reservation { Mac = "52:54:00:00:01:01", Address = "10.201.1.11", Hostname = "one" }));
        Assert.Equal((true, network.Generation), (reserved.Active, reserved.Generation));
        // The same name twice, an address that moves to another MAC, one reservation gone: all at once.
        var moved = await bench.Ensure(
            network,
            spec =>
            {
                spec.Reservations.Clear();
                spec.Reservations.Add(new Reservation { Mac = "52:54:00:00:01:02", Address = "10.201.1.11", Hostname = "one" });
                spec.Reservations.Add(new Reservation { Mac = "52:54:00:00:01:03", Address = "10.201.1.12", Hostname = "one" });
            });
        Assert.Equal((true, network.Generation), (moved.Active, moved.Generation));

        Assert.False((await bench.Ensure(network, spec => spec.Active = false)).Active);
        Assert.False(Assert.Single((await Driver.Inspect(default)).Networks, seen => seen.Id == network.Id).Active);
        Assert.True((await bench.Ensure(network, spec => spec.Active = true)).Active);

        await Driver.RemoveNetwork(network.Id, network.Incarnation, default);
        await Driver.RemoveNetwork(network.Id, network.Incarnation, default);
        Assert.DoesNotContain((await Driver.Inspect(default)).Networks, seen => seen.Id == network.Id);
        Assert.Empty(await host.Traces(network.Id));
    }

    [DriverFact]
    public async Task Networks_of_every_sort_are_there_side_by_side()
    {
        await using var bench = new Bench(host);
        var plain = await bench.Network();
        var routed = await bench.Network(spec =>
        {
            Addressed(spec, "10.201.2.0/24", "10.201.2.1");
            spec.Mode = NetworkSpec.Types.Mode.Nat;
        });
        var silent = await bench.Network(spec =>
        {
            Addressed(spec, "10.201.3.0/24", "10.201.3.1");
            spec.Dhcp = false;
        });
        var seen = (await Driver.Inspect(default)).Networks;
        Assert.All([plain, routed, silent], network => Assert.Contains(seen, other => other.Id == network.Id && other.Active && other.Incarnation == network.Incarnation));
    }

    [DriverFact]
    public async Task A_network_that_spans_hosts_has_peers_IPv6_name_servers_and_an_MTU()
    {
        await using var bench = new Bench(host);
        var network = await bench.Network(spec =>
        {
            Addressed(spec, "10.201.4.0/24", "10.201.4.1");
            (spec.Mode, spec.Vni, spec.Mtu, spec.Cidr6, spec.Gateway6) = (NetworkSpec.Types.Mode.Nat, 4096, 1450, "fd6f:6363:6930:4::/64", "fd6f:6363:6930:4::1");
            spec.Peers.Add("192.0.2.11");
        });
        var changed = await bench.Ensure(network, spec =>
        {
            spec.Peers.Clear();
            spec.Dns.Add("192.0.2.53");
        });
        Assert.Equal((true, network.Generation), (changed.Active, changed.Generation));
        Assert.True(Assert.Single((await Driver.Inspect(default)).Networks, seen => seen.Id == network.Id).Active);
    }

    [DriverFact]
    public async Task A_network_of_the_world_outside_is_where_the_host_is_plugged_in_and_nowhere_else()
    {
        await using var bench = new Bench(host);
        var refused = await Bench.Refused("no-physical-network", () => bench.Network(spec => (spec.Mode, spec.Physical) = (NetworkSpec.Types.Mode.Bridged, "nowhere")));
        Assert.Contains("nowhere", refused.Message, StringComparison.Ordinal);
    }

    [DriverFact]
    public async Task A_machine_that_is_off_is_defined_once_and_removed_without_a_trace()
    {
        await using var bench = new Bench(host);
        var volume = await bench.Volume(8 * MiB);
        var machine = bench.Machine(spec => spec.Disks.Add(Bench.Disk(volume)));
        await bench.Ensure(machine);
        var seen = await bench.Ensure(machine);
        Assert.Equal((Power.Off, machine.Generation, machine.Incarnation), (seen.Power, seen.Generation, seen.Incarnation));
        var attachment = Assert.Single(seen.Attachments);
        Assert.Equal((machine.Spec.Disks[0].LinkId, true, "vdb"), (attachment.LinkId, attachment.Attached, attachment.Device));
        Assert.Equal(seen.Generation, (await bench.See(machine))!.Generation);

        await Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        await Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        Assert.Null(await bench.See(machine));
        Assert.Empty(await host.Traces(machine.Id));
    }

    [DriverFact]
    public async Task Another_incarnation_is_refused_and_left_alone()
    {
        await using var bench = new Bench(host);
        var machine = bench.Machine();
        await bench.Ensure(machine);
        var volume = await bench.Volume(8 * MiB);
        var network = await bench.Network();
        var other = Bench.NewId();

        await Bench.Refused("incarnation", () => Driver.EnsureMachine(machine.Id, other, 9, machine.Spec, default));
        await Bench.Refused("incarnation", () => Driver.EnsureVolume(volume.Id, other, 9, volume.Spec, default));
        await Bench.Refused("incarnation", () => Driver.EnsureNetwork(network.Id, other, 9, network.Spec, default));

        await Driver.RemoveMachine(machine.Id, other, default);
        await Driver.RemoveVolume(volume.Id, other, volume.Spec.Pool, default);
        await Driver.RemoveNetwork(network.Id, other, default);
        var there = await Driver.Inspect(default);
        Assert.Equal(machine.Incarnation, Assert.Single(there.Machines, seen => seen.Id == machine.Id).Incarnation);
        Assert.Equal(volume.Incarnation, Assert.Single(there.Volumes, seen => seen.Id == volume.Id).Incarnation);
        Assert.Equal(network.Incarnation, Assert.Single(there.Networks, seen => seen.Id == network.Id).Incarnation);
    }

    [DriverFact]
    public async Task What_a_machine_uses_is_not_removed()
    {
        await using var bench = new Bench(host);
        var volume = await bench.Volume(8 * MiB);
        var network = await bench.Network();
        var machine = bench.Machine(spec =>
        {
            spec.Disks.Add(Bench.Disk(volume));
            spec.Nics.Add(Bench.Nic(network, "52:54:00:00:02:01"));
        });
        await bench.Ensure(machine);
        await Bench.Refused("in-use", () => Driver.RemoveVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default));
        await Bench.Refused("in-use", () => Driver.RemoveNetwork(network.Id, network.Incarnation, default));

        await bench.Ensure(
            machine,
            spec =>
            {
                spec.Disks.Clear();
                spec.Nics.Clear();
            });
        await Driver.RemoveVolume(volume.Id, volume.Incarnation, volume.Spec.Pool, default);
        await Driver.RemoveNetwork(network.Id, network.Incarnation, default);
    }

    [DriverFact]
    public async Task A_machine_without_its_image_or_volume_says_so()
    {
        await using var bench = new Bench(host);
        var imageless = bench.Machine(spec => spec.Image = new Image { Sha256 = new string('0', 64), Format = "qcow2", SizeBytes = 1 });
        Assert.Contains(new string('0', 64), (await Bench.Refused("no-image", () => bench.Ensure(imageless))).Message, StringComparison.Ordinal);

        var missing = Bench.NewId();
        var diskless = bench.Machine(spec => spec.Disks.Add(new Disk { LinkId = Bench.NewId(), VolumeId = missing }));
        Assert.Contains(missing, (await Bench.Refused("no-volume", () => bench.Ensure(diskless))).Message, StringComparison.Ordinal);
    }

    [DriverFact]
    public async Task A_machine_that_does_not_run_cannot_be_rebooted()
    {
        await using var bench = new Bench(host);
        var machine = bench.Machine();
        await Bench.Refused("not-running", () => Driver.Reboot(machine.Id, machine.Incarnation, RebootMethod.RebootCold, TimeSpan.Zero, default));
        await bench.Ensure(machine);
        await Bench.Refused("not-running", () => Driver.Reboot(machine.Id, machine.Incarnation, RebootMethod.RebootWarm, TimeSpan.Zero, default));
    }

    [DriverFact]
    public async Task Only_a_machine_that_is_there_and_has_a_disk_can_be_copied()
    {
        await using var bench = new Bench(host);
        var machine = bench.Machine(spec => spec.Image = null);
        await Bench.Refused("no-such-machine", () => Driver.CopyRootDisk(machine.Id, machine.Incarnation, default));
        await bench.Ensure(machine);
        await Bench.Refused("diskless", () => Driver.CopyRootDisk(machine.Id, machine.Incarnation, default));
        await Bench.Refused("no-such-machine", () => Driver.CopyRootDisk(machine.Id, Bench.NewId(), default));
    }

    [DriverFact]
    public async Task The_console_of_an_unknown_machine_is_empty()
    {
        var part = await Driver.ReadConsole(Bench.NewId(), 0, 100, default);
        Assert.Equal((0, 0UL), (part.Data.Length, part.Size));
    }

    protected static void Addressed(NetworkSpec spec, string cidr, string gateway) => (spec.Cidr, spec.Gateway, spec.Dhcp) = (cidr, gateway, true);
}
