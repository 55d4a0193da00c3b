using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>The host's address among the other hosts, that networks which span hosts are carried between.</summary>
internal sealed class Underlay(HostNetwork network, LibvirtOptions options)
{
    /// <summary>Outer Ethernet, IP, UDP and VXLAN headers.</summary>
    private const int OverheadV4 = 50;
    private const int OverheadV6 = 70;

    /// <summary>Null: this host's networks are its own.</summary>
    public string? Address { get; private set; }

    /// <summary>Takes the address that was set, or finds that of the interface that was. Code <c>underlay</c> when the interface has none.</summary>
    public async Task Find(CancellationToken cancel)
    {
        Address = options.UnderlayAddress is { Length: > 0 } set ? IPAddress.Parse(set).ToString() : null;
        if (Address is not null || options.UnderlayInterface is not { Length: > 0 } device)
            return;
        var addresses = await network.Ask("ip", ["address", "show", "dev", device, "scope", "global"], cancel);
        Address = addresses.EnumerateArray().SelectMany(Locals).FirstOrDefault()
            ?? throw new DriverException("underlay", $"Libvirt:UnderlayInterface is {device}, which is not there or has no address.", retryable: true);
    }

    /// <summary>The interface that has the address. Codes <c>underlay</c> when none has it, and <c>underlay-mtu</c> when its packets are too small.</summary>
    public async Task<string> Check(int mtu, CancellationToken cancel)
    {
        var address = Address!;
        var holders = await network.Ask("ip", ["address", "show", "to", address], cancel);
        var holder = holders.EnumerateArray().FirstOrDefault(device => device.TryGetProperty("ifname", out _));
        if (holder.ValueKind != JsonValueKind.Object)
            throw new DriverException("underlay", $"The underlay address {address} is on none of this host's interfaces.", retryable: true);
        var (name, largest) = (holder.GetProperty("ifname").GetString()!, holder.GetProperty("mtu").GetInt32());
        var overhead = IPAddress.Parse(address).AddressFamily == AddressFamily.InterNetwork ? OverheadV4 : OverheadV6;
        return mtu + overhead <= largest
            ? name
            : throw new DriverException("underlay-mtu", $"The network's MTU is {mtu}, for which the underlay needs {mtu + overhead}, and {name} has {largest}.", retryable: true);
    }

    private static IEnumerable<string> Locals(JsonElement device) => device.TryGetProperty("addr_info", out var all)
        ? all.EnumerateArray().Select(one => one.GetProperty("local").GetString()!)
        : [];
}
