using Controller.Contracts;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Hosts;

// What operators decide of a host.
internal sealed partial class HostGrain
{
    private static readonly TimeSpan UseEvery = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RemovalRetry = TimeSpan.FromSeconds(3);
    private DateTimeOffset _useDue;

    public async Task<Outcome> Approve(string by)
    {
        if (_record.Value is not { Removing: false } present)
            return new(OutcomeKind.NotFound);
        if (present.Admission == HostAdmission.Approved)
            return new(OutcomeKind.AlreadyDone);
        await _record.Write(present with { Admission = HostAdmission.Approved });
        LogApproved(Id, present.Name, by);
        return new(OutcomeKind.Done);
    }

    public async Task<Outcome> Configure(HostSettings settings, string? name)
    {
        if (_record.Value is not { Removing: false } present)
            return new(OutcomeKind.NotFound);
        if (HostRules.Refusal(settings, present) is { } refusal)
            return new(OutcomeKind.Invalid, refusal);
        if (await Bound(settings) is { } bound)
            return bound;
        var next = present with { Settings = settings, Name = string.IsNullOrWhiteSpace(name) ? present.Name : name };
        if (next == present)
            return new(OutcomeKind.AlreadyDone);
        await _record.Write(next);
        LogConfigured(Id, next.Name, settings);
        return new(OutcomeKind.Done);
    }

    public Task<Outcome> Remove() => Discard(force: false, "an operator");

    public async Task<Outcome> Discard(bool force, string by)
    {
        if (_record.Value is not { } present)
            return new(OutcomeKind.NotFound);
        if (!present.Removing && await StandsInTheWay(force) is { } refused)
            return refused;
        // Written before anything is told: whatever dies now, the sweeper goes on with it.
        await _record.Write(present with { Removing = true, Due = _time.GetUtcNow() + RemovalRetry });
        LogRemoving(Id, present.Name, force, by);
        _stream?.Hangup("The host was removed.");
        _stream = null;
        await FinishRemoval();
        return new(OutcomeKind.Done);
    }

    private async Task<Outcome?> StandsInTheWay(bool force)
    {
        var present = _record.Value!;
        // A network is wherever a machine needs it and holds nothing there: only what has a disk counts.
        var placed = (await _claims.OnHost(Id)).Where(p => p.Term != "network").ToList();
        if (placed.Count == 0)
            return null;
        var what = $"{placed.Count} object(s) are placed on the host, the first is {placed[0].Term} {placed[0].Consumer}";
        return !force ? new(OutcomeKind.Conflict, $"{what}: drain it, or delete them first. A host that is gone for ever is removed with force, and they are lost with it.")
            : present.Status != HostStatus.Unreachable
                ? new(OutcomeKind.Conflict, $"{what}, and its agent answers (it is {present.Status.ToString().ToLowerInvariant()}): only an unreachable host is removed with what is on it.")
            : null;
    }

    /// <summary>Tells whatever was here that it is lost, gives the claims back and forgets the host. May be repeated from any point.</summary>
    private async Task FinishRemoval()
    {
        var present = _record.Value!;
        await _claims.Barrier(Id);   // who was being placed here at this moment is here now
        try
        {
            // Machines first: whether a volume has gone on with one that was moving is the machine's to say.
            foreach (var placed in (await _claims.OnHost(Id)).OrderBy(p => p.Term != "compute"))
                await Entity<IHostedGrain>(placed.Term, placed.Consumer).HostRemoved(Id, present.Name);
        }
        catch (Exception e)
        {
            LogNotRemoved(e, Id);
            return;   // the sweeper repeats it
        }
        if (present.JoinToken is { } token)
            await JoinToken(token).Revoke();   // before it is forgotten: whoever kept it does not come back with it
        await _claims.Forget(Id);
        await _record.Clear();
        LogRemoved(Id, present.Name);
        DeactivateOnIdle();
    }

    private async Task<Outcome?> Bound(HostSettings settings)
    {
        if (settings.Zone == _record.Value!.Settings.Zone || await _claims.BoundToZone(Id) is not (var count and > 0))
            return null;
        return new(OutcomeKind.Conflict, $"{count} object(s) on the host were placed there since it is in zone {_record.Value.Settings.Zone}: the zone cannot change under them.");
    }

    /// <summary>Writes down what is placed here and when the agent was heard of, now and then: lists of hosts ask no grains.</summary>
    private async Task NoteUse()
    {
        var now = _time.GetUtcNow();
        if (now < _useDue || _record.Value is not { Removing: false } present)
            return;
        _useDue = now + UseEvery;
        var use = await _claims.UseLately(Id);
        var heard = _stream is not null && _lastSeen - (present.LastHeartbeat ?? DateTimeOffset.MinValue) >= HeartbeatEvery;
        if (use != present.Use || heard)
            await _record.Write(present with { Use = use, LastHeartbeat = _stream is null ? present.LastHeartbeat : _lastSeen });
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}) was approved by {By}")]
    private partial void LogApproved(Guid host, string name, string by);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}): {Settings}")]
    private partial void LogConfigured(Guid host, string name, HostSettings settings);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}) is being removed, by force: {Force}, by {By}")]
    private partial void LogRemoving(Guid host, string name, bool force, string by);

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}) was removed")]
    private partial void LogRemoved(Guid host, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host}: not everything that was on it could be told; it is tried again")]
    private partial void LogNotRemoved(Exception cause, Guid host);
}
