using System.Globalization;
using System.Text;
using Controller.Contracts;

namespace Controller.Grains.Compute;

/// <summary>
/// How a guest shall set up its NICs, as cloud-init reads it (network-config version 2, which is netplan's). A NIC is found by its MAC address. One on a network that gives
/// addresses, or of which nobody knows them, asks by DHCP, and no boot waits for it; else its addresses stand here.
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
            text.Append(CultureInfo.InvariantCulture, $"  {nic.Device}:\n    match: {{ macaddress: \"{nic.Mac}\" }}\n    set-name: \"{nic.Device}\"\n");
            var settings = nic.Settings ?? new NicSettings { Dhcp = true };
            string[] addresses =
            [
                .. nic.Address is { } four && settings.PrefixLength > 0 ? [$"{four}/{settings.PrefixLength}"] : (string[])[],
                .. nic.Address6 is { } six && settings.PrefixLength6 > 0 ? [$"{six}/{settings.PrefixLength6}"] : (string[])[],
            ];
            if (settings.Dhcp || addresses.Length == 0)
                text.Append("    dhcp4: true\n").Append(nic.Address6 is null ? "" : "    dhcp6: true\n").Append("    optional: true\n");
            else
                Static(text, addresses, settings);
            if (settings.Mtu > 0)
                text.Append(CultureInfo.InvariantCulture, $"    mtu: {settings.Mtu}\n");
        }
        return text.ToString();
    }

    private static void Static(StringBuilder text, string[] addresses, NicSettings settings)
    {
        text.Append("    addresses: [ ").AppendJoin(", ", addresses.Select(Quoted)).Append(" ]\n");
        // cloud-init 22.4 makes ::/64 of a route to ::/0, and knows no "default".
        if (settings.Gateway is { } four)
            text.Append("    gateway4: ").Append(Quoted(four)).Append('\n');
        if (settings.Gateway6 is { } six)
            text.Append("    gateway6: ").Append(Quoted(six)).Append('\n');
        if (settings.Dns.Length > 0)
            text.Append("    nameservers: { addresses: [ ").AppendJoin(", ", settings.Dns.Select(Quoted)).Append(" ] }\n");
    }

    private static string Quoted(string text) => $"\"{text}\"";
}
