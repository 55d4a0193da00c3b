using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Links;
using Controller.Grains.Persistence;
using Controller.Grains.Placement;
using Microsoft.Extensions.Logging;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Network;

/// <summary>A network: a subnet with its addresses, on every host where a machine needs it.</summary>
[GrainType("network")]
internal sealed partial class NetworkGrain : Grain, INetworkGrain
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly Record<NetworkRecord, EntityView> _record;
    private readonly Sights _sights = new();
    private readonly IClaims _claims;
    private readonly TimeProvider _time;
    private readonly ILogger<NetworkGrain> _logger;

    public NetworkGrain(
        [PersistentState("network", "entities")] IPersistentState<Stored<NetworkRecord, EntityView>> state,
        IClaims claims,
        TimeProvider time,
        ILogger<NetworkGrain> logger)
    {
        _record = new(state, NetworkProjection.View, NetworkProjection.Index, time);
        (_claims, _time, _logger) = (claims, time, logger);
    }

    private Guid Id => GrainKeys.IdOf(this.GetPrimaryKeyString());

    public async Task<Outcome> Create(CreateEntity command)
    {
        if (_record.Value is { } present)
        {
            return present.Phase == NetworkPhase.Creating && present.Project == command.Caller.Project
                ? await Settle()   // the first attempt died half-way
                : Repeated.Create(command, present.Project, _record.View);
        }
        if (command.Links.Length > 0)
            return new(OutcomeKind.Invalid, "Links that start at a network are not possible: networkinterface goes from a compute to a network.");
        var now = _time.GetUtcNow();
        var record = new NetworkRecord
        {
            Id = Id,
            Project = command.Caller.Project,
            CreatedBy = command.Caller.Principal,
            Created = now,
            Phase = NetworkPhase.Creating,
            Incarnation = Guid.NewGuid(),
            Mixins = command.Mixins,
            Attributes = command.Attributes,
            Operation = Operation.Begin("create", now, Limit),
        };
        if (record.Physical is not null && command.Caller.Role != Role.Admin)
            return new(OutcomeKind.Forbidden, "A network of the world outside is for an admin to create.");
        if (NetworkWishes.Refusal(record) is { } refusal)
            return new(OutcomeKind.Invalid, refusal);
        if (await _claims.ClaimNetwork(Id, record.Project) is { } over)
            return new(OutcomeKind.QuotaExceeded, over);
        await _record.Write(record);
        return await Settle();
    }

    public Task<EntityView?> View(Caller caller) =>
        Task.FromResult(_record.View is { } view && caller.Sees(view.Project) ? view : null);

    public async Task<Sight> Look(Caller caller, long known) => _sights.Of(await View(caller), known);

    public async Task<Outcome> Update(UpdateEntity command)
    {
        if (_record.View is null || !command.Caller.Sees(_record.Value!.Project))
            return new(OutcomeKind.NotFound);
        var present = _record.Value;
        if (Patch.Refusal(command, _record.Version) is { } moved)
            return moved;
        var next = Next(present, command);
        if (NetworkWishes.Refusal(present, next) is { } refused)
            return refused;
        var (ranged, why) = await ClaimSubnets(next);
        if (ranged is null)
            return new(OutcomeKind.Conflict, why);
        next = ranged;
        await _record.Write(next with { Generation = present.Generation + 1 });
        await Tell();
        return new(OutcomeKind.Done, View: _record.View);
    }

    public async Task<Outcome> Invoke(InvokeAction command)
    {
        if (_record.View is null || !command.Caller.Sees(_record.Value!.Project))
            return new(OutcomeKind.NotFound);
        if (Patch.Refusal(command, _record.Version) is { } moved)
            return moved;
        var outcome = command.Action == Model.Network.Up.ToString() ? await Handle(NetworkTrigger.Up)
            : command.Action == Model.Network.Down.ToString() ? await Handle(NetworkTrigger.Down)
            : new Outcome(OutcomeKind.NotImplemented, $"{command.Action} is not offered here.");
        return outcome with { View = _record.View };
    }

    public async Task<Outcome> Delete(DeleteEntity command)
    {
        if (_record.View is null || !command.Caller.Sees(_record.Value!.Project))
            return new(OutcomeKind.NotFound);
        if (Patch.Refusal(command, _record.Version) is { } moved)
            return moved;
        foreach (var link in await Going())
            await Leaving(link);
        return InUse([]) ?? await Handle(NetworkTrigger.Delete);
    }

    public Task<Outcome> MayUpdate(UpdateEntity command) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) ?? NetworkWishes.Refusal(_record.Value!, Next(_record.Value!, command)) ?? new Outcome(OutcomeKind.Done));

    public Task<Outcome> MayInvoke(InvokeAction command) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : command.Action == Model.Network.Up.ToString() ? May(NetworkTrigger.Up)
        : command.Action == Model.Network.Down.ToString() ? May(NetworkTrigger.Down)
        : new Outcome(OutcomeKind.NotImplemented, $"{command.Action} is not offered here."));

    public async Task<Outcome> MayDelete(DeleteEntity command, Guid[] going) =>
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) ?? InUse([.. going, .. await Going()]) ?? May(NetworkTrigger.Delete);

    private Task<Guid[]> Going() => new GoingLinks(GrainFactory).Of("networkinterface", _record.Value!.Members);

    private Outcome May(NetworkTrigger trigger) => NetworkLifecycle.Decide(_record.Value!.Phase, trigger) switch
    {
        NetworkDecision.Refused refused => new(OutcomeKind.Conflict, refused.Why),
        NetworkDecision.AlreadyDone => new(OutcomeKind.AlreadyDone),
        _ => new(OutcomeKind.Done),
    };

    private bool IsThere(Caller caller) => _record.View is { } view && caller.Sees(view.Project);

    private Outcome? InUse(Guid[] butFor) => _record.Value!.Members.Except(butFor).ToArray() is [var first, ..] members
        ? new(OutcomeKind.Conflict, $"{members.Length} network interface(s) or reservations are on this network, the first is {first}: delete them first.")
        : null;

    // ---------------------------------------------------------------- links

    public async Task<ConnectResult> Connect(Caller caller, Guid link, Guid source, string mac, string? wantedAddress, string? hostname)
    {
        if (_record.View is null || !caller.Sees(_record.Value!.Project))
            return new(new(OutcomeKind.Invalid, $"There is no network {Id}."), null, null, 0);
        var present = _record.Value;
        var known = present.Members.Contains(link);
        var claimed = await _claims.ClaimAddress(new(Id, link, source, mac, wantedAddress, hostname));
        if (claimed.Why is { } why)
            return new(new(claimed.OverQuota ? OutcomeKind.QuotaExceeded : OutcomeKind.Conflict, why), null, null, 0);
        if (!known)
        {
            await _record.Write(present with { Members = [.. present.Members, link], Generation = present.Generation + 1 });
            await Tell();
        }
        return new(new(OutcomeKind.Done), claimed.Address, present.Gateway, present.Cidr is { } range ? Subnet.PrefixLength(range) : 0)
        {
            Address6 = present.Cidr6 is { } six ? Subnet6.Address(six, mac) : null,
            Settings = Settings(present),
        };
    }

    public async Task<ReserveResult> Reserve(Guid reservation, string? wanted)
    {
        if (_record.View is null || !_record.Value!.Mixins.Contains(Networking.Floating.Id.ToString()) || _record.Value is not { Cidr: { } cidr, Gateway: { } gateway })
            return new(new(OutcomeKind.Invalid, $"There is no network {Id} whose addresses can be reserved."), null);
        var present = _record.Value;
        // No NIC has it, and none has this in place of a MAC address.
        var claimed = await _claims.ClaimAddress(new(Id, reservation, reservation, $"reservation {reservation}", wanted, null));
        if (claimed.Address is not { } address)
            return new(new(claimed.OverQuota ? OutcomeKind.QuotaExceeded : OutcomeKind.Conflict, claimed.Why), null);
        if (!present.Members.Contains(reservation))
            await _record.Write(present with { Members = [.. present.Members, reservation] });
        return new(new(OutcomeKind.Done), new(Id, address, cidr, gateway));
    }

    public async Task Unreserve(Guid reservation)
    {
        await _claims.ReleaseAddress(Id, reservation);
        if (_record.Value is { } present && present.Members.Contains(reservation))
            await _record.Write(present with { Members = [.. present.Members.Where(m => m != reservation)] });
    }

    public async Task Leaving(Guid link)
    {
        if (_record.Value is { } present && present.Members.Contains(link))
            await _record.Write(present with { Members = [.. present.Members.Where(m => m != link)], Generation = present.Generation + 1 });
    }

    public async Task Disconnected(Guid link)
    {
        await Leaving(link);
        await _claims.ReleaseAddress(Id, link);
        if (_record.Value is { } present)
        {
            await _record.Write(present with { Generation = present.Generation + 1 });
            await Tell();
            await LeaveHosts(link);
        }
    }

    public async Task Reconcile()
    {
        if (_record.Value is not { Operation: { } operation } present)
            return;
        if (present.Phase == NetworkPhase.Creating)
        {
            await Settle();
            return;
        }
        var now = _time.GetUtcNow();
        if (now > operation.Deadline && present.Phase != NetworkPhase.Deleting)
        {
            await Handle(NetworkTrigger.Overdue, r => r with { Message = "Not every host answered in time." });
            return;
        }
        await _record.Write(present with { Operation = operation.Again(now) });
        await Tell();
        await Conclude();
    }

    /// <summary>Claims the subnet, then comes up. What cannot be is not there: nobody was told that it exists.</summary>
    private async Task<Outcome> Settle()
    {
        var present = _record.Value!;
        var (ranged, why) = await ClaimSubnets(present);
        if (ranged is null)
        {
            await _claims.ReleaseSubnet(Id);
            await _record.Clear();
            return new(OutcomeKind.Conflict, why);
        }
        var outcome = await Handle(
            NetworkTrigger.Up, r => r with { Cidr = ranged.Cidr, Gateway = ranged.Gateway, Cidr6 = ranged.Cidr6, Gateway6 = ranged.Gateway6 });
        return outcome.Ok ? new(OutcomeKind.Created, View: _record.View) : outcome;
    }

    /// <summary>The ranges that it asks for and has not yet; null and why when one cannot be had.</summary>
    private async Task<(NetworkRecord? Record, string? Why)> ClaimSubnets(NetworkRecord record)
    {
        if (record is { WantsSubnet: true, Cidr: null } or { Cidr: not null, Physical: not null })
        {
            var wanted = record.Attributes.Text(Model.IpNetwork.Address) is { } text ? Subnet.Parse(text).Cidr : null;
            var subnet = await _claims.ClaimSubnet(Id, wanted, record.Attributes.Text(Model.IpNetwork.Gateway), NetworkWishes.Given(record));
            if (subnet.Cidr is null)
                return (null, subnet.Why);
            record = record with { Cidr = subnet.Cidr, Gateway = subnet.Gateway };
        }
        if (record is { WantsSubnet6: true, Cidr6: null })
        {
            var subnet = await _claims.ClaimSubnet6(Id, record.Attributes.Text(Networking.Range6) is { } text ? Subnet6.Parse(text).Cidr : null);
            if (subnet.Cidr is null)
                return (null, subnet.Why);
            record = record with { Cidr6 = subnet.Cidr, Gateway6 = subnet.Gateway };
        }
        return (record, null);
    }

    private static NetworkRecord Next(NetworkRecord present, UpdateEntity command) =>
        present with { Attributes = Patch.Attributes(present.Attributes, command), Mixins = Patch.Mixins(present.Mixins, command) };

    /// <summary>Whether all hosts are where they should be.</summary>
    private async Task Conclude()
    {
        if (_record.Value is not { } present)
            return;
        if (present.Phase == NetworkPhase.Deleting)
        {
            if (present.Hosts.All(h => h.Generation < 0))
                await Handle(NetworkTrigger.SawAbsent);
        }
        else if (present.Hosts.All(h => h.LeavingSince > 0 || (h.Failure is null && h.Generation >= present.Generation))
            && NetworkLifecycle.Decide(present.Phase, NetworkTrigger.SawApplied) is NetworkDecision.Move)
        {
            await Handle(NetworkTrigger.SawApplied);
        }
    }

    private async Task<Outcome> Handle(NetworkTrigger trigger, Func<NetworkRecord, NetworkRecord>? also = null)
    {
        var present = _record.Value!;
        switch (NetworkLifecycle.Decide(present.Phase, trigger))
        {
            case NetworkDecision.Refused refused:
                return new(OutcomeKind.Conflict, refused.Why);
            case NetworkDecision.Move { Release: true }:
                await _claims.ReleaseSubnet(Id);
                await _claims.Release(Id, _record.Version);
                await _record.Clear();
                LogDeleted(Id);
                DeactivateOnIdle();
                return new(OutcomeKind.Done);
            case NetworkDecision.Move move:
                var next = present with
                {
                    Phase = move.To,
                    Message = null,
                    Generation = present.Generation + (move.TellHosts ? 1 : 0),
                    Operation = NetworkLifecycle.IsUnderWay(move.To)
                        ? Operation.Begin(trigger.ToString().ToLowerInvariant(), _time.GetUtcNow(), Limit)
                        : null,
                };
                await _record.Write(also is null ? next : also(next));
                LogMoved(Id, present.Phase, move.To, trigger);
                if (move.TellHosts)
                {
                    await Tell();
                    await Conclude();
                }
                return new(OutcomeKind.Done);
            default:
                return new(OutcomeKind.AlreadyDone);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Network {Network}: {From} to {To} on {Trigger}")]
    private partial void LogMoved(Guid network, NetworkPhase from, NetworkPhase to, NetworkTrigger trigger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Network {Network} is gone, and its addresses with it")]
    private partial void LogDeleted(Guid network);
}
