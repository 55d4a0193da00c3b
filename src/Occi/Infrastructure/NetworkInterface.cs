using Occi.Core;

namespace Occi.Infrastructure;

/// <summary>A compute's adapter in a network (GFD.224 §3.4.1).</summary>
public static class NetworkInterface
{
    /// <summary>
    /// <c>occi.networkinterface.interface</c>: immutable by the specification, yet its own examples send it; what a client gives at creation
    /// is a hint.
    /// </summary>
    public static readonly Attr Interface = new("occi.networkinterface.interface", AttrType.Text, "Device name, such as eth0.")
    {
        Mutable = false, SetOnce = true,
    };

    /// <summary><c>occi.networkinterface.mac</c>: the server's choice when absent.</summary>
    public static readonly Attr Mac = new("occi.networkinterface.mac", AttrType.Text, "MAC address.") { Pattern = "([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}" };

    /// <summary><c>occi.networkinterface.state</c></summary>
    public static readonly Attr State = new("occi.networkinterface.state", AttrType.Enumeration, "Current state.")
    {
        Mutable = false, Values = ["active", "inactive", "error"],
    };

    /// <summary><c>occi.networkinterface.state.message</c></summary>
    public static readonly Attr StateMessage = new("occi.networkinterface.state.message", AttrType.Text, "Why the state is what it is.") { Mutable = false };

    /// <summary>The kind.</summary>
    public static readonly Kind Kind = new(new(Scheme.Kinds, "networkinterface"), CoreKinds.Link)
    {
        Title = "NetworkInterface Link",
        Location = "/networkinterface/",
        Attributes = [Interface, Mac, State, StateMessage],
        LinksTo = Network.Kind,
    };
}
