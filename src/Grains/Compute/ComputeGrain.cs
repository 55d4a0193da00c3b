using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Images;
using Controller.Grains.Links;
using Controller.Grains.Persistence;
using Controller.Grains.Placement;
using Controller.Grains.Restoring;
using Microsoft.Extensions.Logging;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Compute;

/// <summary>
/// A compute. Load, decide, write, act: what is owed is written before it is done, so a crash repeats a step and never loses one; the generation lets
/// the host recognise the repeat.
/// </summary>
[GrainType("compute")]
internal sealed partial class ComputeGrain : Grain, IComputeGrain
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(10);   // the first start on a host may have to fetch the image
    private static readonly TimeSpan SaveLimit = TimeSpan.FromHours(2);       // a large disk on a busy host
    private static readonly TimeSpan OtherLimit = TimeSpan.FromMinutes(3);

    private readonly Record<ComputeRecord, EntityView> _record;
    private readonly ComputeLinks _links;
    private readonly Sights _sights = new();
    private readonly Templates _templates;
    private readonly ISavedImages _saved;
    private readonly IClaims _claims;
    private readonly TimeProvider _time;
    private readonly ILogger<ComputeGrain> _logger;

    public ComputeGrain(
        [PersistentState("compute", "entities")] IPersistentState<Stored<ComputeRecord, EntityView>> state,
        IClaims claims,
        ISavedImages saved,
        Restoration restoration,
        IUnmanagedMachines unmanaged,
        TimeProvider time,
        ILogger<ComputeGrain> logger)
    {
        _record = new(state, ComputeProjection.View, ComputeProjection.Index, time);
        _links = new(GrainFactory);
        _templates = new(GrainFactory);
        (_claims, _saved, _restoration, _unmanaged, _time, _logger) = (claims, saved, restoration, unmanaged, time, logger);
    }

    private TimeSpan StopGrace => ComputeHardware.Grace(_record.Value!.Attributes);

    private Guid Id => GrainKeys.IdOf(this.GetPrimaryKeyString());

    // ---------------------------------------------------------------- clients

    public async Task<Outcome> Create(CreateEntity command)
    {
        if (_record.Value is { } present)
        {
            return present.Phase == ComputePhase.Placing && present.Project == command.Caller.Project && !_restoration.IsBefore(present.Created)
                ? await Place()   // the first attempt died half-way
                : Repeated.Create(command, present.Project, _record.View);
        }
        if ((ComputeSizes.Refusal(command.Attributes) ?? ComputeLinks.Refusal(ComputeLinks.Number(command.Links)) ?? ComputeLinks.NoNic([], command.Links)) is { } refusal)
            return new(OutcomeKind.Invalid, refusal);
        var (image, unusable) = await _templates.Of(command);
        if ((unusable ?? ComputeDisks.Refusal(command, image)) is { } cannot)
            return cannot;
        if (ComputeAvailability.Refusal(command.Mixins, command.Attributes, image is not null) is { } unavailable)
            return new(OutcomeKind.Conflict, unavailable);

        var now = _time.GetUtcNow();
        await _record.Write(new()
        {
            Id = Id,
            Project = command.Caller.Project,
            CreatedBy = command.Caller.Principal,
            Created = now,
            Phase = ComputePhase.Placing,
            Mixins = command.Mixins,
            Attributes = Templates.Without(command.Attributes),
            Image = image is null ? null : new(image.Sha256, image.Format, image.SizeBytes),
            RootDiskBytes = ComputeSizes.RootDiskBytes(command.Attributes, image),
            Inline = command.Links,
            Links = ComputeLinks.Number(command.Links),
            Incarnation = Guid.NewGuid(),
            Operation = Operation.Begin("create", now, OtherLimit),
        });
        return await Place();
    }

    public async Task<EntityView?> View(Caller caller)
    {
        if (_record.View is not { } view || !caller.Sees(view.Project))
            return null;
        return _links.Shown(view, await _links.Views(_record.Value!.Links));
    }

    public async Task<Sight> Look(Caller caller, long known) => _sights.Of(await View(caller), known);

    public async Task<Outcome> Update(UpdateEntity command)
    {
        if (_record.View is null || !command.Caller.Sees(_record.Value!.Project))
            return new(OutcomeKind.NotFound);
        var present = _record.Value;
        if (Refusal(command) is { } refused)
            return refused;
        var attributes = Templates.Without(Patch.Attributes(present.Attributes, command));
        var mixins = Patch.Mixins(present.Mixins, command);
        // Links first: what cannot be made is taken back before anything else has changed.
        if (await AddInline(command) is { } notLinked)
            return notLinked;
        var disk = Math.Max(present.RootDiskBytes, ComputeSizes.RootDiskBytes(attributes, null));
        var (held, tooLarge) = await Resize(present with { Attributes = attributes, Mixins = mixins, RootDiskBytes = disk });
        if (tooLarge is not null)
        {
            await TakeBack(command.Links);
            return tooLarge;
        }
        present = _record.Value;
        var next = present with { Attributes = attributes, Mixins = mixins, RootDiskBytes = disk, Held = held, Claiming = null };
        if (command.Links.Length == 0 && held == present.Held && !IsAnotherMachine(present, next))
        {
            await _record.Write(next);
            return new(OutcomeKind.Done, View: await View(command.Caller));
        }
        await _record.Write(Asked(next));
        await Tell();
        return new(OutcomeKind.Done, View: await View(command.Caller));
    }

    private Outcome? Refusal(UpdateEntity command)
    {
        var present = _record.Value!;
        var next = Templates.Without(Patch.Attributes(present.Attributes, command));
        return Patch.Refusal(command, _record.Version)
            ?? (ComputeSizes.Refusal(next) is { } size ? new(OutcomeKind.Invalid, size)
            : present.Migration is { UnderWay: true } && ChangesClaims(present, command, next) ? new(OutcomeKind.Conflict, "It is being migrated to another host: resize it when that has ended.")
            : ComputeHardware.Refusal(present.Attributes, next) is { } kept ? new(OutcomeKind.Conflict, kept)
            : ComputeLinks.Refusal(present, command) is { } full ? new(OutcomeKind.Conflict, full)
            : ComputeLinks.NoNic(present.Links, command.Links) is { } none ? new(OutcomeKind.Invalid, none)
            : !Templates.In(Patch.Mixins(present.Mixins, command)).SequenceEqual(Templates.In(present.Mixins))
                ? new(OutcomeKind.Conflict, "The OS template of a compute cannot be changed: create another compute from it.")
            : ComputeAvailability.Refusal(Patch.Mixins(present.Mixins, command), Patch.Attributes(present.Attributes, command), HasLocalRoot(present)) is { } unavailable
                ? new(OutcomeKind.Conflict, unavailable)
            : PlacementWishes.Zone(Patch.Mixins(present.Mixins, command)) != PlacementWishes.Zone(present.Mixins)
                ? new(OutcomeKind.Conflict, "The availability zone of a compute cannot be changed: create another compute there.")
            : null);
    }

    public async Task<Outcome> Invoke(InvokeAction command)
    {
        if (_record.View is null || !command.Caller.Sees(_record.Value!.Project))
            return new(OutcomeKind.NotFound);
        if (Patch.Refusal(command, _record.Version) is { } moved)
            return moved;
        if (_record.Value.Migration is { UnderWay: true } && command.Action != Model.Compute.Start.ToString() && command.Action != Model.Compute.Stop.ToString())
            return new(OutcomeKind.Conflict, "It is being migrated to another host: wait for that, or cancel it.");
        if (command.Action == Model.Compute.Start.ToString() && await CannotStart() is { } cannot)
            return cannot;
        var method = command.Attributes.Text(Model.Compute.StopMethod);
        var outcome = command.Action switch
        {
            var a when a == Model.Compute.Start.ToString() => await Handle(ComputeTrigger.Start),
            var a when a == Model.Compute.Stop.ToString() => await Handle(ComputeTrigger.Stop, r => r with { Stop = StopMethodOf(method) }),
            var a when a == Model.Compute.Restart.ToString() => await Handle(ComputeTrigger.Restart, r => r with { Reboot = RebootMethodOf(method) }),
            var a when a == Model.Compute.Suspend.ToString() =>
                await Handle(ComputeTrigger.Suspend, r => r with { Power = method == "hibernate" ? Power.Saved : Power.Paused }),
            var a when a == Model.Compute.Save.ToString() => await Save(command),
            _ => new Outcome(OutcomeKind.NotImplemented, $"{command.Action} is not offered here."),
        };
        return outcome with { View = await View(command.Caller) };
    }

    public async Task<Outcome> Delete(DeleteEntity command)
    {
        if (_record.Value is { Phase: ComputePhase.Deleting } going && command.Caller.Sees(going.Project))
            await _links.Going(going.Links, _time);   // who asks again may not have been answered, since a silo died before it told them
        if (_record.View is null || !command.Caller.Sees(_record.Value!.Project))
            return new(OutcomeKind.NotFound);
        return Patch.Refusal(command, _record.Version) ?? await Handle(ComputeTrigger.Delete);
    }

    public Task<Outcome> MayUpdate(UpdateEntity command) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound) : Refusal(command) ?? new Outcome(OutcomeKind.Done));

    public Task<Outcome> MayInvoke(InvokeAction command) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound)
        : Patch.Refusal(command, _record.Version) is { } moved ? moved
        : IsLost(_record.Value!) ? new(OutcomeKind.Conflict, Lost)
        : ComputeLifecycle.TriggerOf(command.Action) is not { } trigger ? new(OutcomeKind.Done)   // what is no change of state only the doing can tell
        : ComputeLifecycle.Decide(_record.Value!.Phase, trigger) switch
        {
            ComputeDecision.Refused refused => new(OutcomeKind.Conflict, refused.Why),
            ComputeDecision.AlreadyDone => new(OutcomeKind.AlreadyDone),
            _ => new Outcome(OutcomeKind.Done),
        });

    public Task<Outcome> MayDelete(DeleteEntity command, Guid[] going) => Task.FromResult(
        !IsThere(command.Caller) ? new(OutcomeKind.NotFound) : Patch.Refusal(command, _record.Version) ?? new Outcome(OutcomeKind.Done));

    private bool IsThere(Caller caller) => _record.View is { } view && caller.Sees(view.Project);

    public Task<MachinePlacement?> Placement(Caller caller) => Task.FromResult(
        _record.View is { } view && caller.Sees(view.Project) && _record.Value!.Host is { } host ? new MachinePlacement(host, _record.Value.Incarnation) : null);

    // ---------------------------------------------------------------- the machine's news

    public async Task Observed(Guid host, ObservedMachine machine)
    {
        if (await MigrationObserved(host, machine))
            return;
        if (_record.Value is not { } present || present.Host != host || present.Incarnation != machine.Incarnation)
            return;   // an old incarnation's news is never this one's
        // What was seen and what follows from it are one write where they can be: what was seen of an operation has to be written before that ends.
        var together = present.Held is null && TroubleSeen(present, machine) == present.Operation?.LastError && !IsLost(present)
            && TriggerOf(machine, present) is { } follows && ComputeLifecycle.Decide(present.Phase, follows) is ComputeDecision.Move;
        if (!together)
            await Note(machine);
        await ReleaseHeld(machine);
        if (TriggerOf(machine, _record.Value!) is { } trigger)
        {
            var wasAsleep = _record.Value!.Phase is ComputePhase.Suspending or ComputePhase.Suspended;
            await Handle(trigger, r => Explained(together ? Seen(r, machine) : r));

            ComputeRecord Explained(ComputeRecord r) => trigger switch
            {
                ComputeTrigger.SawFailure or ComputeTrigger.SawMissing or ComputeTrigger.SawCrashed => r with { Message = Words(machine) },
                ComputeTrigger.SawOff when wasAsleep => r with { Message = NotAsleep },
                _ => r,
            };
        }
        await TellLinks(machine);
    }

    public async Task OperationFinished(OperationFinished finished)
    {
        if (_record.Value is { Migration: { Phase: MigrationPhase.Moving, Answer: MigrationAnswer.None } migration } && migration.Operation.Id == finished.Operation)
        {
            await MigrationFinished(finished);
            return;
        }
        if (_record.Value is not { } present || present.Operation?.Id != finished.Operation)
            return;   // an operation of before
        if (ComputeLifecycle.IsSaving(present.Phase))
        {
            await SaveFinished(finished);
        }
        else if (present.Phase == ComputePhase.Restarting)
        {
            await (finished.Failure is { } failure
                ? Handle(ComputeTrigger.SawFailure, r => r with { Message = $"It could not be restarted: {failure.Message}" })
                : Handle(ComputeTrigger.Rebooted));
        }
    }

    public async Task<DesiredObject?> DesiredOn(Guid host) =>
        _record.Value is not { } present ? null
        : _losing == host ? throw new InvalidOperationException($"Whether compute {Id} is lost with its host is being decided: ask again.")
        : present.Recovery is { State: RecoveryState.Placing } recovery && recovery.From == host ? Away(recovery.Lost)
        : present.Left.FirstOrDefault(l => l.Host == host) is { } left ? Away(left.Incarnation)
        : present.Host == host ? IsUncompared(present) || IsQuiet(present) || await WhyUntold(present) is not null ? null : await Desired(present)
        : present.Migration is { Phase: MigrationPhase.Moving } migration && migration.Target.Host == host ? await Incoming(present)
        : null;

    // A compute that nothing is known of may have been created after the backup that the database was restored from: only an incarnation that was replaced is certainly a stray.
    public Task<bool> IsStray(Guid host, Guid incarnation) => Task.FromResult(
        _record.Value is { Host: not null } present && (present.Host != host || present.Incarnation != incarnation)
        && !(present.Migration is { Phase: MigrationPhase.Moving, Target: var target } && target.Host == host && target.Incarnation == incarnation));

    // ---------------------------------------------------------------- links

    public async Task<LinkAccepted> LinkAdded(Guid link, string term, Guid? host)
    {
        if (_record.View is null)
            return new(new(OutcomeKind.Invalid, $"There is no compute {Id}."));
        var present = _record.Value!;
        if (present.Migration is { UnderWay: true } && present.Links.All(l => l.Id != link))
            return new(new(OutcomeKind.Conflict, "It is being migrated to another host: link it when that has ended."));
        if (host is { } wanted && present.Host is { } here && wanted != here)
            return new(new(OutcomeKind.Conflict, $"The storage is on host {wanted}, the compute on host {here}: a local disk cannot be linked across hosts."));
        if (host is not null && ComputeAvailability.IsWanted(present.Mixins))
            return new(new(OutcomeKind.Conflict, ComputeAvailability.LocalVolume));
        if (present.Links.FirstOrDefault(l => l.Id == link) is { } known)
            return new(new(OutcomeKind.AlreadyDone), known.Slot);
        var reservation = term == Model.IpReservation.Kind.Id.Term;
        var added = ComputeLinks.Numbered(
            [.. present.Links, .. present.LeavingLinks], new(link, reservation ? Model.NetworkInterface.Kind.Id.Term : term, 0) { Floating = reservation });
        if (ComputeLinks.Refusal([.. present.Links, added]) is { } full)
            return new(new(OutcomeKind.Conflict, full));
        if (await HostLacks(present, ComputeHardware.Features([added])) is { } lacking)
            return new(lacking);
        await _record.Write(present with { Links = [.. present.Links, added] });
        return new(new(OutcomeKind.Done), added.Slot);
    }

    /// <summary>Why its host cannot do what a link asks for; null: it can.</summary>
    private async Task<Outcome?> HostLacks(ComputeRecord present, IEnumerable<string> wanted) =>
        wanted.Any() && present.Host is { } host && await HostOf(host).View() is { Capabilities.Features: var features } && wanted.Except(features).ToArray() is [var lacking, ..]
            ? new(OutcomeKind.Conflict, $"The agent of host {host} has no {lacking}: it needs a newer one.")
            : null;

    public async Task LinkReady(Guid link)
    {
        if (_record.Value is { } present && present.Phase != ComputePhase.Deleting && present.Links.Any(l => l.Id == link))
        {
            await _record.Write(Asked(present));
            await Tell();
        }
    }

    public async Task LinkRemoved(Guid link)
    {
        if (_record.Value is not { } present)
            return;
        var gone = present.Links.FirstOrDefault(l => l.Id == link);
        if (gone is not null)
        {
            await _record.Write(Asked(present with
            {
                Links = [.. present.Links.Where(l => l.Id != link)],
                LeavingLinks = [.. present.LeavingLinks, gone with { Generation = present.Generation + 1 }],
            }));
            await Tell();
        }
        else if (present.LeavingLinks.All(l => l.Id != link))
        {
            await _links.Gone(link, present.Phase == ComputePhase.Active);
        }
        if (_record.Value is { Host: null } unplaced)
            await ReleaseLeaving(unplaced, long.MaxValue);
    }

    // ---------------------------------------------------------------- reconciliation

    /// <summary>Re-reads what is under way and does its next step; called by the sweeper when the operation is due.</summary>
    public async Task Reconcile()
    {
        if (_record.Value is not null && await WaitsForComparison())
            return;
        if (_record.Value?.Recovery is { State: RecoveryState.Placing })
        {
            await Relocate();
            return;
        }
        await SettleSize();
        if (_record.Value?.Migration is { UnderWay: true })
        {
            await ReconcileMigration();
            return;
        }
        await SettleVolumes();
        if (_record.Value is not { Operation: { } operation } present)
            return;
        var now = _time.GetUtcNow();
        if (present.Phase == ComputePhase.Placing)
        {
            await Place();
            return;
        }
        if (present.Phase == ComputePhase.Deleting && present.Host is null)
        {
            await Release();
            return;
        }
        var host = await GrainFactory.Host(present.Host!.Value).View();
        if (now > operation.Deadline && host?.Status == HostStatus.Up && present.Phase != ComputePhase.Deleting)
        {
            await Handle(ComputeTrigger.Overdue, r => r with
            {
                Message = $"The {operation.What} was not done within {(operation.Deadline - operation.Since).TotalMinutes:0} minutes. {operation.LastError}".TrimEnd(),
            });
            return;
        }
        if (host?.Availability.Loss is { Over: null } loss && await Recover(host.Id, loss.Epoch) is { State: not RecoveryState.Stays })
            return;
        present = _record.Value!;
        operation = present.Operation ?? operation;
        var waits = host?.Status == HostStatus.Up ? null : $"Host {host?.Name} is {host?.Status.ToString().ToLowerInvariant()}: waiting for it.";
        await _record.Write(present with { Operation = operation.Again(now, waits) });
        if (present.Phase == ComputePhase.Deleting)
            await _links.Going(present.Links, _time);
        await (present.Phase == ComputePhase.Restarting ? Reboot() : ComputeLifecycle.IsSaving(present.Phase) ? SaveNext() : Tell());
    }

    private async Task<Outcome> Place()
    {
        var present = _record.Value!;
        var refused = await _links.Visible(present);
        if (refused is not null)
            return await Abandon(refused);
        // Storages say where the machine has to be; then one transaction takes the host, the quota and the addresses; then the NICs find theirs taken.
        var (near, pools, why) = await MakeLinks(present.Inline.Where(l => !IsNic(l)));
        if (why is not null)
            return await Abandon(why);
        if (near is not null && ComputeAvailability.IsWanted(present.Mixins))
            return await Abandon(new(OutcomeKind.Conflict, ComputeAvailability.LocalVolume));
        var placed = await _claims.Place(await Seeking(present, near, pools) with { Addresses = NicAddressing.Of(Id, present.Inline) });
        if (placed.Host is not { } host)
            return await Abandon(new(placed.Kind, placed.Why));
        (_, _, why) = await MakeLinks(present.Inline.Where(IsNic));
        if (why is not null)
            return await Abandon(why);
        LogPlaced(Id, host, present.Incarnation);
        var outcome = await Handle(ComputeTrigger.Placed, r => ComputeDisks.Placed(r with { Host = host, Inline = [] }, placed.Pool));
        return outcome.Ok ? new(OutcomeKind.Created, View: await View(new(present.Project, Role.Reader, present.CreatedBy))) : outcome;
    }

    private async Task<(Guid? Near, Guid[] Pools, Outcome? Refused)> MakeLinks(IEnumerable<CreateEntity> links)
    {
        Guid? near = null;
        var pools = new HashSet<Guid>();
        foreach (var link in links)
        {
            var made = await _links.Make(link, _record.Value!);
            if (!made.Outcome.Ok)
                return (null, [], made.Outcome);
            if (made.Host is { } there && near is { } other && there != other)
                return (null, [], new(OutcomeKind.Conflict, $"The storages to be linked are on different hosts ({near} and {there})."));
            near = made.Host ?? near;
            if (made.Pool is { } pool)
                pools.Add(pool);
        }
        return (near, [.. pools], null);
    }

    private static bool IsNic(CreateEntity link) => ComputeLinks.Of(link, 0) is { Term: "networkinterface", Floating: false };

    /// <summary>A creation that cannot be: nobody was told that it exists, so nothing of it stays.</summary>
    private async Task<Outcome> Abandon(Outcome why)
    {
        var present = _record.Value!;
        await Task.WhenAll(present.Links.Select(l => _links.SourceGone(l)));
        await _claims.Release(Id, _record.Version);
        await _record.Clear();
        LogAbandoned(Id, why.Why);
        return why;
    }

    private async Task<Outcome> Handle(ComputeTrigger trigger, Func<ComputeRecord, ComputeRecord>? also = null)
    {
        var present = _record.Value!;
        if (IsLost(present) && trigger != ComputeTrigger.Delete)
            return new(OutcomeKind.Conflict, Lost);
        switch (ComputeLifecycle.Decide(present.Phase, trigger))
        {
            case ComputeDecision.Refused refused:
                return new(OutcomeKind.Conflict, refused.Why);
            case ComputeDecision.Move move:
                var next = Next(present, move);
                next = also is null ? next : also(next);
                next = next with { Recovery = RecoveryAfter(next.Recovery, next.Phase, trigger) };
                await EndSave(present, next, trigger);
                await _record.Write(next);
                if (present.Phase != next.Phase)
                    LogMoved(Id, present.Phase, next.Phase, trigger, next.Operation?.Id);
                if (trigger is ComputeTrigger.Delete && next.Migration is { UnderWay: true })
                    await EndMigration(MigrationPhase.Cancelled, "It was deleted.");
                else if (trigger is ComputeTrigger.Stop)
                    await GiveUpMigration("It was stopped.");
                if (next.Phase == ComputePhase.Deleting)
                    await _links.Going(next.Links, _time);
                await Settle(move.Tell);
                return new(OutcomeKind.Done);
            default:
                return new(OutcomeKind.AlreadyDone);
        }
    }

    private ComputeRecord Next(ComputeRecord present, ComputeDecision.Move move)
    {
        var now = _time.GetUtcNow();
        var next = present with { Phase = move.To, Message = null, Power = PowerIn(move.To, present.Power) };
        if (move.To == ComputePhase.Failed)
            next = next with { Stop = StopMethod.PowerOff };
        if (move.Tell is HostCommand.Ensure)
            next = next with { Generation = present.Generation + 1, PowerGeneration = present.Generation + 1, Era = _restoration.Era, MadeBefore = IsUncompared(present) ? present.Incarnation : present.MadeBefore };
        return next with
        {
            Operation = ComputeLifecycle.IsUnderWay(move.To)
                ? Operation.Begin(move.To.ToString().ToLowerInvariant(), now, Limit(move.To))
                : null,
            Save = ComputeLifecycle.IsSaving(move.To) ? present.Save : null,
        };
    }

    private TimeSpan Limit(ComputePhase phase) =>
        phase == ComputePhase.Starting ? StartLimit : ComputeLifecycle.IsSaving(phase) ? SaveLimit : OtherLimit + StopGrace;

    private Task Settle(HostCommand owed) => owed switch
    {
        HostCommand.Ensure => Tell(),
        HostCommand.Reboot => Reboot(),
        HostCommand.Save => SaveNext(),
        HostCommand.Release => Release(),
        _ => Task.CompletedTask,
    };

    /// <summary>The machine is gone (or never was): gives everything back, then forgets the compute.</summary>
    private async Task Release()
    {
        var present = _record.Value!;
        if (present.Left.Length > 0)
        {
            // Another host may still have a placement of it: as long as it does not say, there is somebody who must tell it.
            await _record.Write(present with { Host = null });
            await TellLeft();
            return;
        }
        await SettleVolumes();
        await Task.WhenAll(present.Links.Concat(present.LeavingLinks).Select(l => _links.SourceGone(l)));
        await _claims.Release(Id, _record.Version);
        await _record.Clear();
        LogDeleted(Id);
        DeactivateOnIdle();
    }
}
