using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Controller.Grains.Network;

/// <summary>Checks of what a client says of a subnet.</summary>
internal static class Subnet
{
    /// <summary>The network's own address in CIDR notation; null and the reason when it is not an IPv4 range that machines fit in.</summary>
    public static (string? Cidr, string? Why) Parse(string text) =>
        !TryParse(text, out var network) ? (null, $"\"{text}\" is not a range like 10.20.0.0/24.")
        : network.BaseAddress.AddressFamily != AddressFamily.InterNetwork ? (null, $"{text}: only IPv4 ranges are offered here.")
        : network.PrefixLength is < 8 or > 29 ? (null, $"{text}: the prefix must be from 8 to 29 bits long.")
        : (network.ToString(), null);

    public static bool Holds(string cidr, string address) =>
        IPAddress.TryParse(address, out var parsed) && parsed.AddressFamily == AddressFamily.InterNetwork && IPNetwork.Parse(cidr).Contains(parsed);

    /// <summary>An IPv4 address as a number, to compare it by.</summary>
    public static uint Number(string address) => BinaryPrimitives.ReadUInt32BigEndian(IPAddress.Parse(address).GetAddressBytes());

    public static int PrefixLength(string cidr) => IPNetwork.Parse(cidr).PrefixLength;

    private static bool TryParse(string text, out IPNetwork network)
    {
        network = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out var address)
            || !int.TryParse(text.AsSpan(slash + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var length)
            || length > (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128))
        {
            return false;
        }
        // "10.20.0.1/24" is meant as the range that it lies in.
        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        network = new(new IPAddress(bytes), length);
        return true;
    }
}
