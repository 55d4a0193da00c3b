using System.Globalization;
using System.Text.RegularExpressions;
using Controller.Agent.Protocol;
using Google.Protobuf;

namespace Controller.Agent.Tests.Drivers;

/// <summary>The contract where it is about what a machine is made of: sizes that change, boards, firmware, many devices, and the agent in its guest.</summary>
public abstract partial class HardwareContract(IDriverHost host) : StorageContract(host)
{
    private const string Ready = "DEMO: ready";
    private const ulong GiB = 1 << 30;

    [DriverFact]
    public async Task It_grows_while_it_runs_and_shrinks_when_it_is_started_anew()
    {
        await using var bench = new Bench(Host);
        var machine = bench.Machine(spec => (spec.Power, spec.MemoryBytes) = (Power.Running, GiB));
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, Ready);
        var before = Sizes().Matches(await bench.Console(machine))[0];
        Assert.Equal("1", before.Groups["cpus"].Value);

        var grown = await bench.Ensure(machine, spec => (spec.Cores, spec.MemoryBytes) = (3, GiB + (256 * MiB)));
        Assert.Equal((Power.Running, machine.Generation, false), (grown.Power, grown.Generation, grown.RestartPending));
        await Bench.Until(
            async () => Sizes().Matches(await bench.Console(machine))[^1] is var now && now.Groups["cpus"].Value == "3" && Memory(now) > Memory(before) + (200 << 10),
            async () => $"3 processors and 256 MiB more in the guest, which says:\n{await bench.Console(machine)}");
        Assert.False((await bench.Ensure(machine)).RestartPending);
        Assert.Equal(1, Bench.Count(await bench.Console(machine), Ready));

        // Less is never taken from a running guest, and a reset gives it what it had.
        Assert.True((await bench.Ensure(machine, spec => (spec.Cores, spec.MemoryBytes) = (2, GiB))).RestartPending);
        await Driver.Reboot(machine.Id, machine.Incarnation, RebootMethod.RebootWarm, TimeSpan.Zero, default);
        await bench.WaitForConsole(machine, Ready, times: 2);
        Assert.True((await bench.See(machine))!.RestartPending);
        Assert.Equal("3", Sizes().Matches(await bench.Console(machine))[^1].Groups["cpus"].Value);
        await Driver.Reboot(machine.Id, machine.Incarnation, RebootMethod.RebootGraceful, TimeSpan.FromSeconds(60), default);
        await bench.WaitForConsole(machine, Ready, times: 3);
        Assert.False((await bench.See(machine))!.RestartPending);
        Assert.Equal("2", Sizes().Matches(await bench.Console(machine))[^1].Groups["cpus"].Value);
    }

    [DriverFact]
    public async Task It_has_the_firmware_and_the_board_that_were_asked_for()
    {
        Assert.Contains("firmware-uefi", Host.Capabilities.Features);
        Assert.Contains("machine-pc", Host.Capabilities.Features);
        await using var bench = new Bench(Host);
        var volume = await bench.Volume(8 * MiB);
        var uefi = bench.Machine(spec => (spec.Power, spec.Firmware, spec.MemoryBytes) = (Power.Running, Firmware.Uefi, 256 * MiB));
        var pc = bench.Machine(spec => (spec.Power, spec.MachineType) = (Power.Running, MachineType.MachinePc));
        await Task.WhenAll(bench.Ensure(uefi), bench.Ensure(pc));
        await bench.WaitForConsole(pc, Ready);
        Assert.True(Assert.Single((await bench.Ensure(pc, spec => spec.Disks.Add(Bench.Disk(volume)))).Attachments).Attached);
        await bench.WaitForConsole(pc, $"={8 * MiB}");
        await bench.WaitForConsole(uefi, Ready);
        // What the firmware remembers is there at its next start, and goes with the machine.
        await Driver.Reboot(uefi.Id, uefi.Incarnation, RebootMethod.RebootCold, TimeSpan.Zero, default);
        await Driver.RemoveMachine(uefi.Id, uefi.Incarnation, default);
        Assert.Empty(await Host.Traces(uefi.Id));
    }

    [DriverFact]
    public async Task Many_devices_plugged_in_in_any_order_are_where_they_were_after_a_start()
    {
        await using var bench = new Bench(Host);
        var network = await bench.Network();
        var volumes = new List<Placed<VolumeSpec>>();
        for (var i = 1; i <= 4; i++)
            volumes.Add(await bench.Volume((ulong)i * 4 * MiB));
        string Mac(int nic) => $"52:54:00:00:07:0{nic}";
        var machine = bench.Machine(spec =>
        {
            spec.Power = Power.Running;
            spec.Disks.Add(Bench.Disk(volumes[2]));
            spec.Nics.Add(Bench.Nic(network, Mac(3)));
        });
        await bench.Ensure(machine);
        await bench.WaitForConsole(machine, Ready);
        foreach (var (disk, nic) in new[] { (0, 1), (3, 2) })
        {
            await bench.Ensure(machine, spec => spec.Disks.Add(Bench.Disk(volumes[disk])));
            await bench.WaitForConsole(machine, $"={volumes[disk].Spec.SizeBytes}");
            await bench.Ensure(machine, spec => spec.Nics.Add(Bench.Nic(network, Mac(nic))));
            await bench.WaitForConsole(machine, $"mac={Mac(nic)}");
        }
        var all = await bench.Ensure(machine, spec => spec.Disks.Add(Bench.Disk(volumes[1])));
        var disks = $" vdb={12 * MiB} vdc={4 * MiB} vdd={16 * MiB} vde={8 * MiB}";
        await bench.WaitForConsole(machine, disks);
        var devices = all.Attachments.Select(attachment => (attachment.LinkId, attachment.Device, attachment.Attached)).ToHashSet();
        Assert.Equal(7, devices.Count);

        await Driver.Reboot(machine.Id, machine.Incarnation, RebootMethod.RebootCold, TimeSpan.Zero, default);
        await bench.WaitForConsole(machine, disks, times: 2);
        foreach (var (name, nic) in new[] { ("eth0", 3), ("eth1", 1), ("eth2", 2) })
            await bench.WaitForConsole(machine, $"DEMO: nic {name} mac={Mac(nic)}", times: 2);
        Assert.True(devices.SetEquals((await bench.See(machine))!.Attachments.Select(attachment => (attachment.LinkId, attachment.Device, attachment.Attached))));
    }

    [DriverFact]
    public async Task More_devices_than_there_are_ports_are_refused_and_the_rest_is_there()
    {
        await using var bench = new Bench(Host);
        var network = await bench.Network();
        var machine = bench.Machine(spec =>
        {
            spec.Power = Power.Paused;
            for (var i = 0; i < 16; i++)
                spec.Nics.Add(Bench.Nic(network, $"52:54:00:00:08:{i:x2}"));
        });
        var refused = await Bench.Refused("no-port", () => bench.Ensure(machine));
        Assert.Contains("16 NICs, and has ports for 15 of them", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.Retryable);
        Assert.Equal(Power.Paused, (await bench.See(machine))!.Power);
        Assert.Equal(Power.Off, (await bench.Ensure(machine, spec => spec.Power = Power.Off)).Power);
        await bench.Ensure(machine, spec => spec.Nics.RemoveAt(15));
        Assert.Equal(15, (await bench.See(machine))!.Attachments.Count);
    }

    [DriverFact]
    public async Task The_agent_in_its_guest_tells_addresses_rests_file_systems_and_shuts_down()
    {
        await using var bench = new Bench(Host);
        var image = await Host.AgentImage();
        var network = await bench.Network();
        var machine = bench.Machine(spec =>
        {
            (spec.Power, spec.Image) = (Power.Running, image);
            spec.Nics.Add(Bench.Nic(network, "52:54:00:00:09:01"));
            spec.Seed.UserData = ByteString.CopyFromUtf8("#!/bin/sh\n# qemu-ga starts by itself\n");
            // As the control plane writes it (GuestNetwork).
            spec.Seed.NetworkConfig =
                """
                version: 2
                ethernets:
                  eth0:
                    match: { macaddress: "52:54:00:00:09:01" }
                    set-name: "eth0"
                    addresses: [ "10.209.0.7/24" ]
                    gateway4: "10.209.0.1"
                    nameservers: { addresses: [ "9.9.9.9" ] }

                """;
        });
        Assert.False((await bench.Ensure(machine)).AgentConnected);
        await bench.WaitForConsole(machine, Ready);
        await bench.WaitForConsole(machine, "DEMO: static eth0 address=10.209.0.7/24 gateway=10.209.0.1");
        ObservedMachine? seen = null;
        await Bench.Until(
            async () => (seen = await bench.See(machine)) is { AgentConnected: true, Addresses.Count: > 0 },
            async () => $"the guest's agent and its addresses; seen is {seen}, and the guest says:\n{await bench.Console(machine)}");
        Assert.Contains(seen!.Addresses, address => (address.LinkId, address.Address) == (machine.Spec.Nics[0].LinkId, "fe80::5054:ff:fe00:901"));

        await (await Driver.CopyRootDisk(machine.Id, machine.Incarnation, default)).DisposeAsync();
        await bench.WaitForConsole(machine, "DEMO: file systems freeze");
        await bench.WaitForConsole(machine, "DEMO: file systems thaw");

        var stopped = await bench.Ensure(machine, spec => (spec.Power, spec.Stop, spec.StopGraceSeconds) = (Power.Off, StopMethod.StopGraceful, 60));
        Assert.Equal((Power.Off, false), (stopped.Power, stopped.AgentConnected));
        Assert.Contains("DEMO: agent shutdown", await bench.Console(machine), StringComparison.Ordinal);
    }

    private static long Memory(Match size) => long.Parse(size.Groups["memory"].Value, CultureInfo.InvariantCulture);

    /// <summary>What the guest has of either: at its beginning, and whenever that changes.</summary>
    [GeneratedRegex(@"DEMO: (init.*|size) cpus=(?<cpus>\d+) memory=(?<memory>\d+)k")]
    private static partial Regex Sizes();
}
