using Occi.Infrastructure;

namespace Occi.Extension;

/// <summary>What this product offers of networks beyond the standard.</summary>
public static class Networking
{
    /// <summary>The IPv6 range. The standard's mixin has one address only, which is the IPv4 range here.</summary>
    public static readonly Attr Range6 = new("local.controller.network.ipv6.address", AttrType.Text, "IPv6 range, a /64; by default one of the provider's.")
    {
        Format = TextFormat.IpRange,
    };

    /// <summary>The gateway in it.</summary>
    public static readonly Attr Gateway6 = new("local.controller.network.ipv6.gateway", AttrType.Text, "IPv6 address of the gateway.") { Mutable = false };

    /// <summary>IPv6 beside IPv4.</summary>
    public static readonly Mixin Ipv6 = new(new(Scheme.Network, "ipv6"))
    {
        Title = "Network with IPv6 beside IPv4", Location = "/mixin/network_ipv6/", Applies = [Network.Kind], Attributes = [Range6, Gateway6],
    };

    /// <summary>Name servers.</summary>
    public static readonly Attr Dns = new("local.controller.network.dns", AttrType.Text, "Addresses of name servers, with blanks between; by default the gateway is one.");

    /// <summary>The largest packet.</summary>
    public static readonly Attr Mtu = new("local.controller.network.mtu", AttrType.Whole, "Largest packet, in bytes; by default what fits between hosts.") { Min = 1280, Max = 9000 };

    /// <summary>What machines are told of a network beside their addresses.</summary>
    public static readonly Mixin Settings = new(new(Scheme.Network, "settings"))
    {
        Title = "What a network's machines are told", Location = "/mixin/network_settings/", Applies = [Network.Kind], Attributes = [Dns, Mtu],
    };

    /// <summary>The physical network.</summary>
    public static readonly Attr Physical = new("local.controller.network.physical", AttrType.Text, "Name of the physical network; hosts say which interface it is.")
    {
        Required = true, SetOnce = true, Pattern = "[A-Za-z0-9_.-]{1,64}",
    };

    /// <summary>What is given out of a range that others live in, too.</summary>
    public static readonly Attr Given = new("local.controller.network.addresses", AttrType.Text, "Addresses to give out, FIRST-LAST; by default all of the range but the gateway.")
    {
        Pattern = "[0-9.]{7,15}-[0-9.]{7,15}",
    };

    /// <summary>A network that is the provider's own, outside of the cloud; for admins to create.</summary>
    public static readonly Mixin Bridged = new(new(Scheme.Network, "bridged"))
    {
        Title = "Network of the world outside", Location = "/mixin/network_bridged/", Applies = [Network.Kind], Attributes = [Physical, Given],
    };

    /// <summary>A bridged network of which projects may have addresses for themselves, beside or instead of NICs on it.</summary>
    public static readonly Mixin Floating = new(new(Scheme.Network, "floating"))
    {
        Title = "Network whose addresses projects may reserve", Location = "/mixin/network_floating/", Applies = [Network.Kind],
    };

    /// <summary>A NIC's IPv6 address.</summary>
    public static readonly Attr InterfaceAddress6 = new("local.controller.networkinterface.ipv6.address", AttrType.Text, "IPv6 address.") { Mutable = false };

    /// <summary>Its gateway.</summary>
    public static readonly Attr InterfaceGateway6 = new("local.controller.networkinterface.ipv6.gateway", AttrType.Text, "IPv6 address of the gateway.") { Mutable = false };

    /// <summary>A NIC on a network with IPv6 has it of itself.</summary>
    public static readonly Mixin InterfaceIpv6 = new(new(Scheme.NetworkInterface, "ipv6"))
    {
        Title = "Network interface with IPv6 beside IPv4", Location = "/mixin/networkinterface_ipv6/", Applies = [NetworkInterface.Kind],
        Attributes = [InterfaceAddress6, InterfaceGateway6],
    };
}
