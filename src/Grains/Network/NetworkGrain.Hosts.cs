using Controller.Contracts;
using Controller.Grains.Entities;

namespace Controller.Grains.Network;

// On which hosts it is, what they are told, and what their news means.
internal sealed partial class NetworkGrain
{
    public async Task EnsureOn(Guid host)
    {
        if (_record.Value is not { } present || present.Phase == NetworkPhase.Deleting)
            return;
        var next = NetworkHosts.Join(present, host, await Underlay(host));
        if (next is { Vni: 0, Physical: null } && next.Hosts.FirstOrDefault(h => h.Underlay is not null) is { Underlay: { } underlay })
            next = next with { Vni = await _claims.ClaimVni(Id), OverlayMtu = NetworkHosts.OverlayMtu(underlay) };
        if (ReferenceEquals(next, present))
        {
            await Tell(host);
            return;
        }
        await _claims.Note("network", Id, present.OnHosts, host, present.Project);
        // The others have a new peer.
        await _record.Write(next with { Generation = present.Generation + 1 });
        await Tell();
    }

    public async Task Refresh(Guid host)
    {
        if (_record.Value is not { } present || present.Phase is NetworkPhase.Deleting or NetworkPhase.Creating)
            return;
        var there = present.Hosts.FirstOrDefault(h => h.Host == host);
        if (there is null)
            await _claims.Unnote(Id, host);   // it left, and somebody died before that was noted
        else if (there.LeavingSince == 0 && there.Underlay != await Underlay(host))
            await EnsureOn(host);
        await LeaveHosts();
    }

    public async Task Observed(Guid host, ObservedNetwork network)
    {
        if (_record.Value is not { } present || network.Incarnation != present.OnHosts || present.Hosts.FirstOrDefault(h => h.Host == host) is not { } known)
            return;
        if (known.LeavingSince > 0 && present.Phase != NetworkPhase.Deleting)
        {
            if (!network.Present && network.Failure is null && network.Generation >= known.LeavingSince)
                await HasLeft(known);
            return;
        }
        var failure = network.Failure is { } f && f.Generation >= present.Generation ? f : null;
        var seen = known with
        {
            Generation = !network.Present && present.Phase == NetworkPhase.Deleting && failure is null ? -1 : network.Generation,
            Failure = failure?.Message,
        };
        if (seen != known)
            await _record.Write(present with { Hosts = [.. present.Hosts.Select(h => h.Host == host ? seen : h)] });
        if (failure is { Retryable: false })
            await Handle(NetworkTrigger.SawFailure);
        await Conclude();
    }

    public async Task<DesiredObject?> DesiredOn(Guid host)
    {
        if (_record.Value is not { } present)
            return null;
        // The host's address may be another one now, and machines may have left it; asked in between other turns, this one may change nothing itself.
        this.AsReference<INetworkGrain>().Refresh(host).Ignore();
        return present.Hosts.All(h => h.Host != host) ? null : Desired(present, host, await Reservations(present));
    }

    public Task<bool> IsStray(Guid host, Guid incarnation) => Task.FromResult(
        _record.Value is { } present && incarnation != present.OnHosts);

    /// <summary>Hosts where no machine has a NIC on it let it go.</summary>
    private async Task LeaveHosts(Guid? gone = null)
    {
        if (_record.Value is not { } present || present.Phase is NetworkPhase.Deleting or NetworkPhase.Creating || present.Hosts.Length == 0)
            return;
        var next = NetworkHosts.Leave(present, [.. await _claims.HostsNeeding(Id, gone)], present.Generation + 1);
        if (ReferenceEquals(next, present))
            return;
        await _record.Write(next with { Generation = present.Generation + 1 });
        await Tell();
    }

    private async Task HasLeft(NetworkOnHost host)
    {
        var present = _record.Value!;
        await _record.Write(NetworkHosts.Gone(present, host) with { Generation = present.Generation + 1 });
        // Last: a host is asked about what it has a claim of, and only so does anybody come by here again.
        if (!host.Again)
            await _claims.Unnote(Id, host.Host);
        if (host.Again)
            await Tell();
        await Conclude();
    }

    private async Task<string?> Underlay(Guid host) =>
        (await GrainFactory.Host(host).View())?.Capabilities?.UnderlayAddress;

    private async Task<AddressReservation[]> Reservations(NetworkRecord record) => record.Cidr is null
        ? []
        : [.. (await _claims.Addresses(Id)).Where(r => r.Mac.Contains(':', StringComparison.Ordinal)).Select(r => r with { Address6 = record.Cidr6 is { } six ? Subnet6.Address(six, r.Mac) : null })];

    private DesiredNetwork Desired(NetworkRecord record, Guid host, AddressReservation[] reservations) => new()
    {
        Id = Id,
        Incarnation = record.OnHosts,
        Generation = record.Generation,
        Absent = record.Phase == NetworkPhase.Deleting || record.Hosts.Any(h => h.Host == host && h.LeavingSince > 0),
        Name = record.Attributes.Text(Occi.Core.CoreKinds.Title) ?? "",
        Active = record.Phase is NetworkPhase.Active or NetworkPhase.Activating or NetworkPhase.Failed,
        Nat = record.Nat,
        Cidr = record.Physical is null ? record.Cidr : null,
        Gateway = record.Physical is null ? record.Gateway : null,
        Dhcp = record.Dhcp,
        Reservations = record.Physical is null ? reservations : [],
        Vni = record.Vni,
        Peers = NetworkHosts.Peers(record, host),
        Mtu = record.Physical is null ? record.Mtu : 0,
        Dns = NetworkWishes.Dns(record.Attributes),
        Cidr6 = record.Physical is null ? record.Cidr6 : null,
        Gateway6 = record.Physical is null ? record.Gateway6 : null,
        Physical = record.Physical,
        Vlan = record.Vlan,
    };

    /// <summary>What a guest's own configuration says of its NIC. Where we give no addresses, somebody else may.</summary>
    private static NicSettings Settings(NetworkRecord record) => new()
    {
        Dhcp = record.Dhcp || record.Cidr is null,
        PrefixLength = record.Cidr is { } range ? Subnet.PrefixLength(range) : 0,
        Gateway = record.Gateway,
        PrefixLength6 = record.Cidr6 is null ? 0 : Subnet6.Length,
        Gateway6 = record.Gateway6,
        Dns = NetworkWishes.Dns(record.Attributes),
        Mtu = record.Mtu,
    };

    private async Task Tell(Guid? only = null)
    {
        var present = _record.Value!;
        var hosts = present.Hosts.Where(h => only is null || h.Host == only).ToArray();
        if (hosts.Length == 0)
            return;
        var reservations = await Reservations(present);
        foreach (var host in hosts)
            await GrainFactory.Host(host.Host).Send([Desired(present, host.Host, reservations)]);
    }
}
