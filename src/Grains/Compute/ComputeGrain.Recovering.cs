using Controller.Contracts;
using Controller.Grains.Availability;
using Controller.Grains.Entities;
using Controller.Grains.Placement;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Compute;

// Its host is lost. In one turn: is the loss in force still, and then the write after which that incarnation is dead. While that is being decided nobody is told what is wanted on that host:
// one that comes back at this moment asks again and gets the decision.
internal sealed partial class ComputeGrain
{
    private static readonly TimeSpan RecoverLimit = TimeSpan.FromDays(3650);   // it is never given up

    private Guid? _losing;

    public async Task<RecoveryView?> Recover(Guid host, long epoch)
    {
        if (_record.Value is not { } present)
            return null;
        if (present.Recovery is { } known && known.From == host && known.Epoch == epoch)
            return known.View(Id);
        if (present.Host != host || !ComputeAvailability.IsWanted(present.Mixins) || present.Phase is ComputePhase.Placing or ComputePhase.Deleting)
            return null;
        if (IsUncompared(present))
            return new(Id, RecoveryState.Stays, host, _time.GetUtcNow(), "The database was restored to an earlier state: since then its host has not said what it has, and it may be elsewhere by now.");
        if (await WhyStay(present) is { } why)
            return new(Id, RecoveryState.Stays, host, _time.GetUtcNow(), why);
        _losing = host;
        try
        {
            if (await HostOf(host).LostSince() != epoch)
                return null;
            if (present.Migration is { UnderWay: true })
                await EndMigration(MigrationPhase.Failed, "Its host was lost.");
            present = _record.Value!;
            await _record.Write(present with
            {
                Recovery = new()
                {
                    State = RecoveryState.Placing,
                    From = host,
                    Epoch = epoch,
                    Lost = present.Incarnation,
                    Next = Guid.NewGuid(),
                    Operation = Operation.Begin("recover", _time.GetUtcNow(), RecoverLimit),
                },
            });
        }
        finally
        {
            _losing = null;
        }
        LogRecovering(Id, host, present.Incarnation, epoch);
        await Relocate();
        return _record.Value?.Recovery?.View(Id);
    }

    private async Task<string?> WhyStay(ComputeRecord present)
    {
        if (!ComputeAvailability.RunsIn(present.Phase))
            return $"It stays there: {ComputeLifecycle.Words(present.Phase)}.";
        if (ComputeAvailability.Refusal(present.Mixins, present.Attributes, HasLocalRoot(present)) is { } why)
            return why;
        return (await _links.Attachments(present.Links)).Any(IsLocal) ? ComputeAvailability.LocalVolume : null;
    }

    /// <summary>Whether a disk can only be had on its own host.</summary>
    private static bool IsLocal(Attachment attachment) => attachment.Disk is not null && attachment.Pool is null;

    private static bool HasLocalRoot(ComputeRecord present) => present is { Image: not null, Pool: null };

    /// <summary>Why another incarnation must not begin yet: a placement of before, of a migration, that its host has not said is gone. Null: there is none, or its host is lost too.</summary>
    private async Task<string?> WhyNotYet(ComputeRecord present)
    {
        foreach (var left in present.Left)
        {
            if (await HostOf(left.Host).LostSince() is null)
                return $"Host {left.Host} has not said yet that the machine is gone from there.";
        }
        return null;
    }

    /// <summary>Finds it another host, then tells it. May be repeated.</summary>
    private async Task Relocate()
    {
        var present = _record.Value!;
        var recovery = present.Recovery!;
        var now = _time.GetUtcNow();
        if (present.Phase == ComputePhase.Deleting)
        {
            await _claims.ReleaseIncarnation(Id, recovery.Next);
            await _record.Write(present with { Recovery = null, Host = recovery.IsRemoved ? null : present.Host });
            await Tell();
            return;
        }
        // Its old host is as good as any once it is back: it has been told that the old incarnation is dead.
        var isLost = await HostOf(recovery.From).LostSince() == recovery.Epoch;
        var waits = await WhyNotYet(present);
        var pools = (await _links.Attachments(present.Links)).Select(a => a.Pool).OfType<Guid>().Distinct().ToArray();
        var placed = waits is not null
            ? new PlacementResult(null, OutcomeKind.Conflict, waits)
            : await _claims.Place(await Seeking(present with { Held = null }, null, pools) with { Incarnation = recovery.Next, ExceptHosts = isLost ? [recovery.From] : [] });
        if (placed.Host is not { } host)
        {
            await _record.Write(present with { Recovery = recovery with { Operation = recovery.Operation.Again(now, placed.Why) } });
            LogNoPlace(Id, placed.Why);
            return;
        }
        if (present.Save is { } save)
            await _templates.Image(save.Term).Fail(save.Id, "The save was given up: the compute's host was lost.");
        var runs = ComputeAvailability.RunsIn(present.Phase);
        await _record.Write(Afresh(present, now) with
        {
            Host = host,
            Incarnation = recovery.Next,
            Left = recovery.IsRemoved ? present.Left : [.. present.Left, new(recovery.From, recovery.Lost)],
            Phase = runs ? ComputePhase.Starting : present.Phase,
            Operation = runs ? Operation.Begin("starting", now, StartLimit) : present.Operation,
            Save = null,
            Message = null,
            RootDiskUnmade = present.ObservedGeneration == 0 && present.RootDisk is { } disk && (present.RootDiskUnmade || disk == recovery.Lost),
            ObservedGeneration = 0,
            RestartPending = false,
            AgentConnected = false,
            Held = null,
            Recovery = recovery with { State = RecoveryState.Starting, To = host },
        });
        LogRelocated(Id, host, recovery.Next, recovery.From);
        await Tell();
        await TellLeft();
    }

    /// <summary>A move of the compute's ends its recovery, or makes the last one old news.</summary>
    private ComputeRecovery? RecoveryAfter(ComputeRecovery? recovery, ComputePhase phase, ComputeTrigger trigger)
    {
        if (recovery is { State: RecoveryState.Starting } && phase == ComputePhase.Active)
        {
            AvailabilityTelemetry.Recoveries.Add(1);
            LogRecovered(Id, recovery.To, (_time.GetUtcNow() - recovery.Operation.Since).TotalSeconds);
            return recovery with { State = RecoveryState.Running };
        }
        return recovery is { State: RecoveryState.Placing } || trigger is not (ComputeTrigger.Start or ComputeTrigger.Stop) ? recovery : null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Compute {Compute} is recovered: its host {Host} was lost after epoch {Epoch}, with incarnation {Incarnation}")]
    private partial void LogRecovering(Guid compute, Guid host, Guid incarnation, long epoch);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Compute {Compute} cannot be started elsewhere yet: {Why}")]
    private partial void LogNoPlace(Guid compute, string? why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Compute {Compute} is started on host {Host} as incarnation {Incarnation}: host {From} was lost")]
    private partial void LogRelocated(Guid compute, Guid host, Guid incarnation, Guid from);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} runs on host {Host}, {Seconds} s after its recovery began")]
    private partial void LogRecovered(Guid compute, Guid? host, double seconds);
}
