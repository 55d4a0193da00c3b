using System.Security.Cryptography;
using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Placement;
using Occi;
using Occi.Core;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Links;

/// <summary>What a NIC is known by on its network: one answer, whoever asks (the link, or its compute that claims everything at once).</summary>
internal static class NicAddressing
{
    /// <summary>The MAC address asked for; else a locally administered one made of the link's id, so that a repeat makes the same one.</summary>
    public static string Mac(IReadOnlyDictionary<string, AttributeValue> attributes, Guid link)
    {
        if (attributes.Text(Model.NetworkInterface.Mac) is { } asked)
            return asked.Replace('-', ':').ToLowerInvariant();
        var hash = SHA256.HashData(link.ToByteArray());
        return $"52:54:{hash[0]:x2}:{hash[1]:x2}:{hash[2]:x2}:{hash[3]:x2}";
    }

    /// <summary>Whether a network interface with that target is to be an address of the world outside, and no NIC.</summary>
    public static bool IsReservation(string? target) => target?.Contains(Model.IpReservation.Kind.Location!, StringComparison.Ordinal) == true;

    /// <summary>The address asked for, without a prefix length; null: any.</summary>
    public static string? Wanted(IReadOnlyDictionary<string, AttributeValue> attributes) => attributes.Text(Model.IpNetworkInterface.Address)?.Split('/')[0];

    public static string Hostname(Guid compute) => $"vm-{compute.ToString("N")[..8]}";

    /// <summary>The addresses that a new compute's inline NICs need.</summary>
    public static IReadOnlyList<AddressRequest> Of(Guid compute, IEnumerable<CreateEntity> links)
    {
        var requests = new List<AddressRequest>();
        foreach (var link in links.Where(l => l.Kind == Model.NetworkInterface.Kind.ToString()))
        {
            if (LinkGrain.EndOf(link.Attributes.Text(CoreKinds.Target), Model.Network.Kind.Id.Term) is { } network)
                requests.Add(new(network, link.Id, compute, Mac(link.Attributes, link.Id), Wanted(link.Attributes), Hostname(compute)));
        }
        return requests;
    }
}
