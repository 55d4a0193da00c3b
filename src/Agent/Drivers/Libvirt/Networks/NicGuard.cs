using System.Net;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Text;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>What one machine's NIC may send: from its own MAC address and, where it has addresses of ours, from these only. Where it is in security groups, what they let through.</summary>
/// <param name="Device">The host's end of it, by name: rules are there before the device is.</param>
/// <param name="Mac">Its MAC address.</param>
/// <param name="Address">Its IPv4 address, if it has one of ours.</param>
/// <param name="Address6">Its IPv6 address, if it has one of ours.</param>
/// <param name="Filter">Of security groups; null: it is in none.</param>
internal sealed record NicGuard(string Device, string Mac, string? Address, string? Address6, NicFilter? Filter = null)
{
    /// <summary>15 characters, the most that Linux takes.</summary>
    public static string TapOf(string link) => HostFirewall.Tap + Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(link)))[..12];

    /// <summary>Code <c>invalid</c> for what is no address.</summary>
    public static NicGuard Of(Nic nic) => new(
        TapOf(nic.LinkId),
        PhysicalAddress.TryParse(nic.Mac.Replace(':', '-').ToUpperInvariant(), out var mac) && mac.GetAddressBytes().Length == 6
            ? string.Join(':', mac.GetAddressBytes().Select(part => part.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)))
            : throw Invalid("MAC address", nic.Mac),
        Parsed(nic.Address),
        Parsed(nic.Address6),
        nic.Filtered ? new NicFilter([.. nic.Rules.Select(NicRule.Of)]) : null);

    /// <summary>For <c>nft -f</c>, all of it or nothing.</summary>
    public string Write(bool antiSpoofing)
    {
        var passed = Filter is null ? "accept" : $"goto {NicFilter.Out(Device)}";
        string[] lines =
        [
            $"add chain bridge occi {Device}",
            $"flush chain bridge occi {Device}",
            .. Filter?.Write(Device) ?? NicFilter.Erase(Device),
            .. (antiSpoofing ? Rules(passed) : [passed]).Select(rule => $"add rule bridge occi {Device} {rule}"),
            $"add element bridge occi guards {{ \"{Device}\" : goto {Device} }}",
            Filter is null ? "" : NicFilter.Use(Device),
        ];
        return string.Join('\n', lines) + '\n';
    }

    /// <summary>Undoes <see cref="Write"/>; may be repeated.</summary>
    public static string Erase(string device) =>
        $$"""
        add chain bridge occi {{device}}
        add element bridge occi guards { "{{device}}" : goto {{device}} }
        delete element bridge occi guards { "{{device}}" }
        flush chain bridge occi {{device}}
        delete chain bridge occi {{device}}
        {{string.Join('\n', NicFilter.Erase(device))}}

        """;

    private IEnumerable<string> Rules(string passed)
    {
        yield return $"ether saddr != {Mac} drop";
        yield return $"arp saddr ether != {Mac} drop";
        if (Address is null && Address6 is null)
        {
            yield return passed;   // a network without addresses of ours: its machines' own business
            yield break;
        }
        // RARP is how QEMU tells switches where a machine has moved to. What hides in a VLAN tag is nothing of these.
        yield return "ether type != { ip, arp, ip6, 0x8035 } drop";
        yield return Address is null ? "ether type arp drop" : $"arp saddr ip != {{ {Address}, 0.0.0.0 }} drop";
        yield return "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept";
        yield return Address is null ? "ether type ip drop" : $"ether type ip ip saddr != {Address} drop";
        yield return "udp sport { 67, 547 } drop";
        yield return $"ether type ip6 ip6 saddr != {{ ::, fe80::/10{(Address6 is null ? "" : ", " + Address6)} }} drop";
        yield return "icmpv6 type { nd-router-advert, nd-redirect } drop";
        // A neighbour's advertisement names its address in the message (RFC 4861 §4.4): fe80::/10 begins with 1111111010.
        yield return $"icmpv6 type nd-neighbor-advert @th,64,10 != 0x3fa{(Address6 is null ? "" : $" @th,64,128 != 0x{Hex(Address6)}")} drop";
        yield return passed;
    }

    private static string Hex(string address) => Convert.ToHexStringLower(IPAddress.Parse(address).GetAddressBytes());

    private static string? Parsed(string address) =>
        address.Length == 0 ? null : IPAddress.TryParse(address, out var parsed) ? parsed.ToString() : throw Invalid("IP address", address);

    private static DriverException Invalid(string wanted, string found) => new("invalid", $"A NIC's {wanted} was wanted, and '{found}' was found.", retryable: false);
}
