using Controller.Contracts;
using Controller.Grains.Compute;
using Controller.Grains.Entities;
using Occi.Extension;

namespace Controller.Grains.Storage;

// Its machine goes to another host. One on its host's own disks goes along, as another incarnation; one in a shared pool stays where it is, and both hosts have it meanwhile. The one
// write that decides is the compute's: until this grain has heard of it, it knows both ends and does nothing else.
internal sealed partial class StorageGrain
{
    private static readonly TimeSpan MoveLimit = TimeSpan.FromHours(2);

    public Task<VolumeToMove> MayMove(Guid link, Guid host) => Task.FromResult(new VolumeToMove
    {
        Incarnation = _record.Value?.Incarnation ?? Guid.Empty,
        Pool = _record.Value?.Pool,
        SizeBytes = _record.Value?.SizeBytes ?? 0,
        Left = [.. _record.Value?.Left.Select(l => l.Host) ?? []],
        Zone = _record.Value is { } present ? PlacementWishes.Zone(present.Mixins) : null,
        Why = WhyStay(link, host),
    });

    public async Task<Outcome> BeginMove(VolumeMove move)
    {
        if (_record.Value?.Moving?.Move == move)
            return new(OutcomeKind.AlreadyDone);
        if (WhyStay(move.Link, move.Source) is { } why)
            return new(OutcomeKind.Conflict, why);
        var present = _record.Value!;
        if (present.SizeBytes != move.SizeBytes)
            return new(OutcomeKind.Conflict, $"Volume {Id} was resized meanwhile: try again.");
        var isShared = present.Pool is not null;
        if (isShared)
            await _claims.Note("storage", Id, present.Incarnation, move.Target, present.Project);   // first: a host that connects meanwhile is told of all that it has a claim of
        else
            await _claims.Note("storage", Id, move.TargetIncarnation, move.Target, present.Project);   // its room there was claimed with the machine's; should that be gone, the host is still known to have it
        await _record.Write(present with
        {
            Moving = new(move, Operation.Begin("move", _time.GetUtcNow(), MoveLimit)),
            Generation = present.Generation + (isShared ? 1 : 0),   // the target may know it from before
        });
        if (isShared)
            await HostOf(move.Target).Send([Desired(_record.Value!)]);
        return new(OutcomeKind.Done);
    }

    public async Task EndMove(VolumeMove move, bool moved)
    {
        var present = _record.Value;
        if (present?.Moving is not { } moving || moving.Move.Migration != move.Migration)
        {
            // Over already, or never begun: then a claim may be left of it.
            if (present is null || (present.Pool is null && present.Incarnation != move.TargetIncarnation && !present.Left.Contains(new(move.Target, move.TargetIncarnation))))
                await _claims.ReleaseIncarnation(Id, move.TargetIncarnation);
            return;
        }
        await (present.Pool is null ? EndLocal(present, move, moved) : EndShared(present, move, moved));
        if (moved)
            LogCame(Id, move.Source, move.Target);
    }

    private async Task EndShared(StorageRecord present, VolumeMove move, bool moved)
    {
        var had = moved ? move.Source : move.Target;
        var has = moved ? move.Target : present.Host!.Value;
        await _record.Write(present with
        {
            Host = has, Had = Had(present, has, had), Era = moved ? _restoration.Era : present.Era, Next = null, Moving = null, Generation = present.Generation + 1,
        });
        if (moved)
            await Tell();
        if (has != had)   // it may have gone on from a host that was removed
            await SendAway(had);
    }

    private async Task EndLocal(StorageRecord present, VolumeMove move, bool moved)
    {
        await _record.Write(moved
            ? present with
            {
                Host = move.Target,
                Incarnation = move.TargetIncarnation,
                Era = _restoration.Era,   // that host may have been asked what it has before this was its
                Moved = true,
                Moving = null,
                Left = [.. present.Left, new(move.Source, present.Incarnation)],
                Generation = present.Generation + 1,
            }
            : present with { Moving = null, Left = [.. present.Left, new(move.Target, move.TargetIncarnation)] });
        if (moved)
            await Tell();
        await TellLeft();
    }

    /// <summary>Asks how the migration went, should nobody have said so.</summary>
    private async Task WatchMove(StorageMoving moving)
    {
        await _record.Write(_record.Value! with { Moving = moving with { Operation = moving.Operation.Again(_time.GetUtcNow()) } });
        var compute = GrainFactory.At<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", moving.Move.Compute)));
        var migration = await compute.Migration();
        if (migration?.Id != moving.Move.Migration)
            // Forgotten, as by a database that was restored: it is where its machine is.
            await EndMove(moving.Move, (await compute.Placement(new(Guid.Empty, Role.Admin, "storage")))?.Host == moving.Move.Target);
        else if (!migration.UnderWay)
            await EndMove(moving.Move, migration.Phase == MigrationPhase.Done);
    }

    /// <summary>Why it cannot move with its machine; null when it can.</summary>
    private string? WhyStay(Guid link, Guid host) => _record.Value switch
    {
        null => $"Volume {Id} is not there.",
        { Lost: true } => $"Volume {Id} is lost: detach it first.",
        { Moving: { } moving } => $"Volume {Id}: {Going(moving)}",
        { Uses: [_, _, ..] uses } => $"Volume {Id} is linked to more than one compute ({string.Join(", ", uses.Select(u => u.Compute))}), and can move with none of them: detach it first.",
        { Uses: var uses } when uses.All(u => u.Link != link) => $"Volume {Id} is being detached: wait for that.",
        { Leaving: [var other, ..] } => $"Volume {Id} may still be had by the machine of compute {other.Compute}: wait until that has let it go.",
        { Host: var its, Next: var next } when its != host || next is not null => $"Volume {Id} is on its way to the machine's host: wait for that.",
        { Phase: not StoragePhase.Online and var phase } => $"Volume {Id} is {phase.ToString().ToLowerInvariant()}: only one that is online can move with its machine.",
        _ => null,
    };

    private static string Going(StorageMoving moving) => $"The storage is moving to another host with compute {moving.Move.Compute}: wait for that.";

    // ---------------------------------------------------------------- what it left

    private static DesiredVolume Away(StorageRecord present, LeftIncarnation left) => new()
    {
        Id = present.Id,
        Incarnation = left.Incarnation,
        Generation = long.MaxValue,
        Absent = true,
        Wipe = present.Mixins.Contains(StorageContent.Wipe.Id.ToString()),
    };

    /// <summary>May be repeated.</summary>
    private async Task TellLeft()
    {
        var present = _record.Value!;
        foreach (var left in present.Left)
        {
            if (await HostOf(left.Host).View() is null)
                await ForgetLeft(left.Host);   // it is no more, and said nothing of that
            else
                await HostOf(left.Host).Send([Away(present, left)]);
        }
        if (present.Host is not null)
            return;
        foreach (var had in present.Had)
        {
            if (await HostOf(had).View() is null)
                await ForgetHad(had);
            else
                await SendAway(had);
        }
    }

    /// <summary>News of an incarnation of before. True: it is one.</summary>
    private async Task<bool> SeenLeft(StorageRecord present, Guid host, ObservedVolume volume)
    {
        var left = new LeftIncarnation(host, volume.Incarnation);
        if (!present.Left.Contains(left))
            return false;
        if (volume is { Present: false, Failure: null, Generation: long.MaxValue })   // else it was told to be gone, or is when it connects
            await ForgetLeft(left);
        return true;
    }

    private async Task ForgetLeft(Guid host)
    {
        foreach (var left in _record.Value?.Left.Where(l => l.Host == host) ?? [])
            await ForgetLeft(left);
    }

    private async Task ForgetLeft(LeftIncarnation left)
    {
        if (_record.Value is not { } present)
            return;
        await _claims.ReleaseIncarnation(Id, left.Incarnation);
        await _record.Write(present with { Left = [.. present.Left.Where(l => l != left)] });
        await ForgetIfGone();
    }

    private Task ForgetIfGone() => _record.Value is { Phase: StoragePhase.Deleting, Host: null, Left.Length: 0, Had.Length: 0 } ? Forget() : Task.CompletedTask;
}
