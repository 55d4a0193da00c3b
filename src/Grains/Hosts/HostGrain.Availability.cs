using Controller.Contracts;
using Controller.Grains.Availability;
using Microsoft.Extensions.Logging;

namespace Controller.Grains.Hosts;

// Leases, and the loss of the host. That it is lost is one write of its record, which fails if anybody has written to it since: whoever grants a lease beyond what is written, or takes
// the host over, has. The computes decide for themselves what becomes of them, each in one turn in which it asks whether the loss still stands.
internal sealed partial class HostGrain
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    private readonly AvailabilityOptions _availability;
    private readonly IAvailableMachines _machines;
    private readonly IEnumerable<IFence> _fences;

    private long _heard;
    private bool _granting;
    private Guid _asking;
    private DateTimeOffset _askDue;
    private DateTimeOffset _recoverDue;

    public async Task<LeaseAnswer> RenewLease(long epoch, bool guarded, string? whyNot, IAgentStream stream)
    {
        if (_record.Value is not { } present || present.Epoch != epoch || present.Loss is { Over: null })
            return new(false, null);
        Heard();
        Adopt(epoch, stream);
        var now = _time.GetUtcNow();
        var until = now + _availability.Lease;
        // Written down before it is granted, with something to spare, so that not every renewal writes. The first one of an activation always does: it takes the row from any other.
        if (!_granting || until > present.LeaseUntil || present.Guarded != guarded || present.Unguarded != whyNot)
        {
            await _record.Write(present with { LeaseUntil = Later(until + (_availability.Lease / 4), present.LeaseUntil), Guarded = guarded, Unguarded = whyNot });
            _granting = true;
            if (present.Guarded != guarded)
                LogGuarded(Id, present.Name, guarded, whyNot);
        }
        return new(true, _availability.Lease) { WantsHeartbeat = _record.Value!.Status is not (HostStatus.Up or HostStatus.Unhealthy) };
    }

    public Task<long?> LostSince() => Task.FromResult(_record.Value?.Loss is { Over: null } loss ? (long?)loss.Epoch : null);

    public async Task<Outcome> SetFence(FenceSettings? fence)
    {
        if (_record.Value is not { } present)
            return new(OutcomeKind.NotFound);
        if (fence is not null && _fences.FirstOrDefault(f => f.Driver == fence.Driver) is var driver && (driver is null || driver.Refusal(fence) is not null))
            return new(OutcomeKind.Invalid, driver?.Refusal(fence) ?? $"There is no fence \"{fence.Driver}\": there are {string.Join(", ", _fences.Select(f => f.Driver))}.");
        await _record.Write(present with { Fence = fence, FenceSays = null });
        return new(OutcomeKind.Done);
    }

    public async Task FenceAnswered(Guid attempt, FenceAnswer answer)
    {
        // An answer to a question of before the host was heard of again says nothing of now.
        if (attempt != _asking || _record.Value is not { Status: HostStatus.Unreachable } present)
            return;
        _asking = default;
        await _record.Write(present with { FenceSays = answer });
        await WatchLoss();
    }

    public async Task<Outcome> ConfirmOff(string by)
    {
        if (_record.Value is not { } present)
            return new(OutcomeKind.NotFound);
        if (present.Status != HostStatus.Unreachable)
            return new(OutcomeKind.Conflict, $"Host {present.Name} is {present.Status.ToString().ToLowerInvariant()}: only of one that is unreachable can it be said that it is off.");
        if (present.Loss is not { Over: null })
            await Lose(present, LossProof.Vouched, $"{by} says that it is off.");
        return new(OutcomeKind.Done);
    }

    private void Heard() => (_lastSeen, _heard, _silentLooks) = (_time.GetUtcNow(), _time.GetTimestamp(), 0);

    private void Adopt(long epoch, IAgentStream stream)
    {
        if (_stream is not null)
            return;
        // The silo that had the session's grain is gone; the session goes on here.
        (_stream, _resyncDue) = (stream, _lastSeen);
        LookSoon();
        LogAdopted(Id, epoch);
    }

    /// <summary>It is here again: what is wanted of it is asked of everybody after this is written.</summary>
    private static HostRecord Returned(HostRecord present, DateTimeOffset now) => present with
    {
        Loss = present.Loss is { Over: null } loss ? loss with { Over = now } : present.Loss,
        FenceSays = null,
        Waits = null,
    };

    /// <summary>Of a host that is unreachable: is it lost, and what of its machines?</summary>
    private async Task WatchLoss()
    {
        if (_record.Value is not { Status: HostStatus.Unreachable } present)
            return;
        var now = _time.GetUtcNow();
        if (present.Loss is { Over: null } loss)
        {
            if (now >= _recoverDue)
            {
                _recoverDue = now + AskAgain;
                await Recover(loss);
            }
            return;
        }
        var facts = new LossFacts(_time.GetElapsedTime(_heard), now, LeaseUntil(present), present.Guarded && IsCompared, present.Fence is not null, present.FenceSays);
        switch (LossRule.Decide(facts, _availability))
        {
            case LossVerdict.Lost lost:
                await Lose(present, lost.Proof, lost.Why);
                break;
            case LossVerdict.Ask ask:
                await Wait(present, ask.For);
                if (now >= _askDue)
                    await Ask(now, ask.SwitchOff);
                break;
            case LossVerdict.Wait wait:
                await Wait(present, wait.For);
                break;
        }
    }

    private async Task Wait(HostRecord present, string why)
    {
        if (present.Waits != why)
            await _record.Write(present with { Waits = why });
    }

    private async Task Ask(DateTimeOffset now, bool switchOff)
    {
        _askDue = now + AskAgain;
        // Nobody's power is cut for the sake of machines that do not ask for it.
        if ((await _machines.OnHost(Id)).Count == 0 || _record.Value is not { Fence: { } fence } present)
            return;
        (_asking, _askDue) = (Guid.NewGuid(), now + (switchOff ? _availability.FenceTimeout + AskAgain : AskAgain));
        await GrainFactory.GetGrain<IFenceGrain>(GrainKeys.Of("fence", Id)).Ask(_asking, fence, present.Name, switchOff);
    }

    private async Task Lose(HostRecord present, LossProof proof, string why)
    {
        var loss = new HostLoss { Epoch = present.Epoch, Proof = proof, At = _time.GetUtcNow(), Silent = _lastSeen, Why = why };
        await _record.Write(present with { Loss = loss, Waits = null });
        AvailabilityTelemetry.Losses.Add(1, new KeyValuePair<string, object?>("proof", proof.ToString()));
        LogLost(Id, present.Name, proof, why);
        (_granting, _recoverDue) = (false, default);
        await WatchLoss();
    }

    private async Task Recover(HostLoss loss)
    {
        var asked = loss.Machines.Where(m => m.State is RecoveryState.Placing or RecoveryState.Starting).Select(m => m.Compute).Union(await _machines.OnHost(Id)).ToArray();
        var answers = await Task.WhenAll(asked.Select(c => RecoverOne(c, loss.Epoch)));
        var machines = loss.Machines.ToDictionary(m => m.Compute);
        foreach (var answer in answers.OfType<RecoveryView>())
            machines[answer.Compute] = answer;
        // Both calls above may have let the host's return in.
        if (_record.Value is { Loss: { Over: null } now } present && now.Epoch == loss.Epoch && !machines.Values.SequenceEqual(now.Machines))
            await _record.Write(present with { Loss = now with { Machines = [.. machines.Values] } });
    }

    private async Task<RecoveryView?> RecoverOne(Guid compute, long epoch)
    {
        try
        {
            return await Entity<IComputeGrain>("compute", compute).Recover(Id, epoch);
        }
        catch (Exception e)
        {
            LogNotRecovered(e, Id, compute);
            return null;
        }
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset? other) => other > one ? other.Value : one;

    [LoggerMessage(Level = LogLevel.Information, Message = "Host {Host} ({Name}): its lease is guarded: {Guarded}. {Why}")]
    private partial void LogGuarded(Guid host, string name, bool guarded, string? why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host} ({Name}) is lost, by {Proof}: {Why}")]
    private partial void LogLost(Guid host, string name, LossProof proof, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host} is lost, and its compute {Compute} could not be told; it is told again")]
    private partial void LogNotRecovered(Exception cause, Guid host, Guid compute);
}
