namespace Occi.Infrastructure;

/// <summary>Layer 3 on a network interface (GFD.224 §3.4.1).</summary>
public static class IpNetworkInterface
{
    /// <summary><c>occi.networkinterface.address</c>: the server's choice when allocation is dynamic.</summary>
    public static readonly Attr Address = new("occi.networkinterface.address", AttrType.Text, "IPv4 or IPv6 address.")
    {
        Format = TextFormat.IpAddressOrRange,
    };

    /// <summary><c>occi.networkinterface.gateway</c></summary>
    public static readonly Attr Gateway = new("occi.networkinterface.gateway", AttrType.Text, "IPv4 or IPv6 address of the gateway.")
    {
        Format = TextFormat.IpAddressOrRange,
    };

    /// <summary><c>occi.networkinterface.allocation</c></summary>
    public static readonly Attr Allocation = new("occi.networkinterface.allocation", AttrType.Enumeration, "How the address is given.")
    {
        Values = ["dynamic", "static"],
    };

    /// <summary>The mixin.</summary>
    public static readonly Mixin Mixin = new(new(Scheme.Root + "/networkinterface#", "ipnetworkinterface"))
    {
        Title = "IP NetworkInterface Mixin",
        Location = "/mixin/ipnetworkinterface/",
        Applies = [NetworkInterface.Kind],
        Attributes = [Address, Gateway, Allocation],
    };
}
