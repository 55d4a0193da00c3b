using System.Security.Cryptography;
using Controller.Contracts;
using Controller.Grains.Entities;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Compute;

// A move to another host. The target gets an incarnation with a claim of its own; both agents are told, and from then on do nothing to the machine by themselves; the source's
// carries it over and says how it went. Who has it is one write of the record, whatever died in between (MigrationRule).
internal sealed partial class ComputeGrain
{
    private static readonly TimeSpan MigrateLimit = TimeSpan.FromHours(2);   // a large disk on a slow network
    private static readonly TimeSpan NoteEvery = TimeSpan.FromSeconds(3);

    private DateTimeOffset _noted;

    public async Task<Outcome> Migrate(MigrateCommand command)
    {
        if (_record.View is null)
            return new(OutcomeKind.NotFound);
        var present = _record.Value!;
        if (present.Migration is { UnderWay: true } other)
        {
            return other.Cancelling || (command.To is { } to && to != (other.Target.Host ?? other.Wanted))
                ? new(OutcomeKind.Conflict, $"It is being migrated to {(other.Target.Host ?? other.Wanted)?.ToString() ?? "another host"} already.")
                : new(OutcomeKind.AlreadyDone);
        }
        if (command.To is { } there && there == present.Host)
            return new(OutcomeKind.AlreadyDone, "It is there.");
        if (await WhyNotMigrate(present, command) is { } why)
            return new(OutcomeKind.Conflict, why);
        var now = _time.GetUtcNow();
        await _record.Write(present with
        {
            Message = present.Phase == ComputePhase.Failed ? present.Message : null,
            Migration = new()
            {
                Id = Guid.NewGuid(),
                Phase = MigrationPhase.Placing,
                Method = command.Method == MigrateMethod.Cold || present.Phase != ComputePhase.Active ? MigrateMethod.Cold : MigrateMethod.Live,
                By = command.By,
                Wanted = command.To,
                BandwidthMiB = command.BandwidthMiB,
                AutoConverge = command.AutoConverge,
                Source = new(present.Host, present.Incarnation),
                Target = new(null, Guid.NewGuid()),
                Secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
                Operation = Operation.Begin("migrate", now, MigrateLimit),
            },
        });
        return await PlaceTarget();
    }

    public async Task<Outcome> CancelMigration(string by)
    {
        if (_record.View is null)
            return new(OutcomeKind.NotFound);
        if (_record.Value!.Migration is not { UnderWay: true })
            return new(OutcomeKind.AlreadyDone);
        await GiveUpMigration($"Cancelled by {by}.");
        return new(OutcomeKind.Done);
    }

    public Task<MigrationView?> Migration() => Task.FromResult(_record.View is null ? null : _record.Value!.Migration?.View(Id));

    public async Task Progress(OperationProgress progress)
    {
        var now = _time.GetUtcNow();
        if (_record.Value is not { Migration: { Phase: MigrationPhase.Moving } migration } present || migration.Operation.Id != progress.Operation
            || (now - _noted < NoteEvery && progress.RemainingBytes > 0))
        {
            return;
        }
        _noted = now;
        await _record.Write(present with { Migration = With(migration, progress) });
    }

    private static ComputeMigration With(ComputeMigration migration, OperationProgress progress) => migration with
    {
        TotalBytes = Math.Max(progress.TotalBytes, 0),
        DoneBytes = progress.DoneBytes,
        RemainingBytes = progress.RemainingBytes,
        DowntimeMilliseconds = progress.DowntimeMilliseconds,
    };

    private async Task<string?> WhyNotMigrate(ComputeRecord present, MigrateCommand command)
    {
        if (present.Host is not { } here)
            return "It has no host yet.";
        if (present.Recovery is { State: RecoveryState.Placing })
            return "Its host was lost: it is going to be started elsewhere.";
        if (present.Phase is not (ComputePhase.Active or ComputePhase.Inactive or ComputePhase.Failed))
            return $"It can be migrated while it is active, inactive or failed, and {ComputeLifecycle.Words(present.Phase)}.";
        if (command.Method == MigrateMethod.Live && present.Phase != ComputePhase.Active)
            return $"A live migration takes a machine that runs, and {ComputeLifecycle.Words(present.Phase)}.";
        if ((await _links.Attachments(present.Links)).FirstOrDefault(a => a.Disk is not null) is { Disk: { } disk } volume)
            return $"Volume {disk.Volume} is {(IsLocal(volume) ? "on its host's own disks" : "in a shared pool")} and cannot move with it: detach it first.";
        if (present.Pool is not null)
            return "Its root disk is in a shared pool, and a migration would copy it onto itself: that is not possible yet.";
        var source = await HostOf(here).View();
        return source?.Status == HostStatus.Up ? null : $"Its host {source?.Name ?? here.ToString()} is {source?.Status.ToString().ToLowerInvariant() ?? "not known"}: only a machine that its host can hand over moves.";
    }

    private async Task<Outcome> PlaceTarget()
    {
        var present = _record.Value!;
        var migration = present.Migration!;
        var source = await HostOf(migration.Source.Host!.Value).View();
        var placed = await _claims.Place(Request(present, migration.Wanted) with
        {
            Incarnation = migration.Target.Incarnation,
            ExceptHosts = [migration.Source.Host!.Value, .. present.Left.Select(l => l.Host)],
            FromDriver = source?.Capabilities?.Driver ?? "",
        });
        if (placed.Host is not { } host)
        {
            await EndMigration(MigrationPhase.Failed, placed.Why);
            return new(placed.Kind, placed.Why);
        }
        // From this write on the source's agent is to leave the machine alone.
        var generation = present.Generation + 1;
        await _record.Write(present with
        {
            Generation = generation,
            Migration = migration with
            {
                Phase = MigrationPhase.Moving,
                Source = migration.Source with { Generation = generation },
                Target = migration.Target with { Host = host, Generation = generation },
            },
        });
        LogMigrating(Id, migration.Method, migration.Source.Host!.Value, host, migration.Target.Incarnation, migration.Operation.Id);
        await Move();
        return new(OutcomeKind.Done);
    }

    /// <summary>Tells both hosts, then orders it. May be repeated.</summary>
    private async Task Move()
    {
        await Tell();
        var migration = _record.Value!.Migration!;
        if (migration.Answer != MigrationAnswer.None)
            return;
        var source = HostOf(migration.Source.Host!.Value);
        if (migration.Cancelling)
        {
            await source.Cancel(migration.Operation.Id, Id);
            return;
        }
        var target = await HostOf(migration.Target.Host!.Value).View();
        await source.Migrate(new()
        {
            Operation = migration.Operation.Id,
            Machine = Id,
            Incarnation = migration.Source.Incarnation,
            Migration = migration.Id,
            TargetHost = migration.Target.Host.Value,
            TargetEndpoint = target?.Capabilities?.PeerEndpoint ?? "",
            TargetIncarnation = migration.Target.Incarnation,
            Secret = migration.Secret,
            Method = migration.Method,
            BandwidthMiB = migration.BandwidthMiB ?? 0,
            Grace = StopGrace,
            AutoConverge = migration.AutoConverge,
        });
    }

    private async Task ReconcileMigration()
    {
        var present = _record.Value!;
        var migration = present.Migration!;
        if (migration.Phase == MigrationPhase.Placing)
        {
            await (migration.Cancelling ? EndMigration(MigrationPhase.Cancelled, migration.Error) : PlaceTarget());
            return;
        }
        var now = _time.GetUtcNow();
        var source = await HostOf(migration.Source.Host!.Value).View();
        var waits = source?.Status == HostStatus.Up ? null : $"Host {source?.Name} is {source?.Status.ToString().ToLowerInvariant()}: waiting for it.";
        var late = now > migration.Operation.Deadline && !migration.Cancelling && source?.Status == HostStatus.Up;
        await _record.Write(present with
        {
            Migration = migration with
            {
                Operation = migration.Operation.Again(now, waits),
                Cancelling = migration.Cancelling || late,
                Error = late ? $"It was not done within {MigrateLimit.TotalHours:0} hours." : migration.Error,
            },
        });
        if (!await DecideMigration())
            await Move();
    }

    /// <summary>The source's agent has answered.</summary>
    private async Task MigrationFinished(OperationFinished finished)
    {
        var present = _record.Value!;
        var migration = present.Migration!;
        if (finished.Failure is { Retryable: true } failure && !migration.Cancelling)
        {
            // A host remembers an operation's end, so a new attempt needs a new id.
            await _record.Write(present with { Migration = migration with { Operation = migration.Operation.Again(_time.GetUtcNow(), failure.Message) with { Id = Guid.NewGuid() } } });
            return;
        }
        await _record.Write(present with
        {
            Migration = migration with
            {
                Answer = finished.Failure is null ? MigrationAnswer.HandedOver : MigrationAnswer.Failed,
                Error = migration.Error ?? finished.Failure?.Message,
            },
        });
        await DecideMigration();
    }

    /// <summary>News of one of the two ends. True: nothing else is to be made of it.</summary>
    private async Task<bool> MigrationObserved(Guid host, ObservedMachine machine)
    {
        if (_record.Value is not { } present)
            return false;
        if (machine.Power == Power.Absent && present.Left.Contains(new(host, machine.Incarnation)))
        {
            await _claims.ReleaseIncarnation(Id, machine.Incarnation);
            await _record.Write(present with { Left = [.. present.Left.Where(l => l != new LeftIncarnation(host, machine.Incarnation))] });
            if (_record.Value is { Phase: ComputePhase.Deleting, Host: null, Left.Length: 0 })
                await Release();
            else if (_record.Value is { Recovery.State: RecoveryState.Placing })
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
            Left = [.. present.Left, new(migration.Source.Host!.Value, migration.Source.Incarnation)],
            Migration = migration with { Phase = MigrationPhase.Done, Ended = now, Error = null },
        });
        LogMigrated(Id, migration.Source.Host!.Value, migration.Target.Host!.Value, migration.Target.Incarnation, (now - migration.Operation.Since).TotalSeconds);
        await Tell();
        await TellLeft();
    }

    private async Task EndMigration(MigrationPhase how, string? why)
    {
        var present = _record.Value!;
        var migration = present.Migration!;
        var now = _time.GetUtcNow();
        // Why it failed is for operators, who see the migration: it names hosts.
        var message = how == MigrationPhase.Failed ? "It could not be migrated, and stays where it was." : present.Message;
        if (migration.Target.Host is { } target)
        {
            await _record.Write(Afresh(present, now) with
            {
                Left = [.. present.Left, new(target, migration.Target.Incarnation)],
                Migration = migration with { Phase = how, Ended = now, Error = why },
                Message = message,
            });
        }
        else
        {
            await _record.Write(present with { Migration = migration with { Phase = how, Ended = now, Error = why }, Message = message });
            await _claims.ReleaseIncarnation(Id, migration.Target.Incarnation);   // of a placement that was not written down
        }
        LogNotMigrated(Id, how, why);
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

    /// <summary>Something else is wanted, or somebody asked for it. It may be too late: then it is the target's, and what is wanted is done there.</summary>
    private async Task GiveUpMigration(string why)
    {
        var present = _record.Value!;
        if (present.Migration is not { UnderWay: true, Cancelling: false } migration)
            return;
        await _record.Write(present with { Migration = migration with { Cancelling = true, Error = why } });
        if (migration.Phase == MigrationPhase.Placing)
            await EndMigration(MigrationPhase.Cancelled, why);
        else
            await Move();
    }

    private async Task TellLeft()
    {
        foreach (var left in _record.Value!.Left)
            await HostOf(left.Host).Send([Away(left.Incarnation)]);
    }

    private DesiredMachine Away(Guid incarnation) => new() { Id = Id, Incarnation = incarnation, Generation = long.MaxValue, Absent = true };

    private async Task<DesiredMachine> Incoming(ComputeRecord present)
    {
        var migration = present.Migration!;
        return await Desired(present) with
        {
            Incarnation = migration.Target.Incarnation,
            Outgoing = null,
            Incoming = new(migration.Id, migration.Source.Host!.Value, migration.Secret),
        };
    }

    private IHostGrain HostOf(Guid host) => GrainFactory.GetGrain<IHostGrain>(GrainKeys.Of("host", host));

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} is being migrated ({Method}) from host {Source} to host {Target} as incarnation {Incarnation}, operation {Operation}")]
    private partial void LogMigrating(Guid compute, MigrateMethod method, Guid source, Guid target, Guid incarnation, Guid operation);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} was migrated from host {Source} to host {Target} as incarnation {Incarnation} in {Seconds} s")]
    private partial void LogMigrated(Guid compute, Guid source, Guid target, Guid incarnation, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} stays where it is, its migration is {How}: {Why}")]
    private partial void LogNotMigrated(Guid compute, MigrationPhase how, string? why);
}
