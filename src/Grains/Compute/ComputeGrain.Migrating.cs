using System.Security.Cryptography;
using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Placement;
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
        await SettleVolumes();   // of the migration before
        present = _record.Value!;
        if (await WhyNotMigrate(present, command) is { } why)
            return new(OutcomeKind.Conflict, why);
        var (volumes, except, stays) = await VolumesToMove(present, present.Host!.Value);
        if (stays is not null)
            return new(OutcomeKind.Conflict, stays);
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
                Volumes = volumes,
                Except = except,
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
        var source = await HostOf(here).View();
        return source?.Status == HostStatus.Up ? null : $"Its host {source?.Name ?? here.ToString()} is {source?.Status.ToString().ToLowerInvariant() ?? "not known"}: only a machine that its host can hand over moves.";
    }

    private async Task<Outcome> PlaceTarget()
    {
        var present = _record.Value!;
        var migration = present.Migration!;
        var source = await HostOf(migration.Source.Host!.Value).View();
        var request = await Seeking(present, migration.Wanted, [.. migration.Volumes.Select(v => v.Pool).OfType<Guid>().Distinct()]);
        var placed = await _claims.Place(request with
        {
            Incarnation = migration.Target.Incarnation,
            ExceptHosts = [migration.Source.Host!.Value, .. present.Left.Select(l => l.Host), .. migration.Except],
            FromDriver = source?.Capabilities?.Driver ?? "",
            Volumes = [.. migration.Volumes.Where(v => v.IsLocal).Select(v => new VolumeClaim(v.Volume, v.TargetIncarnation, v.Bytes, v.Zone))],
            Zone = request.Zone ?? migration.Volumes.Select(v => v.Zone).FirstOrDefault(z => z is not null),
        });
        if (placed.Host is not { } host)
        {
            await EndMigration(MigrationPhase.Failed, placed.Why);
            return new(placed.Kind, placed.Why);
        }
        if (migration.Volumes.Length > 0)
        {
            // Written first: whoever ends it knows whom to tell.
            migration = migration with { Target = migration.Target with { Host = host } };
            await _record.Write(present with { Migration = migration });
            if (await BeginVolumes(migration) is { } stays)
            {
                await EndMigration(MigrationPhase.Failed, stays);
                return new(OutcomeKind.Conflict, stays);
            }
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
            Volumes = Along(migration),
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

    private IHostGrain HostOf(Guid host) => GrainFactory.Host(host);

    [LoggerMessage(Level = LogLevel.Information, Message = "Compute {Compute} is being migrated ({Method}) from host {Source} to host {Target} as incarnation {Incarnation}, operation {Operation}")]
    private partial void LogMigrating(Guid compute, MigrateMethod method, Guid source, Guid target, Guid incarnation, Guid operation);
}
