using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Networks;
using Controller.Agent.Protocol;
using static Controller.Agent.Tests.Drivers.Wiring;

namespace Controller.Agent.Tests.Drivers;

/// <summary>Security groups, between guests on two hosts that try what they may and what they may not.</summary>
[NeedsLibvirt]
public sealed class LibvirtSecurityTests(LibvirtPair pair) : IClassFixture<LibvirtPair>
{
    private const uint Tcp = 6, Icmp = 1;

    [DriverFact]
    public async Task What_rules_do_not_allow_stays_out_and_a_change_reaches_machines_that_run()
    {
        await using var one = new Bench(pair.One);
        await using var other = new Bench(pair.Other);
        var network = await Joined(pair, one, other, 7011, spec => Addressed(spec, "10.210.11.0/24", "fd6f:6363:6930:b::/64"));

        // A server that is in no group at first, and a client that is in one without rules: nobody may begin anything with it.
        // A rule that goes takes its connections along in their midst, and nc waits for their end: no longer than timeout lets it.
        var server = await Start(
            one, network.One, "52:54:00:21:0b:0b", "10.210.11.11", "fd6f:6363:6930:b:5054:ff:fe21:b0b",
            """
            for port in 80 81; do while :; do echo hello | timeout 10 nc -l -p $port; done & done
            while :; do echo "TEST: client [$(timeout 5 nc -w 2 10.210.11.12 90 < /dev/null)]"; sleep 1; done
            """);
        var client = await Start(
            other, network.Other, "52:54:00:21:0b:0c", "10.210.11.12", "fd6f:6363:6930:b:5054:ff:fe21:b0c",
            """
            while :; do echo hello | timeout 10 nc -l -p 90; done &
            while :; do
              reached=""
              for port in 80 81; do [ "$(timeout 5 nc -w 2 10.210.11.11 $port < /dev/null)" = hello ] && reached="$reached $port"; done
              ping -c 1 -W 2 10.210.11.11 > /dev/null 2>&1 && reached="$reached icmp"
              ping -c 1 -W 2 fd6f:6363:6930:b:5054:ff:fe21:b0b > /dev/null 2>&1 && reached="$reached icmp6"
              echo "TEST: server [$reached ]"
            done
            """,
            nic => nic.Filtered = true);
        await Says(other, client, "TEST: server [ 80 81 icmp icmp6 ]");
        await Says(one, server, "TEST: client []");
        Assert.DoesNotContain("TEST: client [hello]", await one.Console(server), StringComparison.Ordinal);

        await Rules(one, server, Ingress(Tcp, 80, 80, "10.210.11.0/24"));
        await Says(other, client, "TEST: server [ 80 ]");
        await Rules(one, server, Ingress(Tcp, 81, 90), Ingress(Icmp), Ingress(Tcp, 80, 80, "10.210.11.13/32"));
        await Says(other, client, "TEST: server [ 81 icmp icmp6 ]");

        // What the client may send is its group's own affair; answers to what others may begin with it are not asked for.
        await Rules(other, client, new SecurityRule { Egress = true, Protocol = Icmp, Family = 6 }, Ingress(Tcp, 90, 90));
        await Says(other, client, "TEST: server [ icmp6 ]");
        await Says(one, server, "TEST: client [hello]");

        // Rules that somebody takes away come back.
        await pair.One.Network.Run("nft", ["flush", "ruleset"], default);
        await Bench.Until(
            async () =>
            {
                await pair.One.Driver.Inspect(default);
                return (await Ruleset(pair.One)).Contains($"\"{Tap(server)}\" : goto {Tap(server)}-in", StringComparison.Ordinal);
            },
            () => Task.FromResult("the rules to come back"));
        await Rules(one, server);
        await Rules(other, client);
        await Says(other, client, "TEST: server [ ]");

        // On its way to another host it has new ones as well, and keeps its generation.
        var generation = (await one.See(server))!.Generation;
        server.Spec.Nics[0].Rules.Add(Ingress(Tcp, 81, 81));
        await pair.One.Driver.GuardMachine(server.Id, server.Incarnation, server.Spec, default);
        await Says(other, client, "TEST: server [ 81 ]");
        Assert.Equal(generation, (await one.See(server))!.Generation);

        // Out of the group.
        await one.Ensure(server, spec => spec.Nics[0].Filtered = false);
        await Says(other, client, "TEST: server [ 80 81 icmp icmp6 ]");
        Assert.DoesNotContain(Tap(server) + "-", await Ruleset(pair.One), StringComparison.Ordinal);
        await pair.Other.Driver.RemoveMachine(client.Id, client.Incarnation, default);
        Assert.DoesNotContain(Tap(client), await Ruleset(pair.Other), StringComparison.Ordinal);
    }

    [DriverFact]
    public async Task What_is_left_of_an_incarnation_before_takes_no_rules_of_the_next_one_along()
    {
        await using var bench = new Bench(pair.One);
        var network = await bench.Network(spec => Addressed(spec, "10.210.12.0/24", ""));
        var before = bench.Machine(spec => spec.Nics.Add(Bench.Nic(network, "52:54:00:21:0c:0b", "10.210.12.11")));
        await bench.Ensure(before);
        await pair.One.Ask(connect =>
        {
            using var domain = Checked.Ok(Native.virDomainLookupByUUIDString(connect, before.Id));
            return Checked.Ok(Native.virDomainUndefineFlags(domain, 0));
        });

        var next = new Placed<MachineSpec>(before.Id, Bench.NewId(), before.Spec);
        bench.AtEnd(() => pair.One.Driver.RemoveMachine(next.Id, next.Incarnation, default));
        await bench.Ensure(next, spec => spec.Nics[0].Filtered = true);
        await pair.One.Driver.RemoveMachine(before.Id, before.Incarnation, default);
        Assert.Contains($"\"{Tap(next)}\" : goto {Tap(next)}-in", await Ruleset(pair.One), StringComparison.Ordinal);
        await pair.One.Driver.RemoveMachine(next.Id, next.Incarnation, default);
        Assert.DoesNotContain(Tap(next), await Ruleset(pair.One), StringComparison.Ordinal);
    }

    [DriverFact]
    public async Task A_rule_that_is_none_is_refused_before_anything_is_done()
    {
        await using var bench = new Bench(pair.One);
        var network = await bench.Network(spec => Addressed(spec, "10.210.13.0/24", ""));
        foreach (var wrong in new SecurityRule[]
        {
            new() { Remote = "10.0.0.0/8; drop" }, new() { Remote = "10.0.0.0/8", Family = 6 }, new() { Family = 5 }, new() { FirstPort = 22, LastPort = 22 },
            new() { Protocol = Tcp, FirstPort = 23, LastPort = 22 }, new() { Protocol = Tcp, FirstPort = 1, LastPort = 65536 }, new() { Protocol = 256 },
        })
        {
            var machine = bench.Machine(spec =>
            {
                spec.Nics.Add(Bench.Nic(network, "52:54:00:21:0d:0b", "10.210.13.11"));
                spec.Nics[0].Filtered = true;
                spec.Nics[0].Rules.Add(wrong);
            });
            await Bench.Refused("invalid", () => bench.Ensure(machine));
            Assert.DoesNotContain(Tap(machine), await Ruleset(pair.One), StringComparison.Ordinal);
        }
    }

    /// <summary>It says so once more, and again: the first time it may have begun to look before.</summary>
    private static async Task Says(Bench bench, Placed<MachineSpec> machine, string text)
    {
        var said = (await bench.Console(machine)).Split(text).Length - 1;
        await bench.WaitForConsole(machine, text, said + 2);
    }

    private static SecurityRule Ingress(uint protocol, uint first = 0, uint last = 0, string remote = "") =>
        new() { Protocol = protocol, FirstPort = first, LastPort = last, Remote = remote };

    /// <summary>The machine runs on all the while.</summary>
    private static Task<ObservedMachine> Rules(Bench bench, Placed<MachineSpec> machine, params SecurityRule[] rules) => bench.Ensure(machine, spec =>
    {
        spec.Nics[0].Filtered = true;
        spec.Nics[0].Rules.Clear();
        spec.Nics[0].Rules.Add(rules);
    });

    private static string Tap(Placed<MachineSpec> machine) => NicGuard.TapOf(machine.Spec.Nics[0].LinkId);

    private static Task<string> Ruleset(JoinedHost host) => host.Network.Run("nft", ["list", "ruleset"], default);
}
