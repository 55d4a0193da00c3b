namespace Occi.Infrastructure;

/// <summary>What a network's machines reach: the two tags of the EGI cloud that a single host can keep (not OGF's; widely sent).</summary>
public static class NetworkReach
{
    private const string Root = "http://schemas.fedcloud.egi.eu/occi/infrastructure/network#";
    private const string Role = "a network's reach";   // one or the other

    /// <summary>Machines reach beyond the network, through their host; also the case when neither tag is given.</summary>
    public static readonly Mixin Nat = new(new(Root, "nat_net")) { Title = "Network whose machines reach out through their host", Location = "/mixin/nat_net/", Applies = [Network.Kind], Role = Role };

    /// <summary>Machines reach each other and their host only.</summary>
    public static readonly Mixin Private = new(new(Root, "private_net")) { Title = "Network without a way out", Location = "/mixin/private_net/", Applies = [Network.Kind], Role = Role };
}
