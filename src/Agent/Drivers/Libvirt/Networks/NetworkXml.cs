using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Networks;

/// <summary>Writes a network for libvirt, and reads back what we wrote into its metadata.</summary>
internal static partial class NetworkXml
{
    private static readonly XNamespace Ours = "urn:occi-controller:network:1";
    private static readonly XNamespace Dnsmasq = "http://libvirt.org/schemas/network/dnsmasq/1.0";

    /// <summary>Machines' NICs refer to it.</summary>
    public static string Name(string id) => $"occi-{id}";

    /// <summary>
    /// At most the 15 characters that Linux takes; 36 bits of a random id do not collide on one host. A network that is started anew under
    /// running machines gets another name: only then does libvirt move their NICs to the new bridge.
    /// </summary>
    public static string Bridge(string id, ulong generation) =>
        string.Create(CultureInfo.InvariantCulture, $"oc{id.AsSpan()[^9..]}{(ushort)generation:x4}");

    /// <param name="network">Which.</param>
    /// <param name="generation">Of what is wanted.</param>
    /// <param name="spec">What is wanted.</param>
    /// <param name="bridge">One of its own or, of a bridged network, the physical network's.</param>
    public static XElement Write(ObjectKey network, ulong generation, NetworkSpec spec, string bridge)
    {
        var bridged = spec.Mode == NetworkSpec.Types.Mode.Bridged;
        var written = new XElement(
            "network",
            new XElement("name", Name(network.Id)),
            new XElement("uuid", network.Id),
            Forward(spec),
            new XElement(
                "bridge",
                new XAttribute("name", bridge),
                bridged ? null : new XAttribute("stp", "off"),
                bridged ? null : new XAttribute("delay", "0")));
        if (!bridged)
        {
            written.Add(
                spec.Mtu > 0 ? new XElement("mtu", new XAttribute("size", spec.Mtu)) : null,
                // The same on every host that has it: a machine that moves finds its gateway where it was.
                new XElement("mac", new XAttribute("address", GatewayMac(network.Id))),
                spec.Cidr.Length > 0 ? Address(spec) : null,
                spec.Cidr6.Length > 0 ? Address6(spec) : null,
                spec.Dhcp ? DhcpOptions(spec) : null);
        }
        // What cannot change under running machines' feet. Reservations can, so they are no part of it, and a bridge of its own follows.
        var shape = new XElement(written);
        shape.Descendants("host").Remove();
        if (!bridged)
            shape.Element("bridge")!.Remove();
        written.AddFirst(
            new XElement(
                "metadata",
                new XElement(
                    Ours + "network",
                    new XAttribute(XNamespace.Xmlns + "occi", Ours.NamespaceName),
                    new XAttribute("incarnation", network.Incarnation),
                    new XAttribute("generation", generation),
                    spec.Vni > 0 ? new XAttribute("vni", spec.Vni) : null,
                    spec.Cidr.Length > 0 ? new XAttribute("gateway", true) : null,
                    new XAttribute("shape", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(shape.ToString())))[..16]))));
        return written;
    }

    /// <summary>The DHCP reservations. A name is given to one machine of a network only: libvirt refuses a second.</summary>
    public static IReadOnlyList<XElement> Hosts(NetworkSpec spec)
    {
        if (!spec.Dhcp)
            return [];
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return
        [
            .. from reservation in spec.Reservations
               where reservation.Mac.Length > 0 && reservation.Address.Length > 0
               orderby reservation.Mac
               select new XElement(
                   "host",
                   new XAttribute("mac", reservation.Mac),
                   HostName().IsMatch(reservation.Hostname) && names.Add(reservation.Hostname) ? new XAttribute("name", reservation.Hostname) : null,
                   new XAttribute("ip", reservation.Address)),
        ];
    }

    /// <summary>Null when the network is not ours.</summary>
    public static NetworkLabel? Label(XElement network)
    {
        var label = network.Element("metadata")?.Element(Ours + "network");
        return label is null
            ? null
            : new(
                new((string)network.Element("uuid")!, (string?)label.Attribute("incarnation") ?? ""),
                (ulong?)label.Attribute("generation") ?? 0,
                (string?)label.Attribute("shape") ?? "",
                (uint?)label.Attribute("vni") ?? 0,
                (bool?)label.Attribute("gateway") ?? false);
    }

    /// <summary>Locally administered, and none that a NIC of ours has.</summary>
    private static string GatewayMac(string id) =>
        "02:" + string.Join(':', SHA256.HashData(Encoding.ASCII.GetBytes(id)).Take(5).Select(part => part.ToString("x2", CultureInfo.InvariantCulture)));

    private static XElement? Forward(NetworkSpec spec) => spec.Mode switch
    {
        NetworkSpec.Types.Mode.Bridged => new XElement("forward", new XAttribute("mode", "bridge")),
        NetworkSpec.Types.Mode.Nat when spec.Cidr.Length > 0 => new XElement(
            "forward",
            new XAttribute("mode", "nat"),
            // Private addresses of both families go out as the host's.
            spec.Cidr6.Length > 0 ? new XElement("nat", new XAttribute("ipv6", "yes")) : null),
        _ => null,
    };

    private static XElement DhcpOptions(NetworkSpec spec) => new(
        Dnsmasq + "options",
        new XAttribute(XNamespace.Xmlns + "dnsmasq", Dnsmasq.NamespaceName),
        spec.Mtu > 0 ? Option($"dhcp-option=option:mtu,{spec.Mtu}") : null,
        Servers(spec, AddressFamily.InterNetwork) is { Length: > 0 } servers ? Option($"dhcp-option=option:dns-server,{servers}") : null);

    private static XElement Option(string text) => new(Dnsmasq + "option", new XAttribute("value", text));

    private static string Servers(NetworkSpec spec, AddressFamily family) => string.Join(
        ',',
        spec.Dns.Select(text => IPAddress.TryParse(text, out var server)
            ? server
            : throw new DriverException("invalid", $"A name server's address was wanted, and '{text}' was found.", retryable: false))
            .Where(server => server.AddressFamily == family));

    /// <summary>Machines make their addresses of the router's announcements: those that the control plane reckons with (RFC 4862 §5.5.3).</summary>
    private static XElement Address6(NetworkSpec spec)
    {
        if (!IPNetwork.TryParse(spec.Cidr6, out var range) || range.BaseAddress.AddressFamily != AddressFamily.InterNetworkV6)
            throw new DriverException("invalid", $"A network's IPv6 range must be like fd00:1:2:3::/64, and is '{spec.Cidr6}'.", retryable: false);
        return new(
            "ip",
            new XAttribute("family", "ipv6"),
            new XAttribute("address", spec.Gateway6),
            new XAttribute("prefix", range.PrefixLength.ToString(CultureInfo.InvariantCulture)));
    }

    private static XElement Address(NetworkSpec spec)
    {
        if (!IPNetwork.TryParse(spec.Cidr, out var range) || range.BaseAddress.AddressFamily != AddressFamily.InterNetwork)
            throw new DriverException("invalid", $"A network's range must be IPv4, such as 10.128.3.0/24, and is '{spec.Cidr}'.", retryable: false);
        var gateway = spec.Gateway.Length > 0 ? spec.Gateway : First(range);
        return new(
            "ip",
            new XAttribute("address", gateway),
            new XAttribute("prefix", range.PrefixLength.ToString(CultureInfo.InvariantCulture)),
            // Addresses are given out by reservation alone. Without any, DHCP must still be on: a machine may come later.
            spec.Dhcp ? new XElement("dhcp", Hosts(spec)) : null);
    }

    private static string First(IPNetwork range)
    {
        var bytes = range.BaseAddress.GetAddressBytes();
        bytes[3]++;
        return new IPAddress(bytes).ToString();
    }

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")]
    private static partial Regex HostName();
}

/// <summary>What our metadata says of a network.</summary>
/// <param name="Key">Which network.</param>
/// <param name="Generation">What it was defined for.</param>
/// <param name="Shape">What cannot change while it runs.</param>
/// <param name="Vni">Of the VXLAN that joins it with other hosts; 0: none.</param>
/// <param name="HasGateway">Whether the host has an address on it.</param>
internal sealed record NetworkLabel(ObjectKey Key, ulong Generation, string Shape, uint Vni, bool HasGateway);
