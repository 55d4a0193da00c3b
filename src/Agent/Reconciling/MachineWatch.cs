using Controller.Agent.Ledger;

namespace Controller.Agent.Reconciling;

/// <summary>Which machines this process has seen run, without a gap. What it feeds: <see cref="PowerRule"/>.</summary>
internal sealed class MachineWatch(TimeProvider time)
{
    /// <summary>How late a guest may obey a request to shut down that was taken back meanwhile.</summary>
    private static readonly TimeSpan ObeysWithin = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, (ulong Generation, string HostLife)> _running = [];
    private readonly Dictionary<ObjectKey, long> _stopAsked = [];

    public void SawRunning(ObjectKey key, ulong generation, string hostLife)
    {
        lock (_lock) _running[key] = (generation, hostLife);
    }

    public bool WatchedItRun(ObjectKey key, ulong generation, string hostLife)
    {
        lock (_lock) return _running.TryGetValue(key, out var seen) && seen == (generation, hostLife);
    }

    /// <summary>We ask the guest to shut down; it may obey at any later time.</summary>
    public void StopAsked(ObjectKey key)
    {
        lock (_lock) _stopAsked[key] = time.GetTimestamp();
    }

    public bool StopWasAsked(ObjectKey key)
    {
        lock (_lock) return _stopAsked.TryGetValue(key, out var asked) && time.GetElapsedTime(asked) < ObeysWithin;
    }

    /// <summary>It is being started: what was asked of it before is over.</summary>
    public void Starts(ObjectKey key)
    {
        lock (_lock)
        {
            _stopAsked.Remove(key);
            _running.Remove(key);
        }
    }

    public void Forget(ObjectKey key) => Starts(key);

    /// <summary>The driver was blind for a while: no stop counts as seen.</summary>
    public void Interrupted()
    {
        lock (_lock) _running.Clear();
    }
}
