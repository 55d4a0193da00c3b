namespace Occi.Infrastructure;

/// <summary>
/// An address of the world outside that is kept for a project, and that a compute has by a networkinterface to it: what others call a floating address. The EGI cloud's kind (not OGF's;
/// widely used), a network that is this one address.
/// </summary>
public static class IpReservation
{
    /// <summary><c>occi.ipreservation.address</c>: the server's choice when absent.</summary>
    public static readonly Attr Address = new("occi.ipreservation.address", AttrType.Text, "IPv4 address that is reserved.") { Format = TextFormat.IpAddress, SetOnce = true };

    /// <summary><c>occi.ipreservation.used</c></summary>
    public static readonly Attr Used = new("occi.ipreservation.used", AttrType.Boolean, "Whether a compute has it.") { Mutable = false };

    /// <summary><c>occi.ipreservation.state</c></summary>
    public static readonly Attr State = new("occi.ipreservation.state", AttrType.Enumeration, "Current state.") { Mutable = false, Values = ["active", "inactive"] };

    /// <summary>Of which network; needed only where there are several.</summary>
    public static readonly Attr Pool = new("local.controller.ipreservation.network", AttrType.Uri, "The public network that the address is to be of; needed where the provider has more than one.")
    {
        SetOnce = true,
    };

    /// <summary>The kind.</summary>
    public static readonly Kind Kind = new(new(Scheme.Kinds, "ipreservation"), Network.Kind)
    {
        Title = "IP Reservation", Location = "/ipreservation/", Attributes = [Address, Used, State, Pool],
    };
}
