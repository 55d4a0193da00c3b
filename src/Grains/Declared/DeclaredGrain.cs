using System.Globalization;
using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Microsoft.Extensions.Logging;
using Occi;
using Occi.Declared;

namespace Controller.Grains.Declared;

/// <summary>
/// An entity, resource or link, of any kind that a data file declares: what it may do stands in the model. Its row is known by its kind's term, as those of compiled
/// kinds are, so the inventory makes no difference. Nothing here takes time, hence there are no operations.
/// </summary>
[GrainType("declared")]
internal sealed partial class DeclaredGrain : Grain, IEntityGrain
{
    private readonly Record<DeclaredRecord, EntityView> _record;
    private readonly Sights _sights = new();
    private readonly DeclaredEnds _ends;
    private readonly DeclaredModel _model;
    private readonly TimeProvider _time;
    private readonly ILogger<DeclaredGrain> _logger;
    private readonly string _term;

    public DeclaredGrain(IPersistentStateFactory states, DeclaredModel model, TimeProvider time, ILogger<DeclaredGrain> logger)
    {
        _term = GrainKeys.TermOf(this.GetPrimaryKeyString());
        var state = states.Create<Stored<DeclaredRecord, EntityView>>(GrainContext, new EntityState(_term));
        _record = new(state, (r, version) => DeclaredProjection.View(r, version, model), r => DeclaredProjection.Index(r, model));
        _ends = new(GrainFactory, model);
        (_model, _time, _logger) = (model, time, logger);
    }

    private Guid Id => GrainKeys.IdOf(this.GetPrimaryKeyString());

    public async Task<Outcome> Create(CreateEntity command)
    {
        if (_record.Value is { } present)
            return Repeated.Create(command, present.Project, _record.View);
        if (_model.Find(_term) is not { } kind || kind.Id.ToString() != command.Kind)
            return Unknown(command.Kind);
        if (command.Links is [var inline, ..])
            return new(OutcomeKind.Invalid, $"A {inline.Kind} cannot start at a {_term}.");
        var record = new DeclaredRecord
        {
            Id = Id,
            Project = command.Caller.Project,
            CreatedBy = command.Caller.Principal,
            Created = _time.GetUtcNow(),
            Kind = command.Kind,
            Mixins = command.Mixins,
            Attributes = command.Attributes,
        };
        if (_model.LinkRuleOf(kind) is { } rule)
        {
            var (joined, why) = await _ends.Join(record, rule, command.Caller);
            if (why is not null)
                return new(OutcomeKind.Invalid, why);
            record = joined;
        }
        await _record.Write(Settled(record));
        return new(OutcomeKind.Created, View: _record.View);
    }

    public Task<Outcome> MayUpdate(UpdateEntity command) => Task.FromResult(NotNow(command.Caller, Patch.Refusal(command, _record.Version))
        ?? (DeclaredEnds.Change(_record.Value!, Patch.Attributes(_record.Value!.Attributes, command)) is { } why ? new(OutcomeKind.Forbidden, why) : new Outcome(OutcomeKind.Done)));

    public Task<Outcome> MayInvoke(InvokeAction command) => Task.FromResult(NotNow(command.Caller, Patch.Refusal(command, _record.Version)) ?? Decide(command.Action).Outcome);

    public Task<Outcome> MayDelete(DeleteEntity command, Guid[] going) => Task.FromResult(
        _record.View is null || !command.Caller.Sees(_record.Value!.Project) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) ?? new Outcome(OutcomeKind.Done));

    private Outcome? NotNow(Caller caller, Outcome? moved) =>
        _record.View is null || !caller.Sees(_record.Value!.Project) ? new(OutcomeKind.NotFound)
        : _model.Find(_term) is null ? Unknown(_record.Value.Kind)
        : moved;

    /// <summary>What an action means now: the row of the table that it takes, if it is possible.</summary>
    private (Outcome Outcome, Lifecycle? Lifecycle, Transition? Row) Decide(string name)
    {
        if (!TypeId.TryParse(name, out var action))
            return (new(OutcomeKind.Invalid, $"An action was wanted, {name} was given."), null, null);
        var present = _record.Value!;
        foreach (var lifecycle in DeclaredProjection.Lifecycles(present, _model))
        {
            switch (lifecycle.Decide(DeclaredProjection.StateOf(present, lifecycle), action))
            {
                case Lifecycle.Decision.Move move:
                    return (new(OutcomeKind.Done), lifecycle, move.Row);
                case Lifecycle.Decision.AlreadyDone:
                    return (new(OutcomeKind.AlreadyDone), null, null);
                case Lifecycle.Decision.Refused refused:
                    return (new(OutcomeKind.Conflict, refused.Why), null, null);
            }
        }
        return (new(OutcomeKind.Invalid, $"{name} is no action of this {_term}."), null, null);
    }

    public Task<EntityView?> View(Caller caller) =>
        Task.FromResult(_record.View is { } view && caller.Sees(view.Project) ? view : null);

    public async Task<Sight> Look(Caller caller, long known) => _sights.Of(await View(caller), known);

    public async Task<Outcome> Update(UpdateEntity command)
    {
        if (NotNow(command.Caller, Patch.Refusal(command, _record.Version)) is { } no)
            return no;
        var present = _record.Value!;
        if (command.Links is [var inline, ..])
            return new(OutcomeKind.Invalid, $"A {inline.Kind} cannot start at a {_term}.");
        var attributes = Patch.Attributes(present.Attributes, command);
        if (DeclaredEnds.Change(present, attributes) is { } why)
            return new(OutcomeKind.Forbidden, why);
        await _record.Write(Settled(present with { Attributes = attributes, Mixins = Patch.Mixins(present.Mixins, command) }));
        return new(OutcomeKind.Done, View: _record.View);
    }

    public async Task<Outcome> Invoke(InvokeAction command)
    {
        if (NotNow(command.Caller, Patch.Refusal(command, _record.Version)) is { } no)
            return no;
        var (outcome, lifecycle, row) = Decide(command.Action);
        if (lifecycle is not null && row is not null)
        {
            LogMoving(this.GetGrainId(), DeclaredProjection.StateOf(_record.Value!, lifecycle), row.To, row.Action.Id.Term);
            await _record.Write(Moved(_record.Value!, lifecycle, row));
        }
        return outcome with { View = _record.View };
    }

    /// <summary>Needs no definition: what was declared once can always be deleted.</summary>
    public async Task<Outcome> Delete(DeleteEntity command)
    {
        if (_record.View is null || !command.Caller.Sees(_record.Value!.Project))
            return new(OutcomeKind.NotFound);
        if (Patch.Refusal(command, _record.Version) is { } moved)
            return moved;
        await Gone();
        return new(OutcomeKind.Done);
    }

    /// <summary>A link goes with its source (GFD.221 §5.4.2), also when nobody was left to tell it.</summary>
    public async Task Reconcile()
    {
        if (_record.Value?.Source is { } source && !await _ends.Exists(source))
            await Gone();
    }

    /// <summary>With the states of all lifecycles that apply now, and none of others.</summary>
    private DeclaredRecord Settled(DeclaredRecord record)
    {
        var lifecycles = DeclaredProjection.Lifecycles(record, _model);
        var owned = lifecycles.SelectMany(l => l.Owned).Select(a => a.Name).ToHashSet();
        var own = record.Own.Where(o => owned.Contains(o.Key)).ToDictionary();
        foreach (var lifecycle in lifecycles)
            own.TryAdd(lifecycle.State.Name, AttributeValue.Of(lifecycle.Initial));
        var mixins = DeclaredProjection.MixinsOf(record, _model).SelectMany(m => m.Closure).ToHashSet();
        var kept = (_model.Find(_term)?.AllAttributes ?? []).Concat(mixins.SelectMany(m => m.Attributes)).Select(a => a.Name).ToHashSet();
        // With a mixin goes what it brought.
        var left = _model.Catalogue.Mixins.Where(m => !mixins.Contains(m)).SelectMany(m => m.Attributes).Select(a => a.Name).Where(a => !kept.Contains(a)).ToHashSet();
        return record with { Own = own, Attributes = record.Attributes.Where(a => !owned.Contains(a.Key) && !left.Contains(a.Key)).ToDictionary() };
    }

    private DeclaredRecord Moved(DeclaredRecord record, Lifecycle lifecycle, Transition row)
    {
        var own = new Dictionary<string, AttributeValue>(record.Own) { [lifecycle.State.Name] = AttributeValue.Of(row.To) };
        foreach (var stamp in row.Stamps)
            own[stamp.Name] = AttributeValue.Of(_time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        return record with { Own = own };
    }

    private async Task Gone()
    {
        await _record.Clear();
        LogGone(this.GetGrainId());
        DeactivateOnIdle();
    }

    private static Outcome Unknown(string kind) => new(
        OutcomeKind.Unavailable, $"The silo that was asked does not know the kind {kind}: the files in its Model:Directory are not those of the API.");

    [LoggerMessage(Level = LogLevel.Information, Message = "{Entity}: {From} to {To} on {Action}")]
    private partial void LogMoving(GrainId entity, string from, string to, string action);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Entity} is gone")]
    private partial void LogGone(GrainId entity);

    /// <summary>The row's name is the kind's term, which only the grain's key tells.</summary>
    private sealed record EntityState(string StateName) : IPersistentStateConfiguration
    {
        public string StorageName => "entities";
    }
}
