using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Controller.Grains.Placement;
using Controller.Grains.Restoring;
using Microsoft.Extensions.Logging;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Storage;

/// <summary>A storage: a volume in the pool of one host, or in one that several hosts see.</summary>
[GrainType("storage")]
internal sealed partial class StorageGrain : Grain, IStorageGrain
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CopyLimit = TimeSpan.FromHours(2);   // a large volume on a busy host
    private static readonly TimeSpan ClaimLimit = TimeSpan.FromMinutes(1);

    private readonly Record<StorageRecord, EntityView> _record;
    private readonly Sights _sights = new();
    private readonly IClaims _claims;
    private readonly TimeProvider _time;
    private readonly ILogger<StorageGrain> _logger;

    public StorageGrain(
        [PersistentState("storage", "entities")] IPersistentState<Stored<StorageRecord, EntityView>> state,
        IClaims claims,
        Restoration restoration,
        TimeProvider time,
        ILogger<StorageGrain> logger)
    {
        _record = new(state, StorageProjection.View, StorageProjection.Index, time);
        (_claims, _restoration, _time, _logger) = (claims, restoration, time, logger);
    }

    private Guid Id => GrainKeys.IdOf(this.GetPrimaryKeyString());

    public async Task<Outcome> Create(CreateEntity command)
    {
        if (_record.Value is { } present)
        {
            return present is { Phase: StoragePhase.Creating, Host: null } && present.Project == command.Caller.Project
                ? await Place()   // the first attempt died half-way
                : Repeated.Create(command, present.Project, _record.View);
        }
        if (command.Links.Length > 0)
            return new(OutcomeKind.Invalid, "Links that start at a storage are not possible: storagelink goes from a compute to a storage.");
        if (StorageRecord.Refusal(command.Attributes) is { } refusal)
            return new(OutcomeKind.Invalid, refusal);
        var (content, unusable) = await Content(command);
        if (unusable is not null)
            return unusable;
        var now = _time.GetUtcNow();
        await _record.Write(new()
        {
            Id = Id,
            Project = command.Caller.Project,
            CreatedBy = command.Caller.Principal,
            Created = now,
            Phase = StoragePhase.Creating,
            Mixins = command.Mixins,
            Attributes = command.Attributes,
            Incarnation = Guid.NewGuid(),
            Generation = 1,
            Era = _restoration.Era,
            Image = content.Image,
            Source = content.Source,
            Near = content.Near,
            Operation = Operation.Begin("create", now, content == default ? Limit : CopyLimit),
        });
        return await Place();
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
        var next = present with { Attributes = Patch.Attributes(present.Attributes, command), Mixins = Patch.Mixins(present.Mixins, command) };
        if (OtherZone(present, next) is { } elsewhere)
            return elsewhere;
        var outcome = await Grow(present, next);
        return outcome.Ok ? outcome with { View = _record.View } : outcome;
    }

    public async Task<Outcome> Invoke(InvokeAction command)
    {
        if (_record.View is null || !command.Caller.Sees(_record.Value!.Project))
            return new(OutcomeKind.NotFound);
        if (Patch.Refusal(command, _record.Version) is { } moved)
            return moved;
        var present = _record.Value;
        Outcome outcome;
        if (command.Action == Model.Storage.Resize.ToString())
        {
            outcome = await Grow(present, Resized(present, command));
        }
        else if (command.Action == Model.Storage.Online.ToString())
            outcome = await Handle(StorageTrigger.Online);
        else if (command.Action == Model.Storage.Offline.ToString())
        {
            await LeaveGoing();
            outcome = InUse() ?? await Handle(StorageTrigger.Offline);
        }
        else if (command.Action == Model.Storage.Snapshot.ToString())
            outcome = await Copy(command.Caller, StorageContent.Snapshot);
        else if (command.Action == Model.Storage.Backup.ToString())
            outcome = await Copy(command.Caller, StorageContent.Backup);
        else if (command.Action == StorageContent.Revert.ToString())
            outcome = await RevertOrigin(command.Caller);
        else
            outcome = new(OutcomeKind.NotImplemented, $"{command.Action} is not offered here.");
        return outcome with { View = _record.View };
    }

    public async Task<Outcome> Delete(DeleteEntity command)
    {
        if (_record.View is null || !command.Caller.Sees(_record.Value!.Project))
            return new(OutcomeKind.NotFound);
        if (Patch.Refusal(command, _record.Version) is { } moved)
            return moved;
        await LeaveGoing();
        return InUse() ?? await Handle(StorageTrigger.Delete);
    }

    public Task<Outcome> MayUpdate(UpdateEntity command)
    {
        if (!IsThere(command.Caller))
            return Task.FromResult(new Outcome(OutcomeKind.NotFound));
        var present = _record.Value!;
        var next = present with { Attributes = Patch.Attributes(present.Attributes, command), Mixins = Patch.Mixins(present.Mixins, command) };
        return Task.FromResult(Patch.Refusal(command, _record.Version) ?? OtherZone(present, next) ?? CannotGrow(present, next) ?? new Outcome(OutcomeKind.Done));
    }

    public async Task<Outcome> MayInvoke(InvokeAction command)
    {
        if (!IsThere(command.Caller))
            return new(OutcomeKind.NotFound);
        var going = command.Action == Model.Storage.Offline.ToString() ? await Going() : [];
        var present = _record.Value!;
        return command.Action == Model.Storage.Resize.ToString() ? CannotGrow(present, Resized(present, command)) ?? new(OutcomeKind.Done)
            : command.Action == Model.Storage.Online.ToString() ? May(StorageTrigger.Online)
            : command.Action == Model.Storage.Offline.ToString() ? InUse(going) ?? May(StorageTrigger.Offline)
            : command.Action == Model.Storage.Snapshot.ToString() || command.Action == Model.Storage.Backup.ToString()
                ? NotToBeCopied(present) is { } why ? new(OutcomeKind.Conflict, why) : new(OutcomeKind.Done)
            : command.Action == StorageContent.Revert.ToString() ? new(OutcomeKind.Done)   // its origin tells when it is done
            : new(OutcomeKind.NotImplemented, $"{command.Action} is not offered here.");
    }

    public async Task<Outcome> MayDelete(DeleteEntity command, Guid[] going) =>
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) ?? InUse([.. going, .. await Going()]) ?? May(StorageTrigger.Delete);

    private Outcome May(StorageTrigger trigger) => _record.Value!.Lost && trigger != StorageTrigger.Delete ? new(OutcomeKind.Conflict, LostText) : StorageLifecycle.Decide(_record.Value!.Phase, trigger) switch
    {
        StorageDecision.Refused refused => new(OutcomeKind.Conflict, refused.Why),
        StorageDecision.AlreadyDone => new(OutcomeKind.AlreadyDone),
        _ => new(OutcomeKind.Done),
    };

    private bool IsThere(Caller caller) => _record.View is { } view && caller.Sees(view.Project);

    // ---------------------------------------------------------------- links

    public async Task<AttachResult> Attach(Caller caller, Guid link, Guid compute)
    {
        if (_record.View is null || !caller.Sees(_record.Value!.Project))
            return new(new(OutcomeKind.Invalid, $"There is no storage {Id}."), null);
        var present = _record.Value;
        if (present.Uses.Any(u => u.Link == link))
            return Attached(present, OutcomeKind.AlreadyDone);
        if (present.Moving is { } moving)
            return new(new(OutcomeKind.Conflict, Going(moving)), null);
        if (present.Uses.FirstOrDefault() is { } other)
            return new(new(OutcomeKind.Conflict, $"The storage is linked to compute {other.Compute} already (link {other.Link})."), null);
        if (present.Phase is StoragePhase.Offline or StoragePhase.Failed)
            return new(new(OutcomeKind.Conflict, $"The storage is {StorageProjection.ToOcci(present.Phase)}: only one that is online can be linked."), null);
        if (present.Phase is StoragePhase.Reverting)
            return new(new(OutcomeKind.Conflict, "The storage is getting its snapshot's content: link it when it has it."), null);
        await _record.Write(present with { Uses = [new(link, compute)] });
        return Attached(present, OutcomeKind.Done);
    }

    // ---------------------------------------------------------------- the host's news

    public async Task Observed(Guid host, ObservedVolume volume)
    {
        if (_record.Value is not { } present || await SeenLeft(present, host, volume) || present.Incarnation != volume.Incarnation)
            return;
        if (present.Host != host)
        {
            await SeenElsewhere(present, host, volume);
            return;
        }
        var error = volume.Failure is { } failure && failure.Generation >= present.Generation ? failure : null;
        if (present.Operation is { } operation && operation.LastError != error?.Message)
            await _record.Write(present with { Operation = operation with { LastError = error?.Message } });
        // Only what was removed is gone: a host that does not see the pool does not see the volume either.
        if (!volume.Present && present.Phase == StoragePhase.Deleting && error is null && volume.Generation >= present.Generation)
            await Handle(StorageTrigger.SawAbsent);
        else if (error is { Retryable: false })
            await Handle(StorageTrigger.SawFailure, r => r with { Message = error.Message });
        else if (volume.Present && volume.Generation >= present.Generation)
            await Handle(StorageTrigger.SawReady, r => r with { Made = true, Image = null, Source = null, Near = null, Revert = null });
    }

    public Task<DesiredObject?> DesiredOn(Guid host) => Task.FromResult<DesiredObject?>(
        _record.Value is not { } present ? null
        : present.Left.FirstOrDefault(l => l.Host == host) is { } left ? Away(present, left)
        : IsUncompared(present) ? null
        : present.Host == host || (present.Pool is not null && present.Moving?.Move.Target == host) ? Desired(present)
        : null);

    // A volume in a shared pool is one file, whichever host sees it: a host that has it no more forgets it, and removes nothing.
    public Task<bool> IsStray(Guid host, Guid incarnation) => Task.FromResult(
        _record.Value is { Host: not null } present && ((present.Host != host && present.Pool is null) || present.Incarnation != incarnation)
        && !present.Left.Contains(new(host, incarnation))   // told by itself
        && !(present.Moving is { Move: var move } && move.Target == host && move.TargetIncarnation == incarnation));

    public async Task Reconcile()
    {
        if (_record.Value is { } restored && await WaitsForComparison(restored))
            return;
        if (_record.Value is { Moving: { } moving })
            await WatchMove(moving);
        await SettleSize();
        if (_record.Value is not { Operation: { } operation } present)
            return;
        if (present.Host is null)
        {
            if (present.Phase == StoragePhase.Deleting)
            {
                await _record.Write(present with { Operation = operation.Again(_time.GetUtcNow(), "A host that it was on has not said yet that it is gone from there.") });
                await TellLeft();
            }
            else
            {
                await Place();
            }
            return;
        }
        var now = _time.GetUtcNow();
        var host = await Host(present).View();
        if (now > operation.Deadline && host?.Status == HostStatus.Up && present.Phase != StoragePhase.Deleting)
        {
            await Handle(StorageTrigger.Overdue, r => r with { Message = $"The {operation.What} was not done in time. {operation.LastError}".TrimEnd() });
            return;
        }
        var waits = host?.Status == HostStatus.Up ? null : $"Host {host?.Name} is {host?.Status.ToString().ToLowerInvariant()}: waiting for it.";
        await _record.Write(present with { Operation = operation.Again(now, waits) });
        await Tell();
    }

    private async Task<Outcome> Place()
    {
        var present = _record.Value!;
        var placed = await _claims.Place(Request(present));
        if (placed.Host is not { } host)
        {
            await _claims.Release(Id, _record.Version);
            await _record.Clear();
            return new(placed.Kind, placed.Why);
        }
        await _record.Write(present with { Host = host, Pool = placed.Pool });
        LogPlaced(Id, host);
        await Tell();
        return new(OutcomeKind.Created, View: _record.View);
    }

    /// <summary>
    /// Updates what is asked for; a larger size is claimed first, a smaller one refused: what is in a volume is not cut off. That it is being claimed is written before: whoever dies after the
    /// claim would leave something claimed for nothing.
    /// </summary>
    private async Task<Outcome> Grow(StorageRecord present, StorageRecord next)
    {
        if (CannotGrow(present, next) is { } refused)
            return refused;
        if (next.SizeBytes == present.SizeBytes)
        {
            await _record.Write(next);
            return new(OutcomeKind.Done);
        }
        await _record.Write(present with { Claiming = Operation.Begin("resize", _time.GetUtcNow(), ClaimLimit) });
        var resized = await _claims.Resize(Request(next), present.Host!.Value);
        if (resized.Host is not null)
            return await Handle(StorageTrigger.Resize, r => r with { Attributes = next.Attributes, Mixins = next.Mixins, Claiming = null });
        await _record.Write(_record.Value! with { Claiming = null });
        return new(resized.Kind, resized.Why);
    }

    /// <summary>Nobody knows any more what became of a claim that was under way: what it is to have is claimed, and nothing else. It was never said that it grows.</summary>
    private async Task SettleSize()
    {
        if (_record.Value is not { Claiming: { } claiming, Moving: null } present)
            return;
        var settled = present is { Host: { } host, Lost: false } ? await _claims.Resize(Request(present), host) : null;
        present = _record.Value!;
        await _record.Write(present with { Claiming = settled is { Host: null } ? claiming.Again(_time.GetUtcNow(), settled.Why) : null });
    }

    private static Outcome? OtherZone(StorageRecord present, StorageRecord next) =>
        Compute.PlacementWishes.Zone(next.Mixins) == Compute.PlacementWishes.Zone(present.Mixins) ? null
        : new(OutcomeKind.Conflict, "The availability zone of a storage cannot be changed: create another storage there.");

    private static StorageRecord Resized(StorageRecord present, InvokeAction resize) =>
        present with { Attributes = new(present.Attributes) { [Model.Storage.Size.Name] = resize.Attributes[Model.Storage.ResizeSize.Name] } };

    private static Outcome? CannotGrow(StorageRecord present, StorageRecord next) =>
        StorageRecord.Refusal(next.Attributes) is { } refusal ? new(OutcomeKind.Invalid, refusal)
        : next.SizeBytes < present.SizeBytes
            ? new(OutcomeKind.Conflict, $"A storage cannot shrink: it has {present.Attributes.Text(Model.Storage.Size)} GiB, {next.Attributes.Text(Model.Storage.Size)} were asked for.")
        : next.SizeBytes > present.SizeBytes && present.Lost ? new(OutcomeKind.Conflict, LostText)
        : next.SizeBytes > present.SizeBytes && present.Moving is { } moving ? new(OutcomeKind.Conflict, Going(moving))
        : next.SizeBytes > present.SizeBytes && StorageLifecycle.Decide(present.Phase, StorageTrigger.Resize) is StorageDecision.Refused refused
            ? new(OutcomeKind.Conflict, refused.Why)
        : null;

    private async Task<Outcome> Handle(StorageTrigger trigger, Func<StorageRecord, StorageRecord>? also = null)
    {
        var present = _record.Value!;
        if (present.Lost)
        {
            if (trigger != StorageTrigger.Delete)
                return new(OutcomeKind.Conflict, LostText);
            if (present.Left.Length == 0)
            {
                await Forget();
            }
            else
            {
                await _record.Write(present with { Phase = StoragePhase.Deleting, Host = null, Operation = Operation.Begin("delete", _time.GetUtcNow(), Limit) });
                await TellLeft();
            }
            return new(OutcomeKind.Done);
        }
        switch (StorageLifecycle.Decide(present.Phase, trigger))
        {
            case StorageDecision.Refused refused:
                return new(OutcomeKind.Conflict, refused.Why);
            case StorageDecision.Move { Release: true }:
                await Gone();
                return new(OutcomeKind.Done);
            case StorageDecision.Move move:
                var next = present with
                {
                    Phase = move.To,
                    Message = null,
                    Revert = null,
                    Generation = present.Generation + (move.TellHost ? 1 : 0),
                    Era = _restoration.Era,
                    Operation = StorageLifecycle.IsUnderWay(move.To)
                        ? Operation.Begin(trigger.ToString().ToLowerInvariant(), _time.GetUtcNow(), move.To == StoragePhase.Reverting ? CopyLimit : Limit)
                        : null,
                };
                await _record.Write(also is null ? next : also(next));
                LogMoved(Id, present.Phase, move.To, trigger);
                if (move.TellHost)
                    await Tell();
                return new(OutcomeKind.Done);
            default:
                return new(OutcomeKind.AlreadyDone);
        }
    }

    private Outcome? InUse(Guid[]? butFor = null) =>
        _record.Value!.Moving is { } moving ? new(OutcomeKind.Conflict, Going(moving)) : _record.Value!.Uses.FirstOrDefault(u => butFor?.Contains(u.Link) != true) is { } use
        ? new(OutcomeKind.Conflict, $"The storage is linked to compute {use.Compute}: delete the link {use.Link} first.")
        : null;

    private PlacementRequest Request(StorageRecord record) =>
        new("storage", Id, record.Incarnation, record.Project, 0, 0, record.SizeBytes, null, record.Near)
        {
            Version = _record.Version,
            Pool = record.PoolName,
            SeesPools = record.Source?.Pool is { } pool ? [pool] : [],
            Zone = Compute.PlacementWishes.Zone(record.Mixins),
        };

    private DesiredVolume Desired(StorageRecord record) => new()
    {
        Id = Id,
        Incarnation = record.Incarnation,
        Generation = record.Generation,
        Absent = record.Phase == StoragePhase.Deleting,
        Name = record.Attributes.Text(Occi.Core.CoreKinds.Title) ?? "",
        SizeBytes = record.SizeBytes,
        Pool = record.Pool,
        Existing = record.Made && (record.Pool is not null || record.HasContent || record.Moved || _restoration.IsBefore(record.Created)),
        Image = record.Image,
        Source = record.Source,
        Revert = record.Revert,
        Wipe = record.Mixins.Contains(StorageContent.Wipe.Id.ToString()),
    };

    private IHostGrain Host(StorageRecord record) => GrainFactory.Host(record.Host!.Value);

    private Task Tell() => IsUncompared(_record.Value!) ? Task.CompletedTask : Host(_record.Value!).Send([Desired(_record.Value!)]);

    [LoggerMessage(Level = LogLevel.Information, Message = "Storage {Storage} is placed on host {Host}")]
    private partial void LogPlaced(Guid storage, Guid host);

    [LoggerMessage(Level = LogLevel.Information, Message = "Storage {Storage}: {From} to {To} on {Trigger}")]
    private partial void LogMoved(Guid storage, StoragePhase from, StoragePhase to, StorageTrigger trigger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Storage {Storage} is gone, and everything that it held with it")]
    private partial void LogDeleted(Guid storage);
}
