using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Drivers.Libvirt.Machines;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>Tenants' networks: a bridge each, with or without an address, DHCP and a way out.</summary>
internal sealed class NetworkStore(Link link)
{
    private const uint Inactive = 1;
    private const uint AddLast = 3;
    private const uint Delete = 2;
    private const uint DhcpHosts = 4;
    private const uint Live = 1;

    public async Task<ObservedNetwork> Ensure(ObjectKey network, ulong generation, NetworkSpec spec, CancellationToken cancel)
    {
        var (observed, bridge) = await link.Job(connect => Ensure(connect, network, generation, spec), cancel);
        if (observed.Active)
            await Replug(NetworkXml.Name(network.Id), bridge, cancel);
        return observed;
    }

    public Task Remove(ObjectKey network, CancellationToken cancel) => link.Job(connect => Remove(connect, network), cancel);

    public Task<List<ObservedNetwork>> All(CancellationToken cancel) => link.Call(All, cancel);

    private static (ObservedNetwork Observed, string Bridge) Ensure(ConnectHandle connect, ObjectKey network, ulong generation, NetworkSpec spec)
    {
        var wanted = NetworkXml.Write(network, generation, spec, NetworkXml.Bridge(network.Id, generation));
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
        return (Observe(defined)!, (string)wanted.Element("bridge")!.Attribute("name")!);
    }

    private static bool Remove(ConnectHandle connect, ObjectKey network)
    {
        using var found = Find(connect, network.Id);
        if (found is null || Observe(found)?.Incarnation != network.Incarnation)
            return false;
        if (Domains.UsersOfNetwork(connect, NetworkXml.Name(network.Id)) is [var user, ..])
            throw new DriverException("in-use", $"Network {network.Id} has a NIC of {user.Name} on it.", retryable: true);
        if (Native.virNetworkIsActive(found) == 1)
            Stop(found);
        Checked.Ok(Native.virNetworkUndefine(found));
        return true;
    }

    private static unsafe List<ObservedNetwork> All(ConnectHandle connect)
    {
        var count = Checked.Ok(Native.virConnectListAllNetworks(connect, out var list, 0));
        var networks = new List<ObservedNetwork>(count);
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

    private static ObservedNetwork? Observe(NetworkHandle network)
    {
        var label = NetworkXml.Label(XElement.Parse(Checked.Ok(Native.virNetworkGetXMLDesc(network, Inactive))));
        return label is null
            ? null
            : new()
            {
                Id = label.Key.Id,
                Incarnation = label.Key.Incarnation,
                Generation = label.Generation,
                Present = true,
                Active = Native.virNetworkIsActive(network) == 1,
            };
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
}
