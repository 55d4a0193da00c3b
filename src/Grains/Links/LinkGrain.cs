using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Microsoft.Extensions.Logging;
using Occi;
using Occi.Core;

namespace Controller.Grains.Links;

/// <summary>
/// What the kinds of link do alike: they arrange their target and their slot, follow what the machine says, and let go when it has let go.
/// The kinds differ in what they arrange with the target and what device they ask for.
/// </summary>
internal abstract partial class LinkGrain : Grain, ILinkGrain
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private readonly Sights _sights = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    protected LinkGrain(IPersistentState<Stored<LinkRecord, EntityView>> state, TimeProvider time, ILogger logger)
    {
        Record = new(state, Project, LinkProjection.Index, time);
        (_time, _logger) = (time, logger);
    }

    protected Record<LinkRecord, EntityView> Record { get; }

    protected Guid Id => GrainKeys.IdOf(this.GetPrimaryKeyString());

    /// <summary>Kind of the entity that such a link points to.</summary>
    protected abstract Kind TargetKind { get; }

    /// <summary>The same for links that lead to entities of several kinds, by what a client says of the target.</summary>
    protected virtual Kind TargetKindOf(string? target) => TargetKind;

    /// <summary>What its slot is one of.</summary>
    protected virtual string SlotTerm => this.GetGrainId().Type.ToString()!;

    protected abstract EntityView? Project(LinkRecord record, long version);

    /// <summary>Completes a new record from what was asked for; or says what is wrong.</summary>
    protected abstract (LinkRecord Record, string? Why) Complete(LinkRecord record);

    /// <summary>Arranges the link with its target; repeatable. Answers the record with what was arranged, and the host that the source has to be on.</summary>
    protected abstract Task<(LinkRecord Record, AttachResult Result)> Arrange(LinkRecord record, Caller caller);

    /// <summary>Nobody sees the link any more.</summary>
    protected abstract Task Leave(LinkRecord record);

    /// <summary>The machine has let it go.</summary>
    protected abstract Task Free(LinkRecord record);

    protected abstract Attachment Device(LinkRecord record);

    private IComputeGrain Source(Guid id) => GrainFactory.At<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", id)));

    public async Task<Outcome> Create(CreateEntity command)
    {
        if (Record.Value is { } present)
        {
            return present.Phase == LinkPhase.Attaching && present.Project == command.Caller.Project
                ? await Settle(command.Caller)   // the first attempt died half-way
                : Repeated.Create(command, present.Project, Record.View);
        }
        if (EndOf(command.Attributes.Text(CoreKinds.Source), "compute") is not { } source)
            return new(OutcomeKind.Invalid, $"{CoreKinds.Source.Name}: a compute was wanted, \"{command.Attributes.Text(CoreKinds.Source)}\" was given.");
        if (await Source(source).View(command.Caller) is null)
            return new(OutcomeKind.Invalid, $"{CoreKinds.Source.Name}: there is no compute {source}.");
        var started = await Begin(command, source, -1);
        if (!started.Ok)
            return started;
        return await Settle(command.Caller);
    }

    public async Task<AttachResult> CreateFrom(CreateEntity command, Guid source, int slot)
    {
        if (Record.Value is null)
        {
            var started = await Begin(command, source, slot);
            if (!started.Ok)
                return new(started, null);
        }
        var (next, result) = await Arrange(Record.Value!, command.Caller);
        if (!result.Outcome.Ok)
        {
            await Drop(IsTargets(result.Outcome));
            return result;
        }
        await Move(LinkTrigger.Ready, r => next with { Phase = r.Phase, Operation = null });
        return result with { Outcome = new(OutcomeKind.Created, View: Record.View) };
    }

    public Task<EntityView?> View(Caller caller) =>
        Task.FromResult(Record.View is { } view && caller.Sees(view.Project) ? view : null);

    public async Task<Sight> Look(Caller caller, long known) => _sights.Of(await View(caller), known);

    public async Task<Outcome> Update(UpdateEntity command)
    {
        if (Record.View is null || !command.Caller.Sees(Record.Value!.Project))
            return new(OutcomeKind.NotFound);
        var (next, refused) = Next(Record.Value, command);
        if (refused is not null)
            return refused;
        await Record.Write(next);
        return new(OutcomeKind.Done, View: Record.View);
    }

    public Task<Outcome> MayUpdate(UpdateEntity command) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound) : Next(Record.Value!, command).Refused ?? new Outcome(OutcomeKind.Done));

    public Task<Outcome> MayInvoke(InvokeAction command) => Invoke(command);   // there is nothing to do

    public Task<Outcome> MayDelete(DeleteEntity command, Guid[] going) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound) : Patch.Refusal(command, Record.Version) ?? new Outcome(OutcomeKind.Done));

    private bool IsThere(Caller caller) => Record.View is { } view && caller.Sees(view.Project);

    private (LinkRecord Record, Outcome? Refused) Next(LinkRecord present, UpdateEntity command)
    {
        if (Patch.Refusal(command, Record.Version) is { } moved)
            return (present, moved);
        var attributes = Patch.Attributes(present.Attributes, command);
        foreach (var (name, id) in new[] { (CoreKinds.Source.Name, present.Source), (CoreKinds.Target.Name, present.Target) })
        {
            if (attributes.Remove(name, out var end) && EndOf(end.Text, null) != id)
                return (present, new(OutcomeKind.Forbidden, $"{name}: a link's ends do not change; it is {id}, {end.Text} was sent. Delete the link and make another."));
        }
        var (next, why) = Complete(present with { Attributes = attributes, Mixins = Patch.Mixins(present.Mixins, command) });
        if (why is not null)
            return (present, new(OutcomeKind.Invalid, why));
        return Device(next) == Device(present)
            ? (next, null)
            : (present, new(OutcomeKind.Conflict, "What the machine's device depends on (MAC address, IP address, device name) does not change while it is linked: delete the link and make another."));
    }

    public Task<Outcome> Invoke(InvokeAction command) => Task.FromResult(
        Record.View is { } view && command.Caller.Sees(view.Project)
            ? new Outcome(OutcomeKind.NotImplemented, $"{command.Action} is not offered here.", view)
            : new(OutcomeKind.NotFound));

    public async Task<Outcome> Delete(DeleteEntity command)
    {
        if (Record.View is null || !command.Caller.Sees(Record.Value!.Project))
            return new(OutcomeKind.NotFound);
        if (Patch.Refusal(command, Record.Version) is { } moved)
            return moved;
        await Go();
        await Source(Record.Value!.Source).LinkRemoved(Id);
        return new(OutcomeKind.Done);
    }

    // ---------------------------------------------------------------- the machine

    public Task<Attachment?> Attachment() => Task.FromResult(
        Record.Value is { Slot: >= 0, Phase: LinkPhase.Inactive or LinkPhase.Active or LinkPhase.Failed } present ? Device(present) : null);

    public async Task Observed(ObservedAttachment? attachment, bool machineActive)
    {
        if (Record.Value is not { } present)
            return;
        if (present.Phase == LinkPhase.Detaching)
        {
            if (attachment is null)
                await Drop();
            return;
        }
        var trigger = attachment switch
        {
            { Failure: { Retryable: false } } => LinkTrigger.SawFailure,
            { Attached: true } when machineActive => LinkTrigger.SawAttached,
            _ => LinkTrigger.SawDetached,
        };
        await Move(trigger, r => r with
        {
            Guest = attachment is { Addresses.Length: > 0 } ? Guest(r, attachment.Addresses) : r.Guest,
            Device = attachment is { Device.Length: > 0 } ? attachment.Device : r.Device,
            Message = attachment?.Failure?.Message,
            Operation = null,
        });
    }

    /// <summary>Of what a guest says, the address to show: what others reach it by. The same one stays while it has it.</summary>
    private static string? Guest(LinkRecord record, string[] addresses)
    {
        var global = addresses.Where(a => !a.StartsWith("fe80:", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).ToArray();
        return record.Guest is { } shown && global.Contains(shown) ? shown : global.FirstOrDefault(a => !a.Contains(':')) ?? global.FirstOrDefault();
    }

    public async Task SourceGoing()
    {
        if (Record.Value is { Phase: not LinkPhase.Detaching })
            await Go();
    }

    public async Task<bool> IsGoing() => Record.Value is { } present
        && (present.Phase == LinkPhase.Detaching || (await Source(present.Source).AsReference<IExplainedGrain>().Explain())?.Phase == GoingLinks.Deleting);

    public async Task SourceGone()
    {
        if (Record.Value is { } present)
        {
            await Leave(present);
            await Drop();
        }
    }

    /// <summary>Repeats what is owed: to arrange the link, to tell the machine of it, or to hear that the machine has let it go.</summary>
    public async Task Reconcile()
    {
        if (Record.Value is not { Operation: { } operation } present)
            return;
        // First: should the source come to this link at the same moment, each would wait for the other, and not meet again at the next attempt.
        await Record.Write(present with { Operation = operation.Again(_time.GetUtcNow()) });
        if (present.Phase == LinkPhase.Attaching)
        {
            if (!await IsMadeBySource(present))
                await Settle(new(present.Project, Role.Member, present.CreatedBy));
            return;
        }
        if (present.Phase == LinkPhase.Detaching)
        {
            await Leave(present);
            await Source(present.Source).LinkRemoved(Id);
        }
        else
        {
            await Source(present.Source).LinkReady(Id);
        }
    }

    /// <summary>While its source is still being made that makes this link too, and waits for it: it must not wait for its source.</summary>
    private async Task<bool> IsMadeBySource(LinkRecord present) =>
        present.Slot >= 0 && await Source(present.Source).AsReference<IExplainedGrain>().Explain() is { State: null };

    private async Task<Outcome> Begin(CreateEntity command, Guid source, int slot)
    {
        var kind = TargetKindOf(command.Attributes.Text(CoreKinds.Target)).Id.Term;
        if (EndOf(command.Attributes.Text(CoreKinds.Target), kind) is not { } target)
            return new(OutcomeKind.Invalid, $"{CoreKinds.Target.Name}: a {kind} was wanted, \"{command.Attributes.Text(CoreKinds.Target)}\" was given.");
        var now = _time.GetUtcNow();
        var attributes = new Dictionary<string, AttributeValue>(command.Attributes);
        foreach (var core in new[] { CoreKinds.Source, CoreKinds.Target, CoreKinds.SourceKind, CoreKinds.TargetKind })
            attributes.Remove(core.Name);
        var (record, why) = Complete(new()
        {
            Id = Id,
            Project = command.Caller.Project,
            CreatedBy = command.Caller.Principal,
            Created = now,
            Phase = LinkPhase.Attaching,
            Source = source,
            Target = target,
            TargetTerm = kind == TargetKind.Id.Term ? null : kind,
            Slot = slot,
            Mixins = command.Mixins,
            Attributes = attributes,
            Operation = Operation.Begin("attach", now, Limit),
        });
        if (why is not null)
            return new(OutcomeKind.Invalid, why);
        await Record.Write(record);
        return new(OutcomeKind.Done);
    }

    /// <summary>Arranges a link that was created on its own: with the target first, then with the source.</summary>
    private async Task<Outcome> Settle(Caller caller)
    {
        var (next, arranged) = await Arrange(Record.Value!, caller);
        if (!arranged.Outcome.Ok)
        {
            await Drop(IsTargets(arranged.Outcome));
            return arranged.Outcome;
        }
        var seen = arranged.Pool is { } pool ? await Source(next.Source).SeesPool(pool) : new(OutcomeKind.Done);
        var accepted = seen.Ok ? await Source(next.Source).LinkAdded(Id, SlotTerm, arranged.Host) : new(seen);
        if (!accepted.Outcome.Ok)
        {
            await Leave(next);
            await Drop();
            return accepted.Outcome;
        }
        await Move(LinkTrigger.Ready, r => next with { Phase = r.Phase, Slot = accepted.Slot });
        await Source(next.Source).LinkReady(Id);
        return new(OutcomeKind.Created, View: Record.View);
    }

    /// <summary>Something of an arranged link has changed that its machine has to follow: told until it was seen.</summary>
    protected async Task Change(Func<LinkRecord, LinkRecord> change)
    {
        await Record.Write(change(Record.Value!) with { Operation = Operation.Begin("change", _time.GetUtcNow(), Limit) });
        if (Record.Value!.Phase != LinkPhase.Attaching)
            await Source(Record.Value.Source).LinkReady(Id);
    }

    private async Task Go()
    {
        await Move(LinkTrigger.Delete, r => r with { Operation = Operation.Begin("detach", _time.GetUtcNow(), Limit) });
        await Leave(Record.Value!);
    }

    private async Task Move(LinkTrigger trigger, Func<LinkRecord, LinkRecord> also)
    {
        var present = Record.Value!;
        var next = LinkLifecycle.Decide(present.Phase, trigger) is LinkDecision.Move move ? present with { Phase = move.To } : present;
        next = also(next);
        if (next == present)
            return;
        await Record.Write(next);
        if (next.Phase != present.Phase)
            LogMoved(this.GetGrainId(), present.Phase, next.Phase, trigger);
    }

    /// <summary>Whether the target itself refused: one that is not there, or is somebody else's, has arranged nothing and hears no more of it.</summary>
    private static bool IsTargets(Outcome refused) => refused.Kind != OutcomeKind.Invalid;

    private async Task Drop(bool told = true)
    {
        if (told)
            await Free(Record.Value!);
        await Record.Clear();
        DeactivateOnIdle();
    }

    /// <summary>The UUID in a link's end: a path, a URL or a URN. Null when it is none, or a path of another kind than wanted.</summary>
    internal static Guid? EndOf(string? end, string? term)
    {
        if (end is null)
            return null;
        if (end.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase))
            return Guid.TryParse(end.AsSpan("urn:uuid:".Length), out var urn) ? urn : null;
        var segments = end.TrimEnd('/').Split('/');
        if (!Guid.TryParse(segments[^1], out var id))
            return null;
        return segments.Length == 1 || term is null || segments[^2] == term ? id : null;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Link {Link}: {From} to {To} on {Trigger}")]
    private partial void LogMoved(GrainId link, LinkPhase from, LinkPhase to, LinkTrigger trigger);
}
