using Occi.Core;

namespace Occi.Extension;

/// <summary>Puts a compute's NICs, or one of them, into a security group (the provider's own).</summary>
public static class SecurityGroupLink
{
    private const string Name = "local.controller.securitygrouplink.";

    /// <summary>The one NIC.</summary>
    public static readonly Attr Nic = new(Name + "networkinterface", AttrType.Uri, "The network interface that is meant; all of the compute when absent.")
    {
        Mutable = false, SetOnce = true,
    };

    /// <summary>Whether the rules are in force.</summary>
    public static readonly Attr State = new(Name + "state", AttrType.Enumeration, "Active when the host of the compute enforces the rules.")
    {
        Mutable = false, Values = ["active", "inactive", "error"],
    };

    /// <summary>Why the state is what it is.</summary>
    public static readonly Attr StateMessage = new(Name + "state.message", AttrType.Text, "Why the state is what it is.") { Mutable = false };

    /// <summary>The kind.</summary>
    public static readonly Kind Kind = new(new(Scheme.Kinds, "securitygrouplink"), CoreKinds.Link)
    {
        Title = "Security Group Link", Location = "/securitygrouplink/", Attributes = [Nic, State, StateMessage], LinksTo = SecurityGroup.Kind,
    };
}
