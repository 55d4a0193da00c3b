using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Links;
using Controller.Grains.Persistence;
using Controller.Grains.Placement;
using Microsoft.Extensions.Logging;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Reservations;

/// <summary>An address of a public network that is a project's, for one compute at a time.</summary>
[GrainType("ipreservation")]
internal sealed partial class IpReservationGrain : Grain, IIpReservationGrain
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly Record<IpReservationRecord, EntityView> _record;
    private readonly Sights _sights = new();
    private readonly IClaims _claims;
    private readonly TimeProvider _time;
    private readonly ILogger<IpReservationGrain> _logger;

    public IpReservationGrain(
        [PersistentState("ipreservation", "entities")] IPersistentState<Stored<IpReservationRecord, EntityView>> state, IClaims claims, TimeProvider time, ILogger<IpReservationGrain> logger)
    {
        _record = new(state, IpReservationProjection.View, IpReservationProjection.Index, time);
        (_claims, _time, _logger) = (claims, time, logger);
    }

    private Guid Id => GrainKeys.IdOf(this.GetPrimaryKeyString());

    public async Task<Outcome> Create(CreateEntity command)
    {
        if (_record.Value is { } present)
        {
            return present.Phase == ReservationPhase.Creating && present.Project == command.Caller.Project
                ? await Settle()   // the first attempt died half-way
                : Repeated.Create(command, present.Project, _record.View);
        }
        if (command.Links.Length > 0)
            return new(OutcomeKind.Invalid, "Links that start at a reservation are not possible: networkinterface goes from a compute to it.");
        if (await _claims.WhyNoMoreReservations(command.Caller.Project) is { } full)
            return new(OutcomeKind.QuotaExceeded, full);
        var (network, why) = await Pool(command.Attributes.Text(Model.IpReservation.Pool));
        if (why is not null)
            return new(OutcomeKind.Invalid, why);
        var now = _time.GetUtcNow();
        await _record.Write(new()
        {
            Id = Id,
            Project = command.Caller.Project,
            CreatedBy = command.Caller.Principal,
            Created = now,
            Phase = ReservationPhase.Creating,
            Mixins = command.Mixins,
            Attributes = command.Attributes,
            Network = network,
            Operation = Operation.Begin("create", now, Limit),
        });
        return await Settle();
    }

    public Task<EntityView?> View(Caller caller) => Task.FromResult(IsThere(caller) ? _record.View : null);

    public async Task<Sight> Look(Caller caller, long known) => _sights.Of(await View(caller), known);

    public async Task<Outcome> Update(UpdateEntity command)
    {
        var may = await MayUpdate(command);
        if (!may.Ok)
            return may;
        var present = _record.Value!;
        await _record.Write(present with { Attributes = Patch.Attributes(present.Attributes, command), Mixins = Patch.Mixins(present.Mixins, command) });
        return new(OutcomeKind.Done, View: _record.View);
    }

    public Task<Outcome> MayUpdate(UpdateEntity command) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound) : Patch.Refusal(command, _record.Version) ?? new Outcome(OutcomeKind.Done));

    public Task<Outcome> Invoke(InvokeAction command) => Task.FromResult(
        IsThere(command.Caller) ? new Outcome(OutcomeKind.NotImplemented, $"{command.Action} is not offered here.", _record.View) : new(OutcomeKind.NotFound));

    public Task<Outcome> MayInvoke(InvokeAction command) => Invoke(command);

    public async Task<Outcome> Delete(DeleteEntity command)
    {
        var may = await MayDelete(command, []);
        if (!may.Ok)
            return may;
        await _record.Write(_record.Value! with { Phase = ReservationPhase.Deleting, Operation = Operation.Begin("delete", _time.GetUtcNow(), Limit) });
        await Release();
        return may;
    }

    public async Task<Outcome> MayDelete(DeleteEntity command, Guid[] going) =>
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) is { } moved ? moved
        : _record.Value is { Link: { } link, LinkLeaving: false } && !going.Contains(link) && await new GoingLinks(GrainFactory).Of("networkinterface", [link]) is []
            ? new(OutcomeKind.Conflict, $"A compute has the address {_record.Value.Address!.Address}, by the link {link}: delete that first.")
        : new Outcome(OutcomeKind.Done);

    public async Task<ReserveResult> Attach(Caller caller, Guid link)
    {
        if (!IsThere(caller))
            return new(new(OutcomeKind.Invalid, $"There is no reservation {Id}."), null);
        var present = _record.Value!;
        if (present.Link is { } other && other != link)
        {
            return new(
                new(OutcomeKind.Conflict, present.LinkLeaving ? $"A host still takes the address {present.Address!.Address} from the machine that had it. Try again." : $"The address {present.Address!.Address} is in use, by the link {other}."),
                null);
        }
        if (present.Link is null)
            await _record.Write(present with { Link = link, LinkLeaving = false });
        return new(new(OutcomeKind.Done), present.Address);
    }

    public async Task Leaving(Guid link)
    {
        if (_record.Value is { LinkLeaving: false } present && present.Link == link)
            await _record.Write(present with { LinkLeaving = true });
    }

    public async Task Detached(Guid link)
    {
        if (_record.Value is not { } present || present.Link != link)
            return;
        await _record.Write(present with { Link = null, LinkLeaving = false });
        if (present.Phase == ReservationPhase.Deleting)
            await Release();
    }

    public async Task Reconcile()
    {
        if (_record.Value is not { Operation: { } operation } present)
            return;
        if (present.Phase == ReservationPhase.Creating)
        {
            await Settle();
            return;
        }
        await _record.Write(present with { Operation = operation.Again(_time.GetUtcNow()) });
        await Release();
    }

    private bool IsThere(Caller caller) => _record.View is { } view && caller.Sees(view.Project);

    private INetworkGrain Network(Guid id) => GrainFactory.At<INetworkGrain>(GrainId.Create("network", GrainKeys.Of("network", id)));

    /// <summary>The network asked for, or the only one that there is.</summary>
    private async Task<(Guid Network, string? Why)> Pool(string? wanted)
    {
        if (wanted is not null)
            return LinkGrain.EndOf(wanted, "network") is { } named ? (named, null) : (default, $"{Model.IpReservation.Pool.Name}: a network was wanted, \"{wanted}\" was given.");
        var offered = await _claims.FloatingNetworks();
        return offered switch
        {
            [var only] => (only, null),
            [] => (default, "There is no network whose addresses can be reserved: an admin makes one with the mixin http://controller.local/occi/network#floating."),
            _ => (default, $"{Model.IpReservation.Pool.Name} is needed, for there are {offered.Count} networks whose addresses can be reserved: {string.Join(", ", offered)}."),
        };
    }

    /// <summary>Takes the address. What cannot be is not there: nobody was told that it exists.</summary>
    private async Task<Outcome> Settle()
    {
        var present = _record.Value!;
        var reserved = await Network(present.Network).Reserve(Id, present.Attributes.Text(Model.IpReservation.Address));
        if (!reserved.Outcome.Ok)
        {
            await _record.Clear();
            return reserved.Outcome;
        }
        await _record.Write(present with { Phase = ReservationPhase.Active, Address = reserved.Address, Operation = null });
        return new(OutcomeKind.Created, View: _record.View);
    }

    /// <summary>Gives the address back, once no machine has it.</summary>
    private async Task Release()
    {
        var present = _record.Value!;
        if (present.Link is not null)
        {
            // Clients see it no more: it must not be what keeps them from deleting its network. Its address is claimed until no host has it.
            await Network(present.Network).Leaving(Id);
            return;
        }
        await Network(present.Network).Unreserve(Id);
        await _record.Clear();
        LogDeleted(Id, present.Address?.Address);
        DeactivateOnIdle();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Reservation {Reservation} is gone, and {Address} is free")]
    private partial void LogDeleted(Guid reservation, string? address);
}
