using Controller.Contracts;
using Controller.Grains.Links;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Storage;

// Who has the volume. One in a shared pool is one file that several hosts see, and exactly one of them may have it in use: it has a host like any other, at most one link,
// and comes to another host only when the machines of links of before have let it go. QEMU's lock on the file is what remains if all of this were wrong.
internal sealed partial class StorageGrain
{
    public async Task Detached(Guid link)
    {
        if (_record.Value is not { } present || present.Uses.FirstOrDefault(u => u.Link == link) is not { } use)
            return;
        await _record.Write(present with
        {
            Uses = [.. present.Uses.Where(u => u.Link != link)],
            Leaving = present.Pool is null ? present.Leaving : [.. present.Leaving, use],   // within one host the driver says when it is free
            Next = null,
        });
    }

    private Task<Guid[]> Going() => new GoingLinks(GrainFactory).Of("storagelink", _record.Value!.Uses.Select(u => u.Link));

    /// <summary>What goes stands in nobody's way.</summary>
    private async Task LeaveGoing()
    {
        foreach (var link in await Going())
            await Detached(link);
    }

    public async Task LetGo(Guid link)
    {
        if (_record.Value is not { } present || !present.Uses.Concat(present.Leaving).Any(u => u.Link == link))
            return;
        await _record.Write(present with
        {
            Uses = [.. present.Uses.Where(u => u.Link != link)],
            Leaving = [.. present.Leaving.Where(u => u.Link != link)],
        });
        await Come();
    }

    public async Task UseOn(Guid link, Guid host)
    {
        if (_record.Value is not { Pool: not null, Moving: null } present || present.Uses.All(u => u.Link != link) || (present.Host == host && present.Next is null))
            return;
        if (present.Next != host)
            await _record.Write(present with { Next = host });
        await Come();
    }

    /// <summary>Goes to the host that it is wanted on, if nobody else can have it any more.</summary>
    private async Task Come()
    {
        if (_record.Value is not { Next: { } to, Host: { } from, Leaving: [] } present)
            return;
        if (to == from)
        {
            await _record.Write(present with { Next = null });
            return;
        }
        // Claimed first: a host that connects meanwhile is told of all that it has a claim of.
        await _claims.Note("storage", Id, present.Incarnation, to, present.Project);
        await _record.Write(present with { Host = to, Had = Had(present, to, from), Next = null, Era = _restoration.Era, Generation = present.Generation + 1 });
        LogCame(Id, from, to);
        await SendAway(from);
        await Tell();
    }

    /// <summary>A host that has it no more. What is lost of this is said again when the host tells that it has it.</summary>
    private async Task SendAway(Guid host)
    {
        var present = _record.Value!;
        await _claims.Leave(Id, present.Incarnation, host);
        await HostOf(host).Send([Desired(present) with { Released = true }]);
    }

    private async Task SeenElsewhere(StorageRecord present, Guid host, ObservedVolume volume)
    {
        if (volume.Before || IsUncompared(present))
            return;   // a machine there may have it since: nobody takes it away before somebody has said where it belongs
        if (present.Pool is not null && volume.Present && present.Moving?.Move.Target != host)
            await SendAway(host);
        else if (volume is { Present: false, Failure: null, Generation: > 0 })   // it was told, and has done it; of what it only does not see it says 0
            await ForgetHad(host);
    }

    private static Guid[] Had(StorageRecord present, Guid has, Guid had) => [.. present.Had.Append(had).Where(h => h != has).Distinct()];

    private async Task ForgetHad(Guid host)
    {
        if (_record.Value is not { } present || !present.Had.Contains(host))
            return;
        await _record.Write(present with { Had = [.. present.Had.Where(h => h != host)] });
        await ForgetIfGone();
    }

    private static AttachResult Attached(StorageRecord present, OutcomeKind kind) =>
        new(new(kind), present.Pool is null ? present.Host : null, present.Pool);

    private IHostGrain HostOf(Guid id) => GrainFactory.Host(id);

    [LoggerMessage(Level = LogLevel.Information, Message = "Storage {Storage} goes from host {From} to host {To}")]
    private partial void LogCame(Guid storage, Guid from, Guid to);
}
