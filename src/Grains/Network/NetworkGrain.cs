using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Controller.Grains.Placement;
using Microsoft.Extensions.Logging;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Network;

/// <summary>A network: a subnet with its addresses, on every host where a machine needs it.</summary>
[GrainType("network")]
internal sealed partial class NetworkGrain : Grain, INetworkGrain
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly Record<NetworkRecord, EntityView> _record;
    private readonly IClaims _claims;
    private readonly TimeProvider _time;
    private readonly ILogger<NetworkGrain> _logger;

    public NetworkGrain(
        [PersistentState("network", "entities")] IPersistentState<Stored<NetworkRecord, EntityView>> state,
        IClaims claims,
        TimeProvider time,
        ILogger<NetworkGrain> logger)
    {
        _record = new(state, NetworkProjection.View, NetworkProjection.Index);
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
        if (Refusal(record) is { } refusal)
            return new(OutcomeKind.Invalid, refusal);
        await _record.Write(record);
        return await Settle();
    }

    public Task<EntityView?> View(Caller caller) =>
        Task.FromResult(_record.View is { } view && caller.Sees(view.Project) ? view : null);

    public async Task<Outcome> Update(UpdateEntity command)
    {
        if (_record.View is null || !command.Caller.Sees(_record.Value!.Project))
            return new(OutcomeKind.NotFound);
        var present = _record.Value;
        if (Patch.Refusal(command, _record.Version) is { } moved)
            return moved;
        var next = Next(present, command);
        if (Refusal(present, next) is { } refused)
            return refused;
        if (next.WantsSubnet && present.Cidr is null)
        {
            var subnet = await ClaimSubnet(next);
            if (subnet.Cidr is null)
                return new(OutcomeKind.Conflict, subnet.Why);
            next = next with { Cidr = subnet.Cidr, Gateway = subnet.Gateway };
        }
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
        return InUse([]) ?? await Handle(NetworkTrigger.Delete);
    }

    public Task<Outcome> MayUpdate(UpdateEntity command) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) ?? Refusal(_record.Value!, Next(_record.Value!, command)) ?? new Outcome(OutcomeKind.Done));

    public Task<Outcome> MayInvoke(InvokeAction command) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : command.Action == Model.Network.Up.ToString() ? May(NetworkTrigger.Up)
        : command.Action == Model.Network.Down.ToString() ? May(NetworkTrigger.Down)
        : new Outcome(OutcomeKind.NotImplemented, $"{command.Action} is not offered here."));

    public Task<Outcome> MayDelete(DeleteEntity command, Guid[] going) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) ?? InUse(going) ?? May(NetworkTrigger.Delete));

    private Outcome May(NetworkTrigger trigger) => NetworkLifecycle.Decide(_record.Value!.Phase, trigger) switch
    {
        NetworkDecision.Refused refused => new(OutcomeKind.Conflict, refused.Why),
        NetworkDecision.AlreadyDone => new(OutcomeKind.AlreadyDone),
        _ => new(OutcomeKind.Done),
    };

    private bool IsThere(Caller caller) => _record.View is { } view && caller.Sees(view.Project);

    private Outcome? InUse(Guid[] butFor) => _record.Value!.Members.Except(butFor).ToArray() is [var first, ..] members
        ? new(OutcomeKind.Conflict, $"{members.Length} network interface(s) are on this network, the first is {first}: delete them first.")
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
            return new(new(OutcomeKind.Conflict, why), null, null, 0);
        if (!known)
        {
            await _record.Write(present with { Members = [.. present.Members, link], Generation = present.Generation + 1 });
            await Tell();
        }
        return new(new(OutcomeKind.Done), claimed.Address, present.Gateway, present.Cidr is { } range ? Subnet.PrefixLength(range) : 0);
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
        }
    }

    public async Task EnsureOn(Guid host)
    {
        if (_record.Value is not { } present || present.Phase == NetworkPhase.Deleting)
            return;
        if (present.Hosts.All(h => h.Host != host))
        {
            await _claims.Note("network", Id, present.OnHosts, host, present.Project);
            await _record.Write(present with { Hosts = [.. present.Hosts, new(host)] });
        }
        await Tell(host);
    }

    // ---------------------------------------------------------------- hosts' news

    public async Task Observed(Guid host, ObservedNetwork network)
    {
        if (_record.Value is not { } present || network.Incarnation != present.OnHosts || present.Hosts.FirstOrDefault(h => h.Host == host) is not { } known)
            return;
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

    public async Task<DesiredObject?> DesiredOn(Guid host) =>
        _record.Value is { } present && present.Hosts.Any(h => h.Host == host) ? await Desired(present) : null;

    public Task<bool> IsStray(Guid host, Guid incarnation) => Task.FromResult(
        _record.Value is { } present && incarnation != present.OnHosts);

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
        if (present.WantsSubnet)
        {
            var subnet = await ClaimSubnet(present);
            if (subnet.Cidr is null)
            {
                await _record.Clear();
                return new(OutcomeKind.Conflict, subnet.Why);
            }
            present = present with { Cidr = subnet.Cidr, Gateway = subnet.Gateway };
        }
        var outcome = await Handle(NetworkTrigger.Up, r => r with { Cidr = present.Cidr, Gateway = present.Gateway });
        return outcome.Ok ? new(OutcomeKind.Created, View: _record.View) : outcome;
    }

    private Task<SubnetResult> ClaimSubnet(NetworkRecord record) => _claims.ClaimSubnet(
        Id,
        record.Attributes.Text(Model.IpNetwork.Address) is { } wanted ? Subnet.Parse(wanted).Cidr : null,
        record.Attributes.Text(Model.IpNetwork.Gateway));

    private static NetworkRecord Next(NetworkRecord present, UpdateEntity command) =>
        present with { Attributes = Patch.Attributes(present.Attributes, command), Mixins = Patch.Mixins(present.Mixins, command) };

    private static Outcome? Refusal(NetworkRecord present, NetworkRecord next) =>
        next.WantsSubnet && next.Attributes.Text(Model.IpNetwork.Address) is { } wanted && present.Cidr is { } cidr && Subnet.Parse(wanted).Cidr != cidr
            ? new(OutcomeKind.Conflict, $"The network's range is {cidr} and cannot become {wanted}: addresses are in use by it. Create another network.")
        : Refusal(next) is { } refusal ? new(OutcomeKind.Invalid, refusal)
        : !next.WantsSubnet && present.Cidr is not null ? new(OutcomeKind.Conflict, $"The network's range {present.Cidr} cannot be taken away.")
        : null;

    private static string? Refusal(NetworkRecord record)
    {
        if (!record.WantsSubnet || record.Attributes.Text(Model.IpNetwork.Address) is not { } range)
            return null;
        var (cidr, why) = Subnet.Parse(range);
        if (cidr is null)
            return $"{Model.IpNetwork.Address.Name}: {why}";
        return record.Attributes.Text(Model.IpNetwork.Gateway) is { } gateway && !Subnet.Holds(cidr, gateway)
            ? $"{Model.IpNetwork.Gateway.Name}: {gateway} does not lie in {cidr}."
            : null;
    }

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
        else if (present.Hosts.All(h => h.Failure is null && h.Generation >= present.Generation)
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
                await _claims.Release(Id);
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

    private async Task<DesiredNetwork> Desired(NetworkRecord record) => new()
    {
        Id = Id,
        Incarnation = record.OnHosts,
        Generation = record.Generation,
        Absent = record.Phase == NetworkPhase.Deleting,
        Name = record.Attributes.Text(Occi.Core.CoreKinds.Title) ?? "",
        Active = record.Phase is NetworkPhase.Active or NetworkPhase.Activating or NetworkPhase.Failed,
        Nat = record.Nat,
        Cidr = record.Cidr,
        Gateway = record.Gateway,
        Dhcp = record.Dhcp,
        Reservations = record.Cidr is null ? [] : [.. await _claims.Addresses(Id)],
    };

    private async Task Tell(Guid? only = null)
    {
        var present = _record.Value!;
        var hosts = present.Hosts.Where(h => only is null || h.Host == only).ToArray();
        if (hosts.Length == 0)
            return;
        var desired = await Desired(present);
        foreach (var host in hosts)
            await GrainFactory.GetGrain<IHostGrain>(GrainKeys.Of("host", host.Host)).Send([desired]);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Network {Network}: {From} to {To} on {Trigger}")]
    private partial void LogMoved(Guid network, NetworkPhase from, NetworkPhase to, NetworkTrigger trigger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Network {Network} is gone, and its addresses with it")]
    private partial void LogDeleted(Guid network);
}
