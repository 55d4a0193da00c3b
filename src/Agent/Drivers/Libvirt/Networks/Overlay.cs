using System.Globalization;
using System.Text.Json;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>
/// Joins a network's bridge with those of the same network on other hosts: a VXLAN device is one more port of it. What is for everyone, or for
/// someone not heard of yet, goes to every peer; whom it heard from where, it learns. Nobody else's packets matter: see <see cref="HostFirewall"/>.
/// </summary>
internal sealed class Overlay(HostNetwork network, Underlay underlay)
{
    private const string Everyone = "00:00:00:00:00:00";

    /// <summary>Of a network on which the host itself has the gateway's address, or of one that is its machines' alone.</summary>
    public static string Device(uint vni, bool hasGateway) =>
        string.Create(CultureInfo.InvariantCulture, $"{(hasGateway ? HostFirewall.Routed : HostFirewall.Plain)}{vni}");

    /// <summary>Whether there is nothing to be done: the host's network is its own, or joined.</summary>
    public bool IsJoined(NetworkLabel label, string bridge) =>
        label.Vni == 0 || underlay.Address is null || network.HasPort(bridge, Device(label.Vni, label.HasGateway));

    public async Task Ensure(NetworkSpec spec, string bridge, CancellationToken cancel)
    {
        if (spec.Vni == 0 || underlay.Address is not { } local || !spec.Active)
            return;
        await underlay.Check((int)spec.Mtu, cancel);
        var device = Device(spec.Vni, spec.Cidr.Length > 0);
        if (!await Is(device, spec.Vni, local, cancel))
        {
            await Remove(spec.Vni, cancel);
            await network.Run(
                "ip", ["link", "add", device, "type", "vxlan", "id", Number(spec.Vni), "dstport", Number(HostFirewall.VxlanPort), "local", local], cancel);
            // It is a wire and says nothing of its own.
            await network.Run("ip", ["link", "set", device, "addrgenmode", "none"], cancel);
        }
        if (spec.Mtu > 0)
            await network.Run("ip", ["link", "set", device, "mtu", Number(spec.Mtu)], cancel);
        await FitPeers(device, [.. spec.Peers], cancel);
        await network.Run("ip", ["link", "set", device, "master", bridge, "up"], cancel);
    }

    public async Task Remove(uint vni, CancellationToken cancel)
    {
        foreach (var device in (string[])[Device(vni, true), Device(vni, false)])
        {
            if (vni > 0 && network.HasDevice(device))
                await network.Run("ip", ["link", "delete", device], cancel);
        }
    }

    private async Task<bool> Is(string device, uint vni, string local, CancellationToken cancel)
    {
        foreach (var there in (await network.Ask("ip", ["-details", "link", "show", "dev", device], cancel)).EnumerateArray())
        {
            if (there.TryGetProperty("linkinfo", out var link) && link.TryGetProperty("info_data", out var data))
                return data.GetProperty("id").GetUInt32() == vni && (Text(data, "local") ?? Text(data, "local6")) == local;
        }
        return false;
    }

    private async Task FitPeers(string device, HashSet<string> wanted, CancellationToken cancel)
    {
        var known = (await network.Ask("bridge", ["fdb", "show", "dev", device], cancel)).EnumerateArray()
            .Select(entry => (Mac: Text(entry, "mac"), Peer: Text(entry, "dst"))).Where(entry => entry.Peer is not null).ToList();
        // Also what was learnt of a peer that is none any more: nothing is to be sent to it.
        foreach (var (mac, peer) in known.Where(entry => !wanted.Contains(entry.Peer!)))
            await network.Try("bridge", ["fdb", "delete", mac!, "dev", device, "dst", peer!, "self"], cancel);   // or it aged out just now
        foreach (var peer in wanted.Where(peer => !known.Contains((Everyone, peer))))
            await network.Run("bridge", ["fdb", "append", Everyone, "dev", device, "dst", peer, "self", "permanent"], cancel);
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string Number(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
