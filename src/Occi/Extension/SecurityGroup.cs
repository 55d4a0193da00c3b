using Occi.Core;

namespace Occi.Extension;

/// <summary>What may reach machines, and what they may reach: rules that are enforced at each NIC of the computes that are linked to it (the provider's own).</summary>
public static class SecurityGroup
{
    private const string Name = "local.controller.securitygroup.";

    /// <summary>
    /// A JSON array of objects, each of which allows something: <c>direction</c> (ingress or egress), and whatever else is to be asked for of <c>ethertype</c> (IPv4, IPv6),
    /// <c>protocol</c> (tcp, udp, sctp, icmp, any, or a number), <c>ports</c> (22, "8000-8100"), <c>remote</c> (an address or a range), and <c>description</c>.
    /// </summary>
    public static readonly Attr Rules = new(
        Name + "rules", AttrType.Array, "What is allowed: objects with direction (ingress or egress) and at will ethertype and protocol and ports and remote and description.")
    {
        Default = AttributeValue.OfJson("[]"),
    };

    /// <summary>Whether all machines' hosts have been told the rules as they are.</summary>
    public static readonly Attr State = new(Name + "state", AttrType.Enumeration, "Active when the rules are on their way to no machine any more.")
    {
        Mutable = false, Values = ["active", "inactive"],
    };

    /// <summary>The kind.</summary>
    public static readonly Kind Kind = new(new(Scheme.Kinds, "securitygroup"), CoreKinds.Resource)
    {
        Title = "Security Group", Location = "/securitygroup/", Attributes = [Rules, State],
    };
}
