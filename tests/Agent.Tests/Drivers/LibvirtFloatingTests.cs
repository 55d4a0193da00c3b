using System.Diagnostics;
using System.Globalization;
using Controller.Agent.Protocol;
using static Controller.Agent.Tests.Drivers.Wiring;
using Mode = Controller.Agent.Protocol.NetworkSpec.Types.Mode;

namespace Controller.Agent.Tests.Drivers;

/// <summary>Addresses of the world outside for machines of NAT networks, tried from there.</summary>
[NeedsLibvirt]
public sealed class LibvirtFloatingTests(LibvirtPair pair) : IClassFixture<LibvirtPair>
{
    private const string Floating = "198.51.100.77", Outside = "198.51.100.1";

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

        // To a machine on another host, as when its compute is moved there or another is linked: who knew the address hears of it.
        var second = await Server(other, "10.210.15.0/24", "52:54:00:21:0f:0b", "10.210.15.11", "second");
        await one.Ensure(first, spec => spec.Nics[0].Floating.Clear());
        await Answers("second");
        Assert.Equal("", await pair.One.Network.Run("ip", ["rule", "show", "priority", "20000"], default));
        Assert.DoesNotContain(Floating, await pair.One.Network.Run("nft", ["list", "ruleset"], default), StringComparison.Ordinal);
        Assert.DoesNotContain(Floating, await pair.One.Network.Run("ip", ["address"], default), StringComparison.Ordinal);

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

    private static async Task<Placed<MachineSpec>> Server(Bench bench, string cidr, string mac, string address, string says)
    {
        var outside = await bench.Network(spec => (spec.Mode, spec.Physical) = (Mode.Bridged, "public"));
        var network = await bench.Network(spec => Addressed(spec, cidr, ""));
        return await Start(
            bench, network, mac, address, "",
            $"""
            while :; do echo {says} | nc -l -p 80; done &
            until ping -c 1 -W 2 {Outside} > /dev/null 2>&1; do sleep 1; done
            echo "TEST: outside yes"
            """,
            nic => nic.Floating.Add(new FloatingAddress { Address = Floating, NetworkId = outside.Id, Cidr = "198.51.100.0/24", Gateway = Outside }));
    }

    private Task Answers(string says) => Bench.Until(async () => await Ask() == says, async () => $"{Floating} to say '{says}', and it says '{await Ask()}'");

    /// <summary>What the address says to somebody outside; nothing where it cannot be reached.</summary>
    private async Task<string> Ask()
    {
        var outside = pair.One.Port!.Value.Fabric.Pid.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(new ProcessStartInfo(
            "nsenter", [$"--net=/proc/{outside}/ns/net", "--", "timeout", "3", "bash", "-c", $"exec 3<>/dev/tcp/{Floating}/80 && cat <&3"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return said.Trim();
    }
}
