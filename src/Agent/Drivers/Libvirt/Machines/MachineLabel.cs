using System.Xml.Linq;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>
/// Our element in a domain's metadata: whose the domain is, and what cannot be read from the rest of it. A domain without it is foreign.
/// </summary>
/// <param name="Incarnation">The placement that the domain is.</param>
/// <param name="Generation">Applied in full; 0: none yet.</param>
/// <param name="Wanted">The power state that was asked for last: a crashed machine that is wanted off is off.</param>
/// <param name="Shape">A digest of what the definition was written from.</param>
internal sealed record MachineLabel(string Incarnation, ulong Generation, Power Wanted, string Shape)
{
    public const string Prefix = "occi";

    public static readonly XNamespace Namespace = "urn:occi-controller:machine:1";

    /// <summary>For a domain's definition.</summary>
    public XElement Write() => new(Namespace + "machine", new XAttribute(XNamespace.Xmlns + Prefix, Namespace.NamespaceName), Attributes());

    /// <summary>For virDomainSetMetadata, which declares the namespace by itself and takes no second declaration.</summary>
    public XElement WriteBare() => new("machine", Attributes());

    private XAttribute[] Attributes() =>
    [
        new XAttribute("incarnation", Incarnation),
        new XAttribute("generation", Generation),
        new XAttribute("wanted", (int)Wanted),
        new XAttribute("shape", Shape),
    ];

    public static MachineLabel? Read(XElement domain)
    {
        var label = domain.Element("metadata")?.Element(Namespace + "machine");
        return label is null
            ? null
            : new(
                (string?)label.Attribute("incarnation") ?? "",
                (ulong?)label.Attribute("generation") ?? 0,
                (Power)((int?)label.Attribute("wanted") ?? 0),
                (string?)label.Attribute("shape") ?? "");
    }
}
