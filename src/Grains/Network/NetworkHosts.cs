using System.Net;
using System.Net.Sockets;

namespace Controller.Grains.Network;

/// <summary>
/// On which hosts a network is, and what each is told of the others. Pure: a record in, a record out, the same one where nothing changes.
/// <code>
/// (not there) ──Join──▶ there ──Leave──▶ leaving ──Gone──▶ (not there)
///                                        leaving ──Join──▶ leaving, wanted again ──Gone──▶ there
/// </code>
/// </summary>
internal static class NetworkHosts
{
    private const int OverlayMtuV4 = 1450;
    private const int OverlayMtuV6 = 1430;

    /// <summary>A machine there needs it. A host that lets it go must do so first: what has ended for an agent cannot begin again before.</summary>
    public static NetworkRecord Join(NetworkRecord record, Guid host, string? underlay)
    {
        if (record.Hosts.FirstOrDefault(h => h.Host == host) is not { } known)
            return record with { Hosts = [.. record.Hosts, new(host, Underlay: underlay)] };
        var next = known with { Underlay = underlay, Again = known.LeavingSince > 0 };
        return next == known ? record : Put(record, next);
    }

    /// <summary>Hosts without a machine on it are to let it go. <paramref name="next"/>: the generation that says so.</summary>
    public static NetworkRecord Leave(NetworkRecord record, IReadOnlyCollection<Guid> needed, long next)
    {
        if (record.Hosts.All(h => h.LeavingSince > 0 || needed.Contains(h.Host)))
            return record;
        return record with
        {
            Hosts = [.. record.Hosts.Select(h => h.LeavingSince > 0 || needed.Contains(h.Host) ? h : h with { LeavingSince = next, Again = false })],
        };
    }

    /// <summary>A leaving host has it no more.</summary>
    public static NetworkRecord Gone(NetworkRecord record, NetworkOnHost host) => host.Again
        ? Put(record, host with { LeavingSince = 0, Again = false, Generation = 0, Failure = null })
        : record with { Hosts = [.. record.Hosts.Where(h => h.Host != host.Host)] };

    /// <summary>Where a host sends what is for machines of other hosts.</summary>
    public static string[] Peers(NetworkRecord record, Guid host) => record.Vni == 0
        ? []
        : [.. record.Hosts.Where(h => h.Host != host && h is { LeavingSince: 0, Underlay: not null }).Select(h => h.Underlay!).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>What fits between hosts with such addresses, of the usual 1500 bytes.</summary>
    public static int OverlayMtu(string underlay) =>
        IPAddress.TryParse(underlay, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 ? OverlayMtuV6 : OverlayMtuV4;

    /// <summary>Whose machines do not reach those of the others, for people; null when all do.</summary>
    public static string? Apart(NetworkRecord record)
    {
        if (record.Physical is not null)
            return null;
        var there = record.Hosts.Where(h => h.LeavingSince == 0).ToArray();
        var alone = there.Where(h => h.Underlay is null).ToArray();
        return there.Length > 1 && alone.Length > 0
            ? $"Machines on host{(alone.Length > 1 ? "s" : "")} {string.Join(", ", alone.Select(h => h.Host))} do not reach the network's machines on other hosts: no underlay address is set there."
            : null;
    }

    private static NetworkRecord Put(NetworkRecord record, NetworkOnHost host) =>
        record with { Hosts = [.. record.Hosts.Select(h => h.Host == host.Host ? host : h)] };
}
