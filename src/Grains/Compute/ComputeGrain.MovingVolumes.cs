using Controller.Contracts;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Compute;

// The volumes of a machine that moves. Each is told before anything of it is on the target, and does nothing else from then on; then the machine's one write decides for all of them, and
// they are told of that, as often as it takes.
internal sealed partial class ComputeGrain
{
    private const string Disk = "storagelink";

    /// <summary>What of its volumes goes along and what stays in shared pools; or why it cannot move with them.</summary>
    private async Task<(MigratingVolume[] Volumes, Guid[] Except, string? Why)> VolumesToMove(ComputeRecord present, Guid source)
    {
        if (present.LeavingLinks.Any(l => l.Term == Disk))
            return ([], [], "A volume is being detached from it: wait for that.");
        var attached = (await _links.Attachments([.. present.Links.Where(l => l.Term == Disk)])).Where(a => a.Disk is not null).ToArray();
        if (attached.Length < present.Links.Count(l => l.Term == Disk))
            return ([], [], "A volume is being linked to it, or detached: wait for that.");
        var known = await Task.WhenAll(attached.Select(a => _links.Storage(a.Disk!.Volume).MayMove(a.Disk.Link, source)));
        if (known.FirstOrDefault(v => v.Why is not null) is { } stays)
            return ([], [], stays.Why);
        var volumes = attached.Zip(known, (a, v) => new MigratingVolume(
            a.Disk!.Link, a.Disk.Volume, a.Disk.Device, v.Pool, v.Incarnation, v.Pool is null ? Guid.NewGuid() : v.Incarnation, v.SizeBytes, v.Zone)).ToArray();
        return (volumes, [.. known.SelectMany(v => v.Left).Distinct()], null);
    }

    /// <summary>They wait for how it ends, from now on. Null, or why one of them does not.</summary>
    private async Task<string?> BeginVolumes(ComputeMigration migration)
    {
        var begun = await Task.WhenAll(migration.Volumes.Select(v => _links.Storage(v.Volume).BeginMove(Move(migration, v))));
        return begun.FirstOrDefault(b => !b.Ok)?.Why;
    }

    /// <summary>Tells the volumes how the migration ended. May be repeated, and is until all have heard it.</summary>
    private async Task SettleVolumes()
    {
        if (_record.Value is not { Migration: { OwesVolumes: true } migration })
            return;
        await (migration.Target.Host is null
            // No target was written down: of a placement there may be the claims.
            ? Task.WhenAll(migration.Volumes.Where(v => v.IsLocal).Select(v => _claims.ReleaseIncarnation(v.Volume, v.TargetIncarnation)))
            : Task.WhenAll(migration.Volumes.Select(v => _links.Storage(v.Volume).EndMove(Move(migration, v), migration.Phase == MigrationPhase.Done))));
        await _record.Write(_record.Value! with { Migration = migration with { OwesVolumes = false } });
    }

    /// <summary>The machine is not to wait for one of its volumes that cannot be told now.</summary>
    private async Task TrySettleVolumes()
    {
        try
        {
            await SettleVolumes();
        }
        catch (Exception e)
        {
            LogVolumesNotTold(e, Id);   // the sweeper comes back to it
        }
    }

    private VolumeMove Move(ComputeMigration migration, MigratingVolume volume) => new()
    {
        Migration = migration.Id,
        Compute = Id,
        Link = volume.Link,
        Source = migration.Source.Host!.Value,
        Target = migration.Target.Host!.Value,
        TargetIncarnation = volume.TargetIncarnation,
        SizeBytes = volume.Bytes,
    };

    private static MovingVolume[] Along(ComputeMigration migration) =>
        [.. migration.Volumes.Where(v => v.IsLocal).Select(v => new MovingVolume(v.Volume, v.Incarnation, v.TargetIncarnation))];

    private async Task<DesiredMachine> Incoming(ComputeRecord present)
    {
        var migration = present.Migration!;
        return await Desired(present) with
        {
            Incarnation = migration.Target.Incarnation,
            Outgoing = null,
            Incoming = new(migration.Id, migration.Source.Host!.Value, migration.Secret) { Volumes = Along(migration) },
            Disks = [.. migration.Volumes.Select(v => new DesiredDisk(v.Link, v.Volume, v.Device))],
        };
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Volumes of compute {Compute} could not be told how its migration ended")]
    private partial void LogVolumesNotTold(Exception cause, Guid compute);
}
