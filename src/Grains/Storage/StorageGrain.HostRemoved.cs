using Controller.Contracts;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Storage;

// Its host was removed for good: the data is lost, and it says so until somebody deletes it; what is in a shared pool goes to another host that sees that. And why it is in its state.
internal sealed partial class StorageGrain : IExplainedGrain
{
    private const string LostText = "The host that it was on was removed, and its data with it: it can only be deleted.";

    public async Task HostRemoved(Guid host, string name)
    {
        await ForgetLeft(host);
        await ForgetHad(host);
        if (_record.Value is { Moving: { } moving })
            await WatchMove(moving);   // it may have gone to another host already
        if (_record.Value is not { } present || present.Host != host)
            return;   // one in a shared pool may be told of a host that only shared it: its claim goes with the host
        if (present.Phase == StoragePhase.Deleting)
        {
            await Gone();
            return;
        }
        if (!present.Lost && await GoesElsewhere(present, host))
            return;
        if (!present.Lost)
        {
            await _record.Write(present with
            {
                Phase = StoragePhase.Failed,
                Lost = true,
                Operation = null,
                Generation = present.Generation + 1,
                Message = $"Its host {name} ({host}) was removed, and its data with it: it can only be deleted.",
            });
            LogLost(Id, host, name);
        }
        // What it left elsewhere when it moved is still to go: that host has to be told.
        await (present.Left.Length == 0 ? _claims.Release(Id, _record.Version) : _claims.ReleaseIncarnation(Id, present.Incarnation));
    }

    private async Task<bool> GoesElsewhere(StorageRecord present, Guid removed)
    {
        if (present.Pool is not { } pool)
            return false;
        await _claims.Leave(Id, present.Incarnation, removed);
        var placed = await _claims.Place(Request(present with { Near = null }) with { SeesPools = [pool] });
        if (placed.Host is not { } host)
        {
            // Its file is whole: it is not lost, and the removal finds it here again.
            await _claims.Note("storage", Id, present.Incarnation, removed, present.Project);
            throw new InvalidOperationException($"Storage {Id} is in a shared pool, and no other host can have it now: {placed.Why}");
        }
        await _record.Write(present with { Host = host, Next = null, Era = _restoration.Era, Generation = present.Generation + 1 });
        LogCame(Id, removed, host);
        await Tell();
        return true;
    }

    public Task<Explanation?> Explain() => Task.FromResult(_record.Explain(present => new Explanation
    {
        Project = present.Project,
        State = _record.View is null ? null : StorageProjection.ToOcci(present.Phase),
        Phase = present.Phase.ToString().ToLowerInvariant(),
        Message = present.Message,
        Host = present.Lost ? null : present.Host,
        Incarnation = present.Incarnation,
        Generation = present.Generation,
        Operation = present.Operation?.Explain(),
    }));

    /// <summary>Its host has nothing of it any more: it is forgotten once the hosts that it was on before say the same.</summary>
    private async Task Gone()
    {
        var present = _record.Value!;
        if (present is { Left: [], Had: [] })
        {
            await Forget();
            return;
        }
        // A host that is away learns when it comes back; by then somebody must know of it, or it would have it for ever.
        await _record.Write(present with { Host = null });
        await (present.Left.Length == 0 ? _claims.Release(Id, _record.Version) : _claims.ReleaseIncarnation(Id, present.Incarnation));
        await TellLeft();
    }

    /// <summary>Nothing of it is on any host: gives everything back and forgets it.</summary>
    private async Task Forget()
    {
        await _claims.Release(Id, _record.Version);
        await _record.Clear();
        LogDeleted(Id);
        DeactivateOnIdle();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Storage {Storage} is lost: its host {Host} ({Name}) was removed")]
    private partial void LogLost(Guid storage, Guid host, string name);
}
