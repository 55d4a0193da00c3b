using Controller.Contracts;
using Controller.Grains.Restoring;
using Microsoft.Extensions.Logging;
using Occi;
using Occi.Core;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Storage;

// The database was restored to an earlier state: what its host has counts, and what it lacks is an error, never made anew. And a volume of which nothing is known any more can be taken over.
internal sealed partial class StorageGrain
{
    private readonly Restoration _restoration;

    /// <summary>Whether its record is from before the restore, and its host has not been asked yet what it has.</summary>
    private bool IsUncompared(StorageRecord record) => record.Host is not null && record.Era != _restoration.Era && _restoration.IsBefore(record.Created);

    public async Task Compared(Guid host, Guid incarnation, ObservedVolume? seen)
    {
        if (_record.Value is not { } present || present.Host != host || present.Incarnation != incarnation || !IsUncompared(present))
            return;
        if (present.Phase == StoragePhase.Deleting)
        {
            await _record.Write(present with { Era = _restoration.Era });   // it was ordered, and that is not taken back
            return;
        }
        var name = (await Host(present).View())?.Name ?? host.ToString();
        // What was to be put into it may have been put there long ago, and written over since: it is not done again.
        var next = present with { Era = _restoration.Era, Operation = null, Moving = null, Image = null, Source = null, Near = null, Revert = null, Made = true, Message = null };
        await _record.Write(seen is null
            ? next with
            {
                Phase = StoragePhase.Failed,
                Message = $"The database was restored to an earlier state, and the volume is not on host {name} any more. It can be brought online, if its data is there, or deleted.",
            }
            : WithSize(next, seen.SizeBytes) with { Phase = present.Phase == StoragePhase.Offline ? StoragePhase.Offline : StoragePhase.Online });
        LogCompared(Id, name, present.Phase, _record.Value!.Phase, seen?.SizeBytes);
        if (_record.Value!.SizeBytes != present.SizeBytes)
            await _claims.Resize(Request(_record.Value!), host);   // where that is too much, it has it all the same
    }

    /// <summary>It may have grown since, and never shrinks.</summary>
    private static StorageRecord WithSize(StorageRecord record, long bytes) => bytes <= record.SizeBytes
        ? record
        : record with { Attributes = new(record.Attributes) { [Model.Storage.Size.Name] = AttributeValue.Of(bytes / (decimal)(1L << 30)) } };

    private async Task<bool> WaitsForComparison(StorageRecord present)
    {
        if (!IsUncompared(present))
            return false;
        var now = _time.GetUtcNow();
        const string Why = "The database was restored to an earlier state: waiting for its host to say what it has.";
        await _record.Write(present with
        {
            Operation = present.Operation?.Again(now, Why), Moving = present.Moving is { } moving ? moving with { Operation = moving.Operation.Again(now, Why) } : null,
        });
        return true;
    }

    public async Task<Outcome> Adopt(AdoptVolume order)
    {
        var volume = order.Volume;
        if (_record.Value is { } known)
        {
            return known.Project == order.Caller.Project && known.Host == order.Host && known.Incarnation == volume.Incarnation
                ? new(OutcomeKind.AlreadyDone, View: _record.View)
                : new(OutcomeKind.Conflict, $"Storage {Id} is there already: of project {known.Project}, on host {known.Host} as incarnation {known.Incarnation}.");
        }
        var pool = order.PoolName is { } shared ? [shared] : Array.Empty<string>();
        var record = new StorageRecord
        {
            Id = Id,
            Project = order.Caller.Project,
            CreatedBy = order.Caller.Principal,
            Created = _time.GetUtcNow(),
            Phase = StoragePhase.Online,
            Mixins = [.. pool.Select(_ => Pools.Storage.Id.ToString()), .. volume.Wipe ? [StorageContent.Wipe.Id.ToString()] : (string[])[]],
            Attributes = new()
            {
                [CoreKinds.Title.Name] = AttributeValue.Of(volume.Name),
                [Model.Storage.Size.Name] = AttributeValue.Of(volume.SizeBytes / (decimal)(1L << 30)),
            },
            Host = order.Host,
            Incarnation = volume.Incarnation,
            Generation = 1,
            Pool = volume.Pool,
            Made = true,
            Moved = true,   // an empty one never stands for it
            Era = _restoration.Era,
        };
        foreach (var name in pool)
            record.Attributes[Pools.OfStorage.Name] = AttributeValue.Of(name);
        var placed = await _claims.Place(Request(record) with { OnlyHost = order.Host, Version = null });
        if (placed.Host != order.Host)
            return new(placed.Host is null ? placed.Kind : OutcomeKind.Conflict, placed.Why ?? $"Storage {Id} has a claim of host {placed.Host}.");
        await _record.Write(record);
        LogAdopted(Id, order.Host, volume.Incarnation, order.Caller.Principal, record.Project);
        return new(OutcomeKind.Created, View: _record.View);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Storage {Storage} on host {Host}, after the restore: it was {Before}, it is {After}; its host sees {Bytes} bytes")]
    private partial void LogCompared(Guid storage, string host, StoragePhase before, StoragePhase after, long? bytes);

    [LoggerMessage(Level = LogLevel.Information, Message = "Storage {Storage} was adopted on host {Host} as incarnation {Incarnation}, by {By}, for project {Project}")]
    private partial void LogAdopted(Guid storage, Guid host, Guid incarnation, string by, Guid project);
}
