using System.Diagnostics;
using System.Globalization;
using Controller.Agent.Drivers.Libvirt;
using Controller.Agent.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using static Controller.Agent.Tests.Drivers.Wiring;
using Mode = Controller.Agent.Protocol.NetworkSpec.Types.Mode;

namespace Controller.Agent.Tests.Drivers;

/// <summary>Addresses of the world outside for machines of NAT networks, tried from there.</summary>
[NeedsLibvirt]
public sealed class LibvirtFloatingTests(LibvirtPair pair) : IClassFixture<LibvirtPair>
{
    private const string Floating = "198.51.100.77", AnotherFloating = "198.51.100.76", Outside = "198.51.100.1";

    [DriverFact]
    public async Task The_outside_reaches_a_machine_by_an_address_that_goes_where_it_goes()
    {
        await using var one = new Bench(pair.One);
        await using var other = new Bench(pair.Other);
        var first = await Server(one, "10.210.14.0/24", "52:54:00:21:0e:0b", "10.210.14.11", "first");
        await Answers("first");
        await one.WaitForConsole(first, "TEST: outside yes");

        // The machine sees who asks: its groups' rules are about the outside's addresses.
        await one.Ensure(first, spec =>
        {
            spec.Nics[0].Filtered = true;
            spec.Nics[0].Rules.Add(new SecurityRule { Protocol = 6, FirstPort = 80, LastPort = 80, Remote = Outside + "/32" });
        });
        await Answers("first");
        await one.Ensure(first, spec => spec.Nics[0].Rules[0].Remote = "198.51.100.2/32");
        await Answers("");
        await one.Ensure(first, spec => spec.Nics[0].Filtered = false);
        await Answers("first");

        // What somebody takes away is put back.
        await pair.One.Network.Run("nft", ["delete", "table", "ip", "occi"], default);
        await pair.One.Network.Run("ip", ["rule", "flush", "priority", "20000"], default);
        await pair.One.Network.Run("iptables", ["-F", "FORWARD"], default);
        await Bench.Until(
            async () =>
            {
                await pair.One.Driver.Inspect(default);
                return await Ask() == "first";
            },
            () => Task.FromResult("the first machine to be reached again"));

        // By a second address, too; what it sends goes by the first one.
        await one.Ensure(first, spec => spec.Nics[0].Floating.Add(new FloatingAddress(spec.Nics[0].Floating[0]) { Address = AnotherFloating }));
        await Answers("first", AnotherFloating);
        await Answers("first");

        // A machine beside it comes as the address that it asks for, and not as the gateway, whom the group lets in.
        var beside = await one.Network(spec => Addressed(spec, "10.210.17.0/24", ""));
        var guest = await Start(
            one, beside, "52:54:00:21:11:0b", "10.210.17.11", "",
            $"""
            while :; do echo "TEST: beside [$(timeout 5 nc -w 2 {Floating} 80 < /dev/null)]"; sleep 1; done
            """);
        await Says(one, guest, "TEST: beside [first]");
        await one.Ensure(first, spec =>
        {
            spec.Nics[0].Filtered = true;
            spec.Nics[0].Rules[0].Remote = "10.210.0.0/16";
        });
        await Says(one, guest, "TEST: beside []");
        await one.Ensure(first, spec => spec.Nics[0].Rules[0].Remote = Floating + "/32");
        await Says(one, guest, "TEST: beside [first]");
        await one.Ensure(first, spec => spec.Nics[0].Filtered = false);

        // To a machine on another host, as when its compute is moved there or another is linked: who knew the address hears of it.
        var second = await Server(other, "10.210.15.0/24", "52:54:00:21:0f:0b", "10.210.15.11", "second");
        await one.Ensure(first, spec => spec.Nics[0].Floating.Clear());
        await Answers("second");
        Assert.Equal("", await pair.One.Network.Run("ip", ["rule", "show", "priority", "19999"], default));
        Assert.Equal("", await pair.One.Network.Run("ip", ["rule", "show", "priority", "20000"], default));
        Assert.DoesNotContain(Floating, await pair.One.Network.Run("nft", ["list", "ruleset"], default), StringComparison.Ordinal);
        Assert.DoesNotContain(Floating, await pair.One.Network.Run("ip", ["address"], default), StringComparison.Ordinal);

        // A machine whose lease is over has none, whatever it is on another host now.
        await pair.Other.Driver.EndMachine(second.Id, second.Incarnation, default);
        Assert.DoesNotContain(Floating, await pair.Other.Network.Run("ip", ["address"], default), StringComparison.Ordinal);
        await other.Ensure(second);
        await Answers("second");

        await pair.Other.Driver.RemoveMachine(second.Id, second.Incarnation, default);
        await Answers("");
        Assert.DoesNotContain(Floating, await pair.Other.Network.Run("ip", ["address"], default), StringComparison.Ordinal);
    }

    [DriverFact]
    public async Task Without_the_network_outside_the_machine_runs_and_says_what_it_waits_for()
    {
        await using var bench = new Bench(pair.One);
        var network = await bench.Network(spec => Addressed(spec, "10.210.16.0/24", ""));
        var machine = bench.Machine(spec =>
        {
            spec.Power = Power.Running;
            spec.Nics.Add(Bench.Nic(network, "52:54:00:21:10:0b", "10.210.16.11"));
            spec.Nics[0].Floating.Add(new FloatingAddress { Address = "198.51.100.78", NetworkId = Bench.NewId(), Cidr = "198.51.100.0/24", Gateway = Outside });
        });
        Assert.True((await Bench.Refused("no-network", () => bench.Ensure(machine))).Retryable);
        Assert.Equal(Power.Running, (await bench.See(machine))!.Power);
        var outside = await bench.Network(spec => (spec.Mode, spec.Physical) = (Mode.Bridged, "public"));
        machine.Spec.Nics[0].Floating[0].NetworkId = outside.Id;
        await Bench.Refused("invalid", () => bench.Ensure(machine, spec => spec.Nics[0].Floating[0].Gateway = "198.51.100.1; drop"));
        await bench.Ensure(machine, spec => spec.Nics[0].Floating[0].Gateway = Outside);
    }

    [DriverFact]
    public async Task What_could_not_be_done_is_done_later_and_what_nobody_tells_of_goes()
    {
        await using var bench = new Bench(pair.One);
        var outside = await bench.Network(spec => (spec.Mode, spec.Physical) = (Mode.Bridged, "public"));
        var network = await bench.Network(spec => Addressed(spec, "10.210.18.0/24", ""));
        FloatingAddress Of(string address) => new() { Address = address, NetworkId = outside.Id, Cidr = "198.51.100.0/24", Gateway = Outside };
        Task<string> Host(string tool, params string[] arguments) => pair.One.Network.Run(tool, arguments, default);
        var machine = bench.Machine(spec =>
        {
            spec.Nics.Add(Bench.Nic(network, "52:54:00:21:12:0b", "10.210.18.11"));
            spec.Nics[0].Floating.Add(Of("198.51.100.81"));
        });
        await bench.Ensure(machine);
        var bridge = (await Host("ip", "-o", "address", "show", "to", "198.51.100.81/32")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];

        // A table that is not ours is in the way.
        await Host("nft", "delete", "table", "ip", "occi");
        await Host("nft", "add table ip occi; add map ip occi own { type ipv4_addr : ipv4_addr; }");
        await Bench.Refused("host-network", () => bench.Ensure(machine, spec => spec.Nics[0].Floating[0].Address = "198.51.100.82"));
        Assert.DoesNotContain("198.51.100.81", await Host("ip", "address"), StringComparison.Ordinal);
        await using (var again = new LibvirtDriver(pair.One.Options(), TimeProvider.System, NullLogger<LibvirtDriver>.Instance))
        {
            await again.Start(default);
            Assert.Contains((await again.Inspect(default)).Machines, seen => seen.Id == machine.Id);
        }
        await Host("nft", "delete", "table", "ip", "occi");
        await bench.Ensure(machine);
        Assert.Contains("198.51.100.82/32", await Host("ip", "address"), StringComparison.Ordinal);
        Assert.Contains("198.51.100.82", await Host("nft", "list", "table", "ip", "occi"), StringComparison.Ordinal);

        // Left behind by an agent that lost its files.
        await Host("ip", "address", "add", "198.51.100.83/32", "dev", bridge, "metric", "20000");
        await Host("ip", "rule", "add", "from", "10.210.18.12/32", "lookup", "1325400064", "priority", "20000");
        // The host's own.
        await Host("ip", "address", "add", "198.51.100.84/32", "dev", bridge);
        await using (var again = new LibvirtDriver(pair.One.Options(), TimeProvider.System, NullLogger<LibvirtDriver>.Instance))
        {
            await again.Start(default);
            await again.Inspect(default);
        }
        var addresses = await Host("ip", "address");
        Assert.DoesNotContain("198.51.100.83", addresses, StringComparison.Ordinal);
        Assert.Contains("198.51.100.82/32", addresses, StringComparison.Ordinal);
        Assert.Contains("198.51.100.84/32", addresses, StringComparison.Ordinal);
        var rules = await Host("ip", "rule", "show", "priority", "20000");
        Assert.DoesNotContain("10.210.18.12", rules, StringComparison.Ordinal);
        Assert.Contains("10.210.18.11", rules, StringComparison.Ordinal);

        for (var i = 0; i < 2; i++)
            Assert.False((await Bench.Refused("address-in-use", () => bench.Ensure(machine, spec => spec.Nics[0].Floating[0].Address = "198.51.100.84"))).Retryable);
        Assert.DoesNotContain("198.51.100.82", await Host("ip", "address"), StringComparison.Ordinal);
        Assert.DoesNotContain("198.51.100.84", await Host("nft", "list", "table", "ip", "occi"), StringComparison.Ordinal);
        await pair.One.Driver.RemoveMachine(machine.Id, machine.Incarnation, default);
        Assert.Contains("198.51.100.84/32", await Host("ip", "address"), StringComparison.Ordinal);
        await Host("ip", "address", "delete", "198.51.100.84/32", "dev", bridge);
    }

    /// <summary>It says so once more, and again: the first time it may have begun to ask before.</summary>
    private static async Task Says(Bench bench, Placed<MachineSpec> machine, string text) =>
        await bench.WaitForConsole(machine, text, Bench.Count(await bench.Console(machine), text) + 2);

    private static async Task<Placed<MachineSpec>> Server(Bench bench, string cidr, string mac, string address, string says)
    {
        var outside = await bench.Network(spec => (spec.Mode, spec.Physical) = (Mode.Bridged, "public"));
        var network = await bench.Network(spec => Addressed(spec, cidr, ""));
        return await Start(
            bench, network, mac, address, "",
            $"""
            while :; do echo {says} | timeout 10 nc -l -p 80; done &
            until ping -c 1 -W 2 {Outside} > /dev/null 2>&1; do sleep 1; done
            echo "TEST: outside yes"
            """,
            nic => nic.Floating.Add(new FloatingAddress { Address = Floating, NetworkId = outside.Id, Cidr = "198.51.100.0/24", Gateway = Outside }));
    }

    private Task Answers(string says, string address = Floating) =>
        Bench.Until(async () => await Ask(address) == says, async () => $"{address} to say '{says}', and it says '{await Ask(address)}'");

    /// <summary>What the address says to somebody outside; nothing where it cannot be reached.</summary>
    private async Task<string> Ask(string address = Floating)
    {
        var outside = pair.One.Port!.Value.Fabric.Pid.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(new ProcessStartInfo(
            "nsenter", [$"--net=/proc/{outside}/ns/net", "--", "timeout", "3", "bash", "-c", $"exec 3<>/dev/tcp/{address}/80 && cat <&3"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return said.Trim();
    }
}
