namespace Occi.Infrastructure;

/// <summary>Layer 3 on a network (GFD.224 §3.2.1).</summary>
public static class IpNetwork
{
    /// <summary><c>occi.network.address</c></summary>
    public static readonly Attr Address = new("occi.network.address", AttrType.Text, "IPv4 or IPv6 range, as address/length.") { Format = TextFormat.IpRange };

    /// <summary><c>occi.network.gateway</c></summary>
    public static readonly Attr Gateway = new("occi.network.gateway", AttrType.Text, "IPv4 or IPv6 address of the gateway.") { Format = TextFormat.IpAddress };

    /// <summary><c>occi.network.allocation</c></summary>
    public static readonly Attr Allocation = new("occi.network.allocation", AttrType.Enumeration, "How addresses are given out.")
    {
        Values = ["dynamic", "static"],
    };

    /// <summary>The mixin.</summary>
    public static readonly Mixin Mixin = new(new(Scheme.Root + "/network#", "ipnetwork"))
    {
        Title = "IP Networking Mixin",
        Location = "/mixin/ipnetwork/",
        Applies = [Network.Kind],
        Attributes = [Address, Gateway, Allocation],
    };
}
