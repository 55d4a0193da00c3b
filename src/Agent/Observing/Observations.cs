using Controller.Agent.Ledger;
using Controller.Agent.Protocol;

namespace Controller.Agent.Observing;

/// <summary>The last sighting of each object, numbered, and which of them the control plane has not been told yet.</summary>
internal sealed class Observations(SequenceCounter sequence)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, Sighting> _last = [];
    private readonly HashSet<ObjectKey> _untold = [];
    private string _traceparent = "";

    /// <summary>Set when there is something to tell.</summary>
    public Signal Changed { get; } = new();

    public Sighting? Find(ObjectKey key)
    {
        lock (_lock) return _last.GetValueOrDefault(key);
    }

    public IReadOnlyList<Sighting> All
    {
        get { lock (_lock) return [.. _last.Values]; }
    }

    /// <summary>Takes note of what is seen. Nothing happens when it looks as before.</summary>
    public void Note(Sighting seen) => Note(seen, onlyFirst: false);

    /// <summary>Takes note of it, unless anything was noted of it before.</summary>
    public void NoteFirst(Sighting seen) => Note(seen, onlyFirst: true);

    private void Note(Sighting seen, bool onlyFirst)
    {
        lock (_lock)
        {
            if (_last.GetValueOrDefault(seen.Key) is { } before && (onlyFirst || before.SameAs(seen))) return;
            _last[seen.Key] = seen.Numbered(sequence.Next());
            _untold.Add(seen.Key);
            _traceparent = System.Diagnostics.Activity.Current?.Id ?? _traceparent;
        }
        Changed.Set();
    }

    /// <summary>Drops an object that is not there; one that came back since is kept.</summary>
    public void ForgetAbsent(ObjectKey key)
    {
        lock (_lock)
        {
            if (_last.GetValueOrDefault(key) is { IsPresent: true }) return;
            _last.Remove(key);
            _untold.Remove(key);
        }
    }

    /// <summary>Puts into the report what was not told yet, or everything. Empty: there is nothing to tell.</summary>
    public IReadOnlyList<Sighting> Take(Observed report, bool everything, out string traceparent)
    {
        lock (_lock)
        {
            List<Sighting> told = [.. _last.Values.Where(seen => everything || _untold.Contains(seen.Key))];
            foreach (var seen in told) seen.AddTo(report);
            _untold.Clear();
            (traceparent, _traceparent) = (_traceparent, "");
            return told;
        }
    }
}
