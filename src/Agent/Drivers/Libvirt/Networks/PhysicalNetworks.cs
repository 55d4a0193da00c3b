using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>
/// The bridges of networks that are bridged to what the host is plugged into. The operator names each (<c>Libvirt:PhysicalNetworks:NAME</c>) and says
/// which interface it is: a bridge is used as it is, of another one a bridge is made, which stays. Of an Open vSwitch that is a port of its, an access port of the network's VLAN:
/// machines are plugged into a bridge of ours all the same, for that is where their guards and security groups are.
/// </summary>
internal sealed class PhysicalNetworks(HostNetwork network, LibvirtOptions options)
{
    /// <summary>How names of bridges begin that were made of other interfaces.</summary>
    public const string BridgePrefix = "ocp";

    private const string VlanPrefix = "ocw";
    private const string SwitchTool = "ovs-vsctl";
    private const int SwitchSeconds = 10;

    /// <summary>The bridge. Codes <c>no-physical-network</c>, <c>physical-network</c> and <c>no-vlan</c> tell why there is none.</summary>
    public async Task<string> Ensure(NetworkSpec spec, CancellationToken cancel)
    {
        var port = options.PhysicalNetworks.TryGetValue(spec.Physical, out var set)
            ? set
            : throw new DriverException("no-physical-network", $"This host has no physical network '{spec.Physical}'; it has: {Names()}.", retryable: true);
        if (!network.HasDevice(port))
            throw new DriverException("physical-network", $"The physical network '{spec.Physical}' is to be on {port}, and there is no such interface.", retryable: true);
        if (spec.Vlan == 0 && network.IsBridge(port))
            return port;
        if (await IsSwitch(port, cancel))
            port = await Access(port, spec.Vlan, cancel);
        else if (spec.Vlan > 0)
            port = await Tagged(port, spec.Vlan, cancel);
        var bridge = Name(BridgePrefix, port);
        if (network.HasPort(bridge, port))
            return bridge;
        await RefuseUsed(spec.Physical, port, cancel);
        if (!network.HasDevice(bridge))
            await network.Run("ip", ["link", "add", bridge, "type", "bridge", "forward_delay", "0"], cancel);
        await network.Run("ip", ["link", "set", bridge, "addrgenmode", "none", "up"], cancel);
        await network.Run("ip", ["link", "set", port, "master", bridge, "up"], cancel);
        return bridge;
    }

    private string Names() => options.PhysicalNetworks.Count == 0 ? "none" : string.Join(", ", options.PhysicalNetworks.Keys.Order(StringComparer.Ordinal));

    private async Task<string> Tagged(string port, uint vlan, CancellationToken cancel)
    {
        var id = vlan.ToString(CultureInfo.InvariantCulture);
        var device = Name(VlanPrefix, $"{port}.{id}");
        if (network.HasDevice(device))
            return device;
        var (ok, _, errors) = await network.Try("ip", ["link", "add", "link", port, "name", device, "type", "vlan", "id", id], cancel);
        return ok
            ? device
            : throw new DriverException("no-vlan", $"VLAN {id} on {port} cannot be had, perhaps for want of 802.1Q in this host's kernel: {errors.Trim()}", retryable: false);
    }

    private async Task<bool> IsSwitch(string device, CancellationToken cancel) =>
        HostNetwork.Has(SwitchTool) && !network.IsBridge(device) && (await network.Try(SwitchTool, Asking("br-exists", device), cancel)).Ok;

    /// <summary>VLAN 0 is what has no tag. Said each time: what somebody has changed there meanwhile is as it should be again.</summary>
    private async Task<string> Access(string bridge, uint vlan, CancellationToken cancel)
    {
        var tag = vlan.ToString(CultureInfo.InvariantCulture);
        var port = Name(VlanPrefix, $"{bridge}.{tag}");
        await network.Run(
            SwitchTool,
            Asking("--may-exist", "add-port", bridge, port, "--", "set", "port", port, $"tag={tag}", "vlan_mode=access", "--", "set", "interface", port, "type=internal"),
            cancel);
        return port;
    }

    private List<string> Asking(params ReadOnlySpan<string> command) =>
        [$"--timeout={SwitchSeconds}", .. options.OpenVSwitch is { Length: > 0 } database ? (string[])[$"--db={database}"] : [], .. command];

    /// <summary>A port of a bridge has no address of its own: a host whose own uplink we took would be cut off.</summary>
    private async Task RefuseUsed(string name, string port, CancellationToken cancel)
    {
        var addresses = await network.Ask("ip", ["address", "show", "dev", port, "scope", "global"], cancel);
        if (addresses.EnumerateArray().Any(device => device.TryGetProperty("addr_info", out var all) && all.EnumerateArray().Any(one => one.TryGetProperty("local", out JsonElement _))))
        {
            throw new DriverException(
                "physical-network", $"{port}, the physical network '{name}', has addresses of this host's. Make a bridge of it that has them, and name the bridge.", retryable: true);
        }
    }

    private static string Name(string prefix, string of) => prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(of)))[..12];
}
