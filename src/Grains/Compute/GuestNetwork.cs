using System.Globalization;
using System.Text;
using Controller.Contracts;

namespace Controller.Grains.Compute;

/// <summary>
/// How a guest shall set up its NICs, as cloud-init reads it (network-config version 2, which is netplan's). A NIC is found by its MAC address, and no boot waits for it. One on a
/// network that gives addresses, or of which nobody knows them, asks by DHCP for IPv4; else its addresses stand here. IPv6 comes of the router's announcements, and the address
/// that a guest would make of them stands here, too, for one that makes others.
/// </summary>
internal static class GuestNetwork
{
    public static string Config(IReadOnlyList<DesiredNic> nics)
    {
        if (nics.Count == 0)
            return "";
        var text = new StringBuilder("version: 2\nethernets:\n");
        foreach (var nic in nics)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {nic.Device}:\n    match: {{ macaddress: \"{nic.Mac}\" }}\n    set-name: \"{nic.Device}\"\n    optional: true\n");
            Ethernet(text, nic, nic.Settings ?? new NicSettings { Dhcp = true });
        }
        return text.ToString();
    }

    private static void Ethernet(StringBuilder text, DesiredNic nic, NicSettings settings)
    {
        var four = nic.Address is { } address && settings is { Dhcp: false, PrefixLength: > 0 } ? $"{address}/{settings.PrefixLength}" : null;
        var six = nic.Address6 is { } address6 && settings.PrefixLength6 > 0 ? $"{address6}/{settings.PrefixLength6}" : null;
        if (settings.Dhcp || (four ?? six) is null)
            text.Append("    dhcp4: true\n");
        if ((four ?? six) is not null)
            text.Append("    addresses: ").Append(List([.. new[] { four, six }.OfType<string>()])).Append('\n');
        // cloud-init 22.4 makes ::/64 of a route to ::/0, and knows no "default".
        if (four is not null && settings.Gateway is { } gateway)
            text.Append("    gateway4: ").Append(Quoted(gateway)).Append('\n');
        if (six is not null && !settings.Dhcp && settings.Gateway6 is { } gateway6)
            text.Append("    gateway6: ").Append(Quoted(gateway6)).Append('\n');
        if (six is not null)
            text.Append("    accept-ra: true\n");
        if (settings.Dns.Length > 0)
            text.Append("    nameservers: { addresses: ").Append(List(settings.Dns)).Append(" }\n");
        if (settings.Mtu > 0)
            text.Append(CultureInfo.InvariantCulture, $"    mtu: {settings.Mtu}\n");
    }

    private static string List(string[] texts) => $"[ {string.Join(", ", texts.Select(Quoted))} ]";

    private static string Quoted(string text) => $"\"{text}\"";
}
