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

    /// <summary>Machines' NICs refer to it.</summary>
    public static string Name(string id) => $"occi-{id}";

    /// <summary>
    /// At most the 15 characters that Linux takes; 36 bits of a random id do not collide on one host. A network that is started anew under
    /// running machines gets another name: only then does libvirt move their NICs to the new bridge.
    /// </summary>
    public static string Bridge(string id, ulong generation) =>
        string.Create(CultureInfo.InvariantCulture, $"oc{id.AsSpan()[^9..]}{(ushort)generation:x4}");

    public static XElement Write(ObjectKey network, ulong generation, NetworkSpec spec, string bridge)
    {
        var written = new XElement(
            "network",
            new XElement("name", Name(network.Id)),
            new XElement("uuid", network.Id),
            spec.Mode == NetworkSpec.Types.Mode.Nat && spec.Cidr.Length > 0 ? new XElement("forward", new XAttribute("mode", "nat")) : null,
            new XElement(
                "bridge",
                new XAttribute("name", bridge),
                new XAttribute("stp", "off"),
                new XAttribute("delay", "0")),
            spec.Cidr.Length > 0 ? Address(spec) : null);
        // What cannot change under running machines' feet. Reservations can, so they are no part of it, and the bridge follows.
        var shape = new XElement(written);
        shape.Descendants("host").Remove();
        shape.Element("bridge")!.Remove();
        written.AddFirst(
            new XElement(
                "metadata",
                new XElement(
                    Ours + "network",
                    new XAttribute(XNamespace.Xmlns + "occi", Ours.NamespaceName),
                    new XAttribute("incarnation", network.Incarnation),
                    new XAttribute("generation", generation),
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
                (string?)label.Attribute("shape") ?? "");
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
internal sealed record NetworkLabel(ObjectKey Key, ulong Generation, string Shape);
