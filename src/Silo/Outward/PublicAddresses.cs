using System.Net;
using System.Net.NetworkInformation;

namespace Controller.Silo.Outward;

/// <summary>Addresses that are everybody's to reach: none of this machine, this link or somebody's inner network.</summary>
internal static class PublicAddresses
{
    private static readonly IPNetwork[] Inside =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
            // Whatever carries an IPv4 address within it could carry one of those.
            "::/96", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32",
        }.Select(IPNetwork.Parse),
    ];

    public static bool Contain(IPAddress address) => Contain(address, OfThisMachine());

    /// <param name="address">An address.</param>
    /// <param name="own">This machine's: what listens there may take its own machine for a friend.</param>
    public static bool Contain(IPAddress address, IReadOnlyCollection<IPAddress> own) => !Inside.Any(n => n.Contains(Plain(address))) && !own.Contains(Plain(address));

    /// <summary>All that this machine has now.</summary>
    public static IReadOnlyCollection<IPAddress> OfThisMachine() =>
        [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address)];

    /// <summary>An IPv4 address as such, also where it is written as one of IPv6.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
