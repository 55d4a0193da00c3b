using Controller.Agent.Protocol;
using Google.Protobuf;
using Mode = Controller.Agent.Protocol.NetworkSpec.Types.Mode;

namespace Controller.Agent.Tests.Drivers;

/// <summary>Networks with addresses, on one host or two, and machines on them.</summary>
internal static class Wiring
{
    /// <summary>One network on both hosts, as the control plane would tell them of it.</summary>
    public static async Task<(Placed<NetworkSpec> One, Placed<NetworkSpec> Other)> Joined(LibvirtPair pair, Bench one, Bench other, uint vni, Action<NetworkSpec> change)
    {
        var id = Bench.NewId();
        void Common(NetworkSpec spec, string peer)
        {
            (spec.Vni, spec.Mtu) = (vni, 1450);
            spec.Peers.Add(peer);
            change(spec);
        }
        return (await one.Network(spec => Common(spec, pair.Other.Underlay), id), await other.Network(spec => Common(spec, pair.One.Underlay), id));
    }

    public static void Addressed(NetworkSpec spec, string cidr, string cidr6)
    {
        (spec.Mode, spec.Cidr, spec.Gateway, spec.Dhcp) = (Mode.Nat, cidr, cidr.Replace(".0/24", ".1", StringComparison.Ordinal), true);
        if (cidr6.Length > 0)
            (spec.Cidr6, spec.Gateway6) = (cidr6, cidr6.Replace("::/64", "::1", StringComparison.Ordinal));
    }

    /// <summary>A running machine on the network, with its address reserved, that runs a script.</summary>
    public static async Task<Placed<MachineSpec>> Start(Bench bench, Placed<NetworkSpec> network, string mac, string address, string address6, string script, Action<Nic>? change = null)
    {
        if (network.Spec.Dhcp)
            await bench.Ensure(network, spec => spec.Reservations.Add(new Reservation { Mac = mac, Address = address }));
        var machine = bench.Machine(spec =>
        {
            spec.Power = Power.Running;
            spec.Nics.Add(new Nic { LinkId = Bench.NewId(), NetworkId = network.Id, Mac = mac, Address = address, Address6 = address6 });
            change?.Invoke(spec.Nics[0]);
            if (script.Length > 0)
                spec.Seed.UserData = ByteString.CopyFromUtf8("#!/bin/sh\n" + script + "\n");
        });
        await bench.Ensure(machine);
        return machine;
    }
}
