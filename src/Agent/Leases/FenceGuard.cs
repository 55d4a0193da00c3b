using System.Globalization;
using Controller.Systemd;

namespace Controller.Agent.Leases;

/// <summary>
/// The process beside the agent that ends leased machines when the lease is over, whatever has become of the agent: <c>controller-agent fence-guard</c>. It knows the file <c>lease</c> and
/// nothing else. It goes on ending them for as long as the lease is over: a start that was under way may come late.
/// </summary>
internal sealed class FenceGuard(
    LeaseFile file, string aliveFile, QemuProcesses processes, Watchdog watchdog, NotifySocket? systemd, string bootId, TimeProvider clock, Action<string> say)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(250);

    /// <summary>A machine that does not end within this time takes the host's watchdog with it.</summary>
    private static readonly TimeSpan MustEndWithin = TimeSpan.FromSeconds(5);

    private LeaseState? _last;
    private long? _overSince;
    private bool _said, _ready;
    private long _toldSystemd;
    private Task _telling = Task.CompletedTask;

    /// <summary>Until <paramref name="isNeeded"/> says no and no leased machine is left, or it is told to stop.</summary>
    public async Task Run(Func<bool> isNeeded, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Every);
        using var stopping = stop.Register(timer.Dispose);   // then no tick comes any more
        do
        {
            var running = Look();
            if (_overSince is { } since && running > 0 && clock.GetElapsedTime(since) > MustEndWithin)
                say($"{running} machines whose lease is over cannot be ended. The watchdog, if there is one, resets the host.");
            else
                watchdog.Feed();
            TellSystemd();
            // Never waited for: a disk that hangs or is full must not keep it from looking.
            if (_telling.IsCompleted) _telling = Task.Run(TellAlive, CancellationToken.None);
            if (!isNeeded() && (_last is null || _last.Machines.Count == 0 || (_overSince is not null && running == 0))) break;
        }
        while (await timer.WaitForNextTickAsync(CancellationToken.None));
        systemd?.Tell(NotifySocket.Stopping, wait: false);
        watchdog.Disarm();
        await _telling;
        File.Delete(aliveFile);
    }

    /// <summary>That it looks, from the loop itself: one that hangs is replaced. What systemd has no room for now is told at the next look.</summary>
    private void TellSystemd()
    {
        if (systemd is null) return;
        if (!_ready)
            _ready = systemd.Tell(NotifySocket.Ready, wait: false) is null;
        else if (systemd.WatchdogEvery is { } every && clock.GetElapsedTime(_toldSystemd) >= every && systemd.Tell(NotifySocket.Alive, wait: false) is null)
            _toldSystemd = clock.GetTimestamp();
    }

    /// <summary>Nobody believes in a guard that cannot say that it is there.</summary>
    private void TellAlive()
    {
        try
        {
            File.WriteAllText(aliveFile, clock.GetTimestamp().ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception unable) when (unable is IOException or UnauthorizedAccessException)
        {
            say($"It cannot be told that the guard is there: {unable.Message}");
        }
    }

    /// <summary>How many leased machines run although the lease is over; they have been told to end.</summary>
    private int Look()
    {
        // What cannot be read leaves what was known: the lease ends all the same.
        if (file.Read() is { } now) _last = now;
        if (_last is null || _last.BootId != bootId || _last.Until > clock.GetTimestamp())
        {
            (_overSince, _said) = (null, false);
            return 0;
        }
        _overSince ??= clock.GetTimestamp();
        foreach (var machine in _last.Machines.Where(machine => processes.End(machine.Id) > 0))
            say($"The lease is over: machine {machine.Id} incarnation {machine.Incarnation} was ended.");
        if (processes.Blind is { } blind && _last.Machines.Count > 0 && !_said)
        {
            say(blind);
            _said = true;
        }
        return _last.Machines.Sum(machine => processes.Of(machine.Id).Count);
    }
}
