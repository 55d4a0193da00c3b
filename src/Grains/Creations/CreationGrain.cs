using Controller.Contracts;
using Controller.Grains.Persistence;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Creations;

/// <summary>
/// A request that creates: all of its entities, or none (decision D-48). What is to be made is written first; each step may be repeated, since creating is
/// idempotent by id. If the API or a silo dies in between, the client's repeat goes on with it, or else the sweeper does.
/// <code>
/// Creating ──all are there──▶ Done ──Remember──▶ (gone)        Creating ──one is refused──▶ TakingBack ──all are deleted──▶ (gone)
/// </code>
/// A refusal is not remembered: it left nothing, and the same key may be tried again.
/// </summary>
[GrainType(GrainKeys.Creation)]
internal sealed partial class CreationGrain(
    [PersistentState(GrainKeys.Creation, "entities")] IPersistentState<Stored<CreationRecord, EntityView>> state, TimeProvider time, ILogger<CreationGrain> logger)
    : Grain, ICreationGrain
{
    /// <summary>A call works for this long at most, and is repeated: a large batch must not outlast the caller's patience.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(3);

    /// <summary>While somebody waits for it, the sweeper leaves it alone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What could not be made in this time is taken back.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly Record<CreationRecord, EntityView> _record = new(state, (_, _) => null, CreationRecord.Index, time);

    public async Task<CreationProgress> Create(CreationRequest request)
    {
        await ForgetOld();
        if (_record.Value is not null)
            return await Continue(request.Fingerprint);
        var now = time.GetUtcNow();
        await _record.Write(new()
        {
            Id = GrainKeys.IdOf(this.GetPrimaryKeyString()),
            Project = request.Project,
            Fingerprint = request.Fingerprint,
            Started = now,
            Phase = CreationPhase.Creating,
            Entities = request.Entities,
            Shown = request.Shown,
            Remember = request.Remember,
            Due = now + Patience,
            By = Asking.By,
            Trace = Asking.Trace,
        });
        return await Advance(repeated: false);
    }

    public async Task<CreationProgress?> Recall(string fingerprint)
    {
        await ForgetOld();
        return _record.Value is null ? null : await Continue(fingerprint);
    }

    public async Task Reconcile()
    {
        await ForgetOld();
        if (_record.Value is not { Phase: not CreationPhase.Done } present)
            return;
        var now = time.GetUtcNow();
        var late = present.Phase == CreationPhase.Creating && now > present.Started + Limit;
        await _record.Write(present with
        {
            Attempts = present.Attempts + 1,
            Due = now + Patience,
            Phase = late ? CreationPhase.TakingBack : present.Phase,
            Refusal = late ? OutcomeKind.Unavailable : present.Refusal,
            Why = late ? $"It could not be created within {Limit.TotalMinutes:0} minutes." : present.Why,
            Made = late ? [.. present.Entities.Where(e => !e.Existed).Select(e => e.Command.Id)] : present.Made,
        });
        if (present.By is { } by)
            Asking.Begin(by, present.Trace);   // nobody calls, and it is still that principal's request
        LogGoesOn(present.Id, present.Phase, present.Attempts + 1);
        await Advance(repeated: true);
    }

    private async Task ForgetOld()
    {
        if (_record.Value is { Phase: CreationPhase.Done } present && present.Due <= time.GetUtcNow())
            await _record.Clear();
    }

    private async Task<CreationProgress> Continue(string fingerprint) =>
        _record.Value!.Fingerprint != fingerprint ? new(CreationStatus.OtherRequest)
        : _record.Value.Phase == CreationPhase.Done ? Finished() with { Before = true }
        : await Advance(repeated: true);

    private async Task<CreationProgress> Advance(bool repeated)
    {
        var began = time.GetTimestamp();
        var present = _record.Value!;
        var (next, made, views) = (present.Next, present.Made.ToList(), present.Views.ToList());
        while (present.Phase == CreationPhase.Creating && next < present.Entities.Length)
        {
            if (time.GetElapsedTime(began) > Slice)
            {
                await _record.Write(present with { Next = next, Made = [.. made], Views = [.. views] });
                return new(CreationStatus.Unfinished);
            }
            var planned = present.Entities[next];
            var outcome = await Create(planned);
            // What an attempt made that died before it could say so is this request's, too.
            if (!planned.Existed && (outcome.Kind == OutcomeKind.Created || (repeated && outcome.Ok)))
                made.Add(planned.Command.Id);
            if (outcome is not { Ok: true, View: { } view })
            {
                present = present with
                {
                    Phase = CreationPhase.TakingBack,
                    Refusal = outcome.Ok ? OutcomeKind.Conflict : outcome.Kind,
                    Why = outcome.Ok ? "It was deleted meanwhile." : outcome.Why,
                    Where = planned.Where,
                    Made = [.. made],
                    Due = time.GetUtcNow() + Patience,
                };
                await _record.Write(present);
                break;
            }
            views.AddRange([view, .. view.Links]);
            next++;
        }
        if (present.Phase == CreationPhase.TakingBack)
            return await TakeBack(present);
        await _record.Write(present with
        {
            Phase = CreationPhase.Done, Next = next, Views = [.. views], Entities = [], Made = [], Due = time.GetUtcNow() + present.Remember,
        });
        return Finished();
    }

    private async Task<Outcome> Create(PlannedEntity planned)
    {
        var grain = GrainFactory.Entity(planned.Term, planned.Command.Id);
        var outcome = await grain.Create(planned.Command);
        return outcome.Ok && outcome.View is null ? outcome with { View = await grain.View(planned.Command.Caller) } : outcome;
    }

    /// <summary>The newest first, so links go before what they hold. What was there before the request stays.</summary>
    private async Task<CreationProgress> TakeBack(CreationRecord present)
    {
        var left = new List<string>();
        foreach (var planned in present.Entities.Reverse().Where(p => present.Made.Contains(p.Command.Id)))
        {
            var outcome = await GrainFactory.Entity(planned.Term, planned.Command.Id).Delete(new DeleteEntity(planned.Command.Caller));
            LogTakenBack(planned.Term, planned.Command.Id, outcome.Kind);
            if (!outcome.Ok && outcome.Kind != OutcomeKind.NotFound)
                left.Add($"The {planned.Term} {planned.Command.Id} stays: {outcome.Why}");
        }
        await _record.Clear();
        DeactivateOnIdle();
        return new(CreationStatus.Refused) { Why = new(present.Refusal, present.Why), Where = present.Where, Left = [.. left] };
    }

    private CreationProgress Finished()
    {
        var present = _record.Value!;
        var links = present.Views.Where(v => v.Source is not null).ToLookup(v => v.Source!.Value);
        var byId = present.Views.DistinctBy(v => v.Id).ToDictionary(v => v.Id);
        return new(CreationStatus.Done) { Entities = [.. present.Shown.Where(byId.ContainsKey).Select(id => byId[id] with { Links = [.. links[id].DistinctBy(l => l.Id)] })] };
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Creation {Creation}, {Phase}, goes on without its client, attempt {Attempt}")]
    private partial void LogGoesOn(Guid creation, CreationPhase phase, int attempt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Took back {Kind} {Entity}: {Outcome}")]
    private partial void LogTakenBack(string kind, Guid entity, OutcomeKind outcome);
}
