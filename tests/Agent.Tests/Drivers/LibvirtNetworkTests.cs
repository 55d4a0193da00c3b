using Controller.Agent.Drivers.Libvirt.Networks;
using Mode = Controller.Agent.Protocol.NetworkSpec.Types.Mode;
using static Controller.Agent.Tests.Drivers.Wiring;

namespace Controller.Agent.Tests.Drivers;

/// <summary>Networks on more than one host, with guests that try what they must not.</summary>
[NeedsLibvirt]
public sealed class LibvirtNetworkTests(LibvirtPair pair) : IClassFixture<LibvirtPair>
{
    /// <summary>Holds up a guest's DHCP client, which takes away any address that it has not from a server, every few seconds.</summary>
    private const string NoDhcp = "until kill -STOP \"$(cat /run/udhcpc.eth0)\"; do sleep 1; done 2> /dev/null\n";

    [DriverFact]
    public async Task Machines_on_two_hosts_reach_each_other_and_no_others_do_nor_as_somebody_else()
    {
        await using var one = new Bench(pair.One);
        await using var other = new Bench(pair.Other);
        var (here, there) = (await Joined(pair, one, other, 7001, spec => Addressed(spec, "10.210.1.0/24", "fd6f:6363:6930:1::/64")),
            await Joined(pair, one, other, 7002, spec => spec.Mode = Mode.Isolated));

        var target = await Start(one, here.One, "52:54:00:21:01:0b", "10.210.1.11", "fd6f:6363:6930:1:5054:ff:fe21:10b", "");
        var honest = await Start(
            other, here.Other, "52:54:00:21:01:0c", "10.210.1.12", "fd6f:6363:6930:1:5054:ff:fe21:10c",
            """
            try() { echo "TEST: $1 $(ping -c 2 -W 2 $2 > /dev/null 2>&1 && echo yes || echo no)"; }
            until ping -c 1 -W 1 10.210.1.11 > /dev/null 2>&1; do sleep 1; done
            try across 10.210.1.11
            try largest "-s 1422 10.210.1.11"
            try gateway 10.210.1.1
            until ping -c 1 -W 1 fd6f:6363:6930:1:5054:ff:fe21:10b > /dev/null 2>&1; do sleep 1; done
            try six fd6f:6363:6930:1:5054:ff:fe21:10b
            ip address add 10.210.1.77/24 dev eth0
            try other-address "-I 10.210.1.77 10.210.1.11"
            ip address del 10.210.1.77/24 dev eth0
            ip -6 address add fd6f:6363:6930:1::77/64 dev eth0 nodad 2> /dev/null || ip -6 address add fd6f:6363:6930:1::77/64 dev eth0
            sleep 2
            try other-six "-I fd6f:6363:6930:1::77 fd6f:6363:6930:1:5054:ff:fe21:10b"
            ip -6 address del fd6f:6363:6930:1::77/64 dev eth0
            try still 10.210.1.11
            ip link set eth0 address 52:54:00:21:01:99
            try other-mac 10.210.1.11
            """);
        var intruder = await Start(
            other, there.Other, "52:54:00:21:02:0d", "", "",
            NoDhcp + """
            until ifconfig eth0 10.210.1.99 netmask 255.255.255.0 up && ping -c 1 -W 1 10.210.1.98 > /dev/null 2>&1; do sleep 1; done
            echo "TEST: own $(ping -c 1 -W 2 10.210.1.98 > /dev/null 2>&1 && echo yes || echo no)"
            echo "TEST: foreign $(ping -c 3 -W 2 10.210.1.11 > /dev/null 2>&1 && echo yes || echo no)"
            """);
        var partner = await Start(one, there.One, "52:54:00:21:02:0e", "", "",
            NoDhcp + "while :; do ifconfig eth0 | grep -q 'addr:10.210.1.98 ' || ifconfig eth0 10.210.1.98 netmask 255.255.255.0 up; sleep 1; done");

        await one.WaitForConsole(target, "DEMO: lease eth0 address=10.210.1.11");
        await one.WaitForConsole(target, "DEMO: address6 eth0 fd6f:6363:6930:1:5054:ff:fe21:10b");
        await other.WaitForConsole(honest, "TEST: other-mac");
        await other.WaitForConsole(intruder, "TEST: foreign");
        var said = await other.Console(honest);
        Assert.All(["across yes", "largest yes", "gateway yes", "six yes", "other-address no", "other-six no", "still yes", "other-mac no"],
            line => Assert.Contains("TEST: " + line, said, StringComparison.Ordinal));
        said = await other.Console(intruder);
        Assert.All(["own yes", "foreign no"], line => Assert.Contains("TEST: " + line, said, StringComparison.Ordinal));

        // Each host is its own machines' gateway: the other's has never been heard.
        var learnt = await pair.Other.Network.Run("bridge", ["fdb", "show", "dev", "ocv7001"], default);
        Assert.Contains("52:54:00:21:01:0b", learnt, StringComparison.Ordinal);
        Assert.DoesNotContain("\n02:", "\n" + learnt, StringComparison.Ordinal);
        Assert.NotNull(await one.See(target));
        Assert.NotNull(await one.See(partner));
    }

    [DriverFact]
    public async Task What_joins_a_network_follows_its_peers_is_seen_to_be_missing_and_goes_with_it()
    {
        await using var bench = new Bench(pair.One);
        var network = await bench.Network(spec =>
        {
            Addressed(spec, "10.210.3.0/24", "");
            (spec.Vni, spec.Mtu) = (7003, 1450);
            spec.Peers.Add(["10.77.0.2", "10.77.0.3"]);
        });
        Assert.Equal(["10.77.0.2", "10.77.0.3"], await Peers("ocv7003"));
        await bench.Ensure(network, spec =>
        {
            spec.Peers.Clear();
            spec.Peers.Add(["10.77.0.3", "10.77.0.4"]);
        });
        Assert.Equal(["10.77.0.3", "10.77.0.4"], await Peers("ocv7003"));
        Assert.True(await IsActive(network.Id));

        await pair.One.Network.Run("ip", ["link", "delete", "ocv7003"], default);
        Assert.False(await IsActive(network.Id));
        await bench.Ensure(network);
        Assert.True(await IsActive(network.Id));
        Assert.Equal(["10.77.0.3", "10.77.0.4"], await Peers("ocv7003"));

        // With a new bridge, too.
        await bench.Ensure(network, spec => spec.Dns.Add("192.0.2.53"));
        Assert.True(await IsActive(network.Id));
        await Bench.Refused("underlay-mtu", () => bench.Ensure(network, spec => spec.Mtu = 1451));
        await pair.One.Driver.RemoveNetwork(network.Id, network.Incarnation, default);
        Assert.False(pair.One.Network.HasDevice("ocv7003"));
    }

    [DriverFact]
    public async Task A_bridged_network_is_the_outside_world()
    {
        await using var bench = new Bench(pair.One);
        Assert.Contains("physical-network:public", pair.One.Capabilities.Features);
        await Bench.Refused("no-physical-network", () => bench.Network(spec => (spec.Mode, spec.Physical) = (Mode.Bridged, "nowhere")));
        await Bench.Refused("no-vlan", () => bench.Network(spec => (spec.Mode, spec.Physical, spec.Vlan) = (Mode.Bridged, "public", 7)));
        var network = await bench.Network(spec => (spec.Mode, spec.Physical) = (Mode.Bridged, "public"));
        var second = await bench.Network(spec => (spec.Mode, spec.Physical) = (Mode.Bridged, "public"));
        var machine = await Start(
            bench, network, "52:54:00:21:04:0b", "198.51.100.11", "",
            """
            until [ -e /sys/class/net/eth0 ]; do sleep 1; done
            while :; do ifconfig eth0 198.51.100.11 netmask 255.255.255.0 up; ping -c 1 -W 1 198.51.100.1 > /dev/null 2>&1 && break; sleep 1; done
            echo "TEST: outside yes"
            ifconfig eth0 198.51.100.12 netmask 255.255.255.0
            echo "TEST: other-address $(ping -c 2 -W 1 198.51.100.1 > /dev/null 2>&1 && echo yes || echo no)"
            """);
        await bench.WaitForConsole(machine, "TEST: other-address no");
        Assert.True(await IsActive(second.Id));
    }

    [DriverFact]
    public async Task A_bridged_network_on_Open_vSwitch_is_one_VLAN_of_it()
    {
        await using var bench = new Bench(pair.One);
        await Bench.Refused("physical-network", () => bench.Network(spec => (spec.Mode, spec.Physical, spec.Vlan) = (Mode.Bridged, "switched", 7)));
        var space = (await File.ReadAllTextAsync(pair.One.Options().NamespaceFile!)).Trim();
        await using var vswitch = await TestSwitch.Start(pair.One.Network, pair.One.Switch, space);
        await vswitch.Join(pair.One.Network, "seven", 7, "203.0.113.1/24");

        var seven = await bench.Network(spec => (spec.Mode, spec.Physical, spec.Vlan) = (Mode.Bridged, "switched", 7));
        var eight = await bench.Network(spec => (spec.Mode, spec.Physical, spec.Vlan) = (Mode.Bridged, "switched", 8));
        var inside = await Start(bench, seven, "52:54:00:21:07:0b", "203.0.113.11", "", Looking("203.0.113.11"));
        var beside = await Start(bench, eight, "52:54:00:21:08:0c", "203.0.113.12", "", Looking("203.0.113.12"));
        await bench.WaitForConsole(inside, "TEST: seven yes");
        await bench.WaitForConsole(beside, "TEST: seven no");

        static string Looking(string own) =>
            $$"""
            until [ -e /sys/class/net/eth0 ]; do sleep 1; done
            ifconfig eth0 {{own}} netmask 255.255.255.0 up
            for n in 1 2 3 4 5 6 7 8; do ping -c 1 -W 2 203.0.113.1 > /dev/null 2>&1 && found=yes && break; sleep 1; done
            echo "TEST: seven ${found:-no}"
            """;
    }

    [DriverFact]
    public async Task An_address_that_is_given_to_another_at_once_is_had_at_once_and_rules_that_are_lost_come_back()
    {
        await using var bench = new Bench(pair.One);
        var network = await bench.Network(spec => Addressed(spec, "10.210.5.0/24", ""));
        var first = await Start(bench, network, "52:54:00:21:05:0b", "10.210.5.11", "", "");
        await bench.WaitForConsole(first, "DEMO: lease eth0 address=10.210.5.11");
        var tap = NicGuard.TapOf(first.Spec.Nics[0].LinkId);
        Assert.Contains(tap, await pair.One.Network.Run("nft", ["list", "ruleset"], default), StringComparison.Ordinal);
        await pair.One.Driver.RemoveMachine(first.Id, first.Incarnation, default);
        Assert.DoesNotContain(tap, await pair.One.Network.Run("nft", ["list", "ruleset"], default), StringComparison.Ordinal);
        await bench.Ensure(network, spec => spec.Reservations.Clear());

        var second = await Start(bench, network, "52:54:00:21:05:0c", "10.210.5.11", "", "");
        await bench.WaitForConsole(second, "DEMO: lease eth0 address=10.210.5.11");

        await pair.One.Network.Run("nft", ["delete", "table", "bridge", "occi"], default);
        tap = NicGuard.TapOf(second.Spec.Nics[0].LinkId);
        await Bench.Until(
            async () =>
            {
                await pair.One.Driver.Inspect(default);
                return (await pair.One.Network.Run("nft", ["list", "ruleset"], default)).Contains($"\"{tap}\" : goto {tap}", StringComparison.Ordinal);
            },
            () => Task.FromResult("the rules to come back"));
    }

    private async Task<bool> IsActive(string id) => (await pair.One.Driver.Inspect(default)).Networks.Single(seen => seen.Id == id).Active;

    private async Task<IEnumerable<string>> Peers(string device) =>
        (await pair.One.Network.Ask("bridge", ["fdb", "show", "dev", device], default)).EnumerateArray()
            .Where(entry => entry.GetProperty("mac").GetString() == "00:00:00:00:00:00").Select(entry => entry.GetProperty("dst").GetString()!).Order();
}
