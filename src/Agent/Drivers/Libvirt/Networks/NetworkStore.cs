using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>Tenants' networks: a bridge each, with or without an address, DHCP and a way out.</summary>
internal sealed class NetworkStore(Link link, HostNetwork host, Overlay overlay, PhysicalNetworks physical)
{
    private const uint Inactive = 1;
    private const uint AddLast = 3;
    private const uint Delete = 2;
    private const uint DhcpHosts = 4;
    private const uint Live = 1;

    public async Task<ObservedNetwork> Ensure(ObjectKey network, ulong generation, NetworkSpec spec, CancellationToken cancel)
    {
        var bridge = spec.Mode == NetworkSpec.Types.Mode.Bridged ? await physical.Ensure(spec, cancel) : NetworkXml.Bridge(network.Id, generation);
        // While its DHCP server still serves: with the last reservation it would stop, and know its leases again when it starts.
        foreach (var (device, gone) in await link.Call(connect => Going(connect, network, spec), cancel))
            await EndLease(device, gone, cancel);
        var made = await link.Job(connect => Ensure(connect, network, generation, spec, bridge), cancel);
        await overlay.Ensure(spec, made.Bridge, cancel);
        if (made.Observed.Active)
            await Replug(NetworkXml.Name(network.Id), made.Bridge, cancel);
        return made.Observed;
    }

    /// <summary>The bridge of a network that is there and up. Code <c>no-network</c>: it is not, yet.</summary>
    public Task<string> Bridge(string network, CancellationToken cancel) => link.Call(
        connect =>
        {
            using var found = Find(connect, network);
            return found is not null && Native.virNetworkIsActive(found) == 1
                ? (string)XElement.Parse(Checked.Ok(Native.virNetworkGetXMLDesc(found, 0))).Element("bridge")!.Attribute("name")!
                : throw new DriverException("no-network", $"Network {network}, of which the machine is to have an address, is not on this host yet, or not up.", retryable: true);
        },
        cancel);

    public async Task Remove(ObjectKey network, CancellationToken cancel)
    {
        var vni = await link.Call(connect => Label(connect, network)?.Vni ?? 0, cancel);
        if (await link.Call(connect => InUse(connect, network), cancel) is { } user)
            throw user;
        await overlay.Remove(vni, cancel);
        await link.Job(connect => Remove(connect, network), cancel);
    }

    public async Task<List<ObservedNetwork>> All(CancellationToken cancel)
    {
        var all = await link.Call(All, cancel);
        // One that lost its way to other hosts is not up: it is seen to as any that is not.
        foreach (var (observed, label, bridge) in all.Where(seen => seen.Observed.Active && !overlay.IsJoined(seen.Label, seen.Bridge)))
            observed.Active = false;
        return [.. all.Select(seen => seen.Observed)];
    }

    private static Made Ensure(ConnectHandle connect, ObjectKey network, ulong generation, NetworkSpec spec, string bridge)
    {
        var wanted = NetworkXml.Write(network, generation, spec, bridge);
        using var found = Find(connect, network.Id);
        if (found is not null)
        {
            var persistent = XElement.Parse(Checked.Ok(Native.virNetworkGetXMLDesc(found, Inactive)));
            var label = NetworkXml.Label(persistent)
                ?? throw new DriverException("foreign", $"Network {network.Id} exists and is not ours.", retryable: false);
            if (label.Key.Incarnation != network.Incarnation)
            {
                throw new DriverException(
                    "incarnation",
                    $"Network {network.Id} is here as incarnation {label.Key.Incarnation}, and {network.Incarnation} was asked for.",
                    retryable: true);
            }
            if (Native.virNetworkIsActive(found) == 1)
            {
                if (!spec.Active || label.Shape != NetworkXml.Label(wanted)!.Shape)
                {
                    Stop(found);
                }
                else
                {
                    FitReservations(found, spec);
                    wanted = NetworkXml.Write(network, generation, spec, (string)persistent.Element("bridge")!.Attribute("name")!);
                }
            }
        }

        using var defined = Checked.Ok(Native.virNetworkDefineXML(connect, wanted.ToString()));
        if (spec.Active && Native.virNetworkIsActive(defined) != 1 && Native.virNetworkCreate(defined) < 0 && Native.virNetworkIsActive(defined) != 1)
            Checked.Ok(Native.virNetworkCreate(defined));
        return new(Observe(defined)!.Value.Observed, (string)wanted.Element("bridge")!.Attribute("name")!);
    }

    private static bool Remove(ConnectHandle connect, ObjectKey network)
    {
        using var found = Find(connect, network.Id);
        if (found is null || Observe(found)?.Label.Key.Incarnation != network.Incarnation)
            return false;
        if (InUse(connect, network) is { } user)
            throw user;
        if (Native.virNetworkIsActive(found) == 1)
            Stop(found);
        Checked.Ok(Native.virNetworkUndefine(found));
        return true;
    }

    private static DriverException? InUse(ConnectHandle connect, ObjectKey network) =>
        Label(connect, network) is not null && Domains.UsersOfNetwork(connect, NetworkXml.Name(network.Id)) is [var user, ..]
            ? new("in-use", $"Network {network.Id} has a NIC of {user.Name} on it.", retryable: true)
            : null;

    /// <summary>Null when it is not here, or another incarnation of it is.</summary>
    private static NetworkLabel? Label(ConnectHandle connect, ObjectKey network)
    {
        using var found = Find(connect, network.Id);
        return found is not null && Observe(found)?.Label is { } label && label.Key.Incarnation == network.Incarnation ? label : null;
    }

    private static unsafe List<Seen> All(ConnectHandle connect)
    {
        var count = Checked.Ok(Native.virConnectListAllNetworks(connect, out var list, 0));
        var networks = new List<Seen>(count);
        for (var i = 0; i < count; i++)
        {
            using var network = new NetworkHandle(list[i]);
            try
            {
                if (Observe(network) is { } ours)
                    networks.Add(ours);
            }
            catch (LibvirtException error) when (error.Code == LibvirtError.NoNetwork)
            {
                // Removed while we read.
            }
        }
        System.Runtime.InteropServices.NativeMemory.Free(list);
        return networks;
    }

    private static Seen? Observe(NetworkHandle network)
    {
        var persistent = XElement.Parse(Checked.Ok(Native.virNetworkGetXMLDesc(network, Inactive)));
        return NetworkXml.Label(persistent) is { } label
            ? new(
                new()
                {
                    Id = label.Key.Id,
                    Incarnation = label.Key.Incarnation,
                    Generation = label.Generation,
                    Present = true,
                    Active = Native.virNetworkIsActive(network) == 1,
                },
                label,
                (string?)persistent.Element("bridge")?.Attribute("name") ?? "")
            : null;
    }

    /// <summary>Reservations that the running network has and shall not have any more, with its bridge.</summary>
    private static List<(string Bridge, XElement Host)> Going(ConnectHandle connect, ObjectKey network, NetworkSpec spec)
    {
        using var found = Find(connect, network.Id);
        if (found is null || Native.virNetworkIsActive(found) != 1)
            return [];
        var running = XElement.Parse(Checked.Ok(Native.virNetworkGetXMLDesc(found, 0)));
        var wanted = NetworkXml.Hosts(spec);
        return
        [
            .. from host in running.Elements("ip").Elements("dhcp").Elements("host")
               where !wanted.Any(other => Same(host, other))
               select ((string)running.Element("bridge")!.Attribute("name")!, host),
        ];
    }

    /// <summary>In the running network. The definition gets them with everything else.</summary>
    private static void FitReservations(NetworkHandle network, NetworkSpec spec)
    {
        var running = XElement.Parse(Checked.Ok(Native.virNetworkGetXMLDesc(network, 0)));
        var there = running.Elements("ip").Elements("dhcp").Elements("host").ToList();
        var wanted = NetworkXml.Hosts(spec);
        // Removals first: libvirt refuses a second reservation with the same MAC, address or name.
        foreach (var host in there.Where(host => !wanted.Any(other => Same(host, other))))
            Checked.Ok(Native.virNetworkUpdate(network, Delete, DhcpHosts, -1, host.ToString(), Live));
        foreach (var host in wanted.Where(host => !there.Any(other => Same(host, other))))
            Checked.Ok(Native.virNetworkUpdate(network, AddLast, DhcpHosts, -1, host.ToString(), Live));
    }

    /// <summary>
    /// A machine that is gone has not given its lease back, and until that ran out its address would be refused to whoever has it next. Where the tool
    /// is not installed, it has to run out.
    /// </summary>
    private async Task EndLease(string bridge, XElement reservation, CancellationToken cancel)
    {
        if (HostNetwork.Has("dhcp_release"))
            await host.Try("dhcp_release", [bridge, (string)reservation.Attribute("ip")!, (string)reservation.Attribute("mac")!], cancel);
    }

    private static bool Same(XElement one, XElement other) => ((string[])["mac", "name", "ip"]).All(
        name => string.Equals((string?)one.Attribute(name), (string?)other.Attribute(name), StringComparison.OrdinalIgnoreCase));

    private static void Stop(NetworkHandle network)
    {
        if (Native.virNetworkDestroy(network) < 0 && Native.virNetworkIsActive(network) == 1)
            Checked.Ok(Native.virNetworkDestroy(network));
    }

    /// <summary>A bridge that was made anew has lost the taps of running machines; an update of the NIC puts each back, for the new bridge has another name.</summary>
    private async Task Replug(string name, string bridge, CancellationToken cancel)
    {
        foreach (var user in await link.Call(connect => Domains.LostByNetwork(connect, name, bridge), cancel))
            await link.On(user.Id, nameof(Native.virDomainUpdateDeviceFlags), domain => Domains.ReplugNics(domain, name, bridge), cancel);
    }

    private static NetworkHandle? Find(ConnectHandle connect, string id) =>
        Checked.OrNone(Native.virNetworkLookupByUUIDString(connect, id), LibvirtError.NoNetwork);

    private sealed record Made(ObservedNetwork Observed, string Bridge);

    private readonly record struct Seen(ObservedNetwork Observed, NetworkLabel Label, string Bridge);
}
