using Controller.Contracts;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Compute;

// What the two hosts say of a machine on its way, who has it by that, and what becomes of the other's.
internal sealed partial class ComputeGrain
{
    /// <summary>News of one of the two ends. True: nothing else is to be made of it.</summary>
    private async Task<bool> MigrationObserved(Guid host, ObservedMachine machine)
    {
        if (_record.Value is not { } present)
            return false;
        // Told to be gone, and gone: one that was only on its way there is absent too, and its files are not.
        if (machine is { Power: Power.Absent, Failure: null, Generation: long.MaxValue } && present.Left.Contains(new(host, machine.Incarnation)))
        {
            await _claims.ReleaseIncarnation(Id, machine.Incarnation);
            await _record.Write(present with { Left = [.. present.Left.Where(l => l != new LeftIncarnation(host, machine.Incarnation))] });
            if (_record.Value is { Phase: ComputePhase.Deleting, Host: null, Left.Length: 0 })
                await Release();
            else if (_record.Value is { Recovery.State: RecoveryState.Placing } waiting && !IsUncompared(waiting))
                await Relocate();   // it may have waited for that
            return true;
        }
        if (present.Migration is not { Phase: MigrationPhase.Moving } migration)
            return false;
        var transfer = machine.Transfer?.Migration == migration.Id ? machine.Transfer.State : TransferState.None;
        var isSource = migration.Source.Host == host && migration.Source.Incarnation == machine.Incarnation;
        if (!isSource && (migration.Target.Host != host || migration.Target.Incarnation != machine.Incarnation))
            return false;
        // News from before the agent was told that the machine moves says nothing of it.
        var side = isSource ? migration.Source : migration.Target;
        var seen = transfer == TransferState.None ? side with { Seen = Power.Unknown, Transfer = TransferState.None } : side with { Seen = machine.Power, Transfer = transfer };
        if (seen != side)
            await _record.Write(present with { Migration = isSource ? migration with { Source = seen } : migration with { Target = seen } });
        // An agent that has just come back knows nothing of what it was doing: it is told again at once.
        if (!await DecideMigration() && isSource && transfer == TransferState.Waiting && seen != side)
            await Move();
        return true;
    }

    /// <summary>True when it is over.</summary>
    private async Task<bool> DecideMigration()
    {
        var migration = _record.Value!.Migration!;
        switch (MigrationRule.Decide(migration, _time.GetUtcNow()))
        {
            case MigrationVerdict.SwitchOver:
                await SwitchOver();
                return true;
            case MigrationVerdict.Stay:
                await EndMigration(migration.Cancelling ? MigrationPhase.Cancelled : MigrationPhase.Failed, migration.Error);
                return true;
            default:
                return false;
        }
    }

    /// <summary>The one write with which the machine becomes the target's.</summary>
    private async Task SwitchOver()
    {
        var present = _record.Value!;
        var migration = present.Migration!;
        var now = _time.GetUtcNow();
        await _record.Write(Afresh(present, now) with
        {
            Host = migration.Target.Host,
            Incarnation = migration.Target.Incarnation,
            Era = _restoration.Era,   // the target may have been asked what it has before this was its
            Left = [.. present.Left, new(migration.Source.Host!.Value, migration.Source.Incarnation)],
            Migration = migration with { Phase = MigrationPhase.Done, Ended = now, Error = null, OwesVolumes = migration.Volumes.Length > 0 },
        });
        LogMigrated(Id, migration.Source.Host!.Value, migration.Target.Host!.Value, migration.Target.Incarnation, (now - migration.Operation.Since).TotalSeconds);
        await TrySettleVolumes();   // first: the machine waits for them
        await Tell();
        await TellLeft();
    }

    private async Task EndMigration(MigrationPhase how, string? why)
    {
        var present = _record.Value!;
        var migration = present.Migration!;
        var now = _time.GetUtcNow();
        // Why it failed is for operators, who see the migration: it names hosts.
        var ended = migration with { Phase = how, Ended = now, Error = why, OwesVolumes = migration.Volumes.Length > 0 };
        var message = how == MigrationPhase.Failed ? "It could not be migrated, and stays where it was." : present.Message;
        if (migration.Target.Host is { } target)
        {
            await _record.Write(Afresh(present, now) with
            {
                Left = [.. present.Left, new(target, migration.Target.Incarnation)],
                Migration = ended,
                Message = message,
            });
        }
        else
        {
            await _record.Write(present with { Migration = ended, Message = message });
            await _claims.ReleaseIncarnation(Id, migration.Target.Incarnation);   // of a placement that was not written down
        }
        LogNotMigrated(Id, how, why);
        await TrySettleVolumes();
        if (migration.Target.Host is null)
            return;
        await Tell();
        await TellLeft();
    }

    /// <summary>The host that has it now does again what is wanted of it; what was seen of the machine on its way is no news of that.</summary>
    private static ComputeRecord Afresh(ComputeRecord present, DateTimeOffset now) => present with
    {
        Generation = present.Generation + 1,
        PowerGeneration = present.Generation + 1,
        Operation = present.Operation is { } operation ? operation with { Deadline = now + (operation.Deadline - operation.Since), Since = now } : null,
    };

    private async Task TellLeft()
    {
        foreach (var left in _record.Value!.Left)
            await HostOf(left.Host).Send([Away(left.Incarnation)]);
    }

    private DesiredMachine Away(Guid incarnation) => new() { Id = Id, Incarnation = incarnation, Generation = long.MaxValue, Absent = true };

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} was migrated from host {Source} to host {Target} as incarnation {Incarnation} in {Seconds} s")]
    private partial void LogMigrated(Guid compute, Guid source, Guid target, Guid incarnation, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} stays where it is, its migration is {How}: {Why}")]
    private partial void LogNotMigrated(Guid compute, MigrationPhase how, string? why);
}
