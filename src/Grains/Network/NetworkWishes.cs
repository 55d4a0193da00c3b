using System.Net;
using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Placement;
using Occi;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Network;

/// <summary>What a client says of a network, checked: whether it can be, and whether it can become so.</summary>
internal static class NetworkWishes
{
    public static string? Refusal(NetworkRecord record)
    {
        if (record.Mixins.Contains(Networking.Floating.Id.ToString()) && (record.Physical is null || !record.WantsSubnet))
            return $"{Networking.Floating.Id} is for networks of the world outside: it needs {Networking.Bridged.Id} and {Model.IpNetwork.Mixin.Id}.";
        if (record.WantsSubnet6 && !record.WantsSubnet)
            return $"{Networking.Ipv6.Id} comes beside IPv4: it needs {Model.IpNetwork.Mixin.Id}.";
        if (record.Attributes.Text(Networking.Range6) is { } range6 && Subnet6.Parse(range6).Why is { } wrong6)
            return $"{Networking.Range6.Name}: {wrong6}";
        if (Dns(record.Attributes).FirstOrDefault(server => !IPAddress.TryParse(server, out _)) is { } server)
            return $"{Networking.Dns.Name}: IP addresses with blanks between them are wanted, and \"{server}\" was found.";
        if (!record.WantsSubnet || record.Attributes.Text(Model.IpNetwork.Address) is not { } range)
            return record is { WantsSubnet: true, Physical: not null } ? $"{Model.IpNetwork.Address.Name}: a bridged network's range is the one that it has outside, and must be said." : null;
        var (cidr, why) = Subnet.Parse(range);
        if (cidr is null)
            return $"{Model.IpNetwork.Address.Name}: {why}";
        if (record.Attributes.Text(Model.IpNetwork.Gateway) is { } gateway && !Subnet.Holds(cidr, gateway))
            return $"{Model.IpNetwork.Gateway.Name}: {gateway} does not lie in {cidr}.";
        return Given(record) is { } given && !(Subnet.Holds(cidr, given.First) && Subnet.Holds(cidr, given.Last) && Subnet.Number(given.First) <= Subnet.Number(given.Last))
            ? $"{Networking.Given.Name}: the first and the last of addresses in {cidr} were wanted, {given.First} and {given.Last} were given."
            : null;
    }

    public static Outcome? Refusal(NetworkRecord present, NetworkRecord next) =>
        next.WantsSubnet && next.Attributes.Text(Model.IpNetwork.Address) is { } wanted && present.Cidr is { } cidr && Subnet.Parse(wanted).Cidr != cidr
            ? new(OutcomeKind.Conflict, $"The network's range is {cidr} and cannot become {wanted}: addresses are in use by it. Create another network.")
        : next.WantsSubnet6 && next.Attributes.Text(Networking.Range6) is { } wanted6 && present.Cidr6 is { } cidr6 && Subnet6.Parse(wanted6).Cidr != cidr6
            ? new(OutcomeKind.Conflict, $"The network's IPv6 range is {cidr6} and cannot become {wanted6}. Create another network.")
        : Refusal(next) is { } refusal ? new(OutcomeKind.Invalid, refusal)
        : !next.WantsSubnet && present.Cidr is not null ? new(OutcomeKind.Conflict, $"The network's range {present.Cidr} cannot be taken away.")
        : !next.WantsSubnet6 && present.Cidr6 is not null ? new(OutcomeKind.Conflict, $"The network's IPv6 range {present.Cidr6} cannot be taken away.")
        : next.Physical != present.Physical ? new(OutcomeKind.Conflict, "Whether a network is bridged, and to what, is said when it is created.")
        : null;

    /// <summary>Which addresses are given out; null: all of the range.</summary>
    public static AddressSpan? Given(NetworkRecord record) =>
        record.Physical is not null && record.Attributes.Text(Networking.Given)?.Split('-') is [var first, var last] ? new(first, last) : null;

    public static string[] Dns(IReadOnlyDictionary<string, AttributeValue> attributes) =>
        attributes.Text(Networking.Dns)?.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries) ?? [];
}
