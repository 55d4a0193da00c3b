using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Controller.Grains.Network;

/// <summary>IPv6 ranges: of 64 bits, so that a NIC's address is made of its MAC address by rule and everyone comes to the same.</summary>
internal static class Subnet6
{
    public const int Length = 64;

    /// <summary>The range as it is usually written; null and the reason when it is not one of 64 bits.</summary>
    public static (string? Cidr, string? Why) Parse(string text) =>
        IPNetwork.TryParse(text, out var network) && network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 && network.PrefixLength == Length
            ? (network.ToString(), null)
            : (null, $"\"{text}\" is not an IPv6 range of {Length} bits like fd00:1:2:3::/64.");

    /// <summary>RFC 4291, appendix A: the address that a machine gives itself in that range.</summary>
    public static string Address(string cidr, string mac)
    {
        var bytes = IPNetwork.Parse(cidr).BaseAddress.GetAddressBytes();
        var hardware = mac.Split(':').Select(part => byte.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
        byte[] identifier = [(byte)(hardware[0] ^ 2), hardware[1], hardware[2], 0xff, 0xfe, hardware[3], hardware[4], hardware[5]];
        identifier.CopyTo(bytes, 8);
        return new IPAddress(bytes).ToString();
    }
}
