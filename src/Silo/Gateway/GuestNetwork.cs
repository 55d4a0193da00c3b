using System.Globalization;
using System.Text.Json.Nodes;
using Controller.Contracts;

namespace Controller.Silo.Gateway;

/// <summary>
/// What the NoCloud disk says of a guest's NICs: netplan, version 2, written as JSON, which is YAML too. It says the addresses that a guest would hear by DHCP where
/// there is that, and those that it has to give itself.
/// </summary>
internal static class GuestNetwork
{
    private const int FirstMetric = 100;

    /// <summary>Empty where there is nothing to say.</summary>
    public static string Write(IReadOnlyList<DesiredNic> nics)
    {
        var ethernets = new JsonObject();
        foreach (var (index, nic) in nics.Index())
        {
            if (nic.Settings is { } settings)
                ethernets["nic" + index.ToString(CultureInfo.InvariantCulture)] = Ethernet(nic, settings, index);
        }
        return ethernets.Count == 0 ? "" : new JsonObject { ["version"] = 2, ["ethernets"] = ethernets }.ToJsonString() + "\n";
    }

    private static JsonObject Ethernet(DesiredNic nic, NicSettings settings, int index)
    {
        var written = new JsonObject
        {
            ["match"] = new JsonObject { ["macaddress"] = nic.Mac },
            ["optional"] = true,   // a guest does not wait for a network that nobody answers on
            ["dhcp4"] = settings.Dhcp,
        };
        var addresses = new JsonArray();
        if (!settings.Dhcp && nic.Address is { } address)
            addresses.Add($"{address}/{settings.PrefixLength.ToString(CultureInfo.InvariantCulture)}");
        if (nic.Address6 is { } address6)
            addresses.Add($"{address6}/{settings.PrefixLength6.ToString(CultureInfo.InvariantCulture)}");
        if (addresses.Count > 0)
            written["addresses"] = addresses;
        if (!settings.Dhcp && nic.Address is not null && settings.Gateway is { } gateway)
            written["routes"] = new JsonArray(new JsonObject { ["to"] = "0.0.0.0/0", ["via"] = gateway, ["metric"] = FirstMetric + index });
        if (nic.Address6 is not null)
            written["accept-ra"] = true;
        if (settings.Dns.Length > 0)
            written["nameservers"] = new JsonObject { ["addresses"] = new JsonArray([.. settings.Dns.Select(server => JsonValue.Create(server))]) };
        if (settings.Mtu > 0)
            written["mtu"] = settings.Mtu;
        return written;
    }
}
