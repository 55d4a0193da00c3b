using System.Diagnostics.CodeAnalysis;
using Controller.Agent.Protocol;

namespace Controller.Agent.Ledger;

/// <summary>
/// What the control plane wants of this host, on disk before anything is done about it. Loaded at start, so the host converges also
/// while no silo can be reached. Nothing leaves it but a removal that was done and reported.
/// </summary>
internal sealed partial class HostLedger
{
    private const string Objects = "objects";

    /// <summary>So many machines that are gone are remembered, the last ones.</summary>
    private const int Kept = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, LedgerObject> _entries = [];

    // Of this session alone: what comes late after it is of an older epoch. Machines alone: a volume or a network may return to a host as what it was.
    private ulong _session;
    private readonly HashSet<ObjectKey> _ended = [];
    private readonly Queue<ObjectKey> _endedInOrder = [];
    private readonly LedgerFiles _files;
    private readonly ILogger<HostLedger> _log;

    public HostLedger(LedgerFiles files, ILogger<HostLedger> log)
    {
        (_files, _log) = (files, log);
        foreach (var name in files.Names(Objects))
        {
            var entry = files.Read(name, LedgerObject.Parser,
                read => read.Desired is { } desired && FileOf(ObjectKey.Of(desired)) == name && IsKnown(desired));
            if (entry is not null) _entries[ObjectKey.Of(entry.Desired)] = entry;
        }
        LogLoaded(_entries.Count);
    }

    /// <summary>A copy of every entry: callers may keep it, nobody changes it.</summary>
    public IReadOnlyList<LedgerObject> All
    {
        get { lock (_lock) return [.. _entries.Values]; }
    }

    public IReadOnlyList<LedgerObject> For(string id)
    {
        lock (_lock) return [.. _entries.Values.Where(entry => entry.Desired.Id == id)];
    }

    public LedgerObject? Find(ObjectKey key)
    {
        lock (_lock) return _entries.GetValueOrDefault(key);
    }

    /// <summary>What is wanted from now on is wanted by the session of that epoch, which may know more than those before (a restored database): machines that ended in those may be made again.</summary>
    public void Serve(ulong epoch)
    {
        lock (_lock)
        {
            if (epoch == _session) return;
            _session = epoch;
            _ended.Clear();
            _endedInOrder.Clear();
        }
    }

    /// <summary>Stores what is wanted. False when it is nothing new: a repeat, older than what is known, or not understandable.</summary>
    public bool Store(DesiredObject wanted)
    {
        var key = ObjectKey.Of(wanted);
        if (!key.IsValid || !IsKnown(wanted))
        {
            LogNotUnderstood(wanted.Id, wanted.Incarnation, wanted.Kind, wanted.SpecCase);
            return false;
        }
        lock (_lock)
        {
            var known = _entries.GetValueOrDefault(key);
            if (known is not null)
            {
                if (wanted.Generation < known.Desired.Generation)
                {
                    LogOlder(wanted.Id, wanted.Incarnation, wanted.Generation, known.Desired.Generation);
                    return false;
                }
                if (wanted.Generation == known.Desired.Generation && wanted.Absent == known.Desired.Absent) return false;
                if (known.Desired.Absent && !wanted.Absent)
                {
                    // An incarnation that ended stays ended: its machine may be gone already.
                    LogOlder(wanted.Id, wanted.Incarnation, wanted.Generation, known.Desired.Generation);
                    return false;
                }
            }
            else if (!wanted.Absent && _ended.Contains(key))
            {
                LogEnded(wanted.Id, wanted.Incarnation, wanted.Generation);
                return false;
            }
            var desired = wanted.Clone();
            // What is to be removed tells no spec; the last one still says what it was attached to, and so what must go before it.
            if (desired.Absent && desired.SpecCase == DesiredObject.SpecOneofCase.None) CopySpec(known?.Desired, desired);
            Put(key, new LedgerObject { Desired = desired, Applied = known?.Applied ?? 0, Fenced = known?.Fenced });
            return true;
        }
    }

    /// <summary>The lease of this machine ran out while sessions up to <paramref name="epoch"/> had been seen: it stays off, over restarts too.</summary>
    public void Fence(ObjectKey key, ulong epoch)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var known) || known.Desired.Absent) return;
            var changed = known.Clone();
            changed.Fenced = new Fenced { Epoch = epoch };
            Put(key, changed);
        }
    }

    /// <summary>A session of <paramref name="epoch"/> wants these objects, and has said all that it wants: one that began after their lease ran out may have them started again.</summary>
    public IReadOnlyList<string> Unfence(IEnumerable<DesiredObject> wanted, ulong epoch)
    {
        List<string> freed = [];
        lock (_lock)
        {
            foreach (var key in wanted.Where(wish => !wish.Absent).Select(ObjectKey.Of))
            {
                if (!_entries.TryGetValue(key, out var known) || known.Fenced is not { } fenced || fenced.Epoch >= epoch) continue;
                var changed = known.Clone();
                changed.Fenced = null;
                Put(key, changed);
                freed.Add(key.Id);
            }
        }
        return freed;
    }

    /// <summary>Changes what the agent knows about an object, unless something else is wanted of it by now.</summary>
    public bool Update(ObjectKey key, ulong generation, Action<LedgerObject> change)
    {
        lock (_lock)
        {
            if (!TryFind(key, generation, out var known)) return false;
            var changed = known.Clone();
            change(changed);
            if (!changed.Equals(known)) Put(key, changed);
            return true;
        }
    }

    /// <summary>Drops an object whose removal was done and reported. A machine that ended stays ended as long as the session lasts: a wish that was overtaken on its way does not make it anew.</summary>
    public void Forget(ObjectKey key)
    {
        lock (_lock)
        {
            if (_entries.GetValueOrDefault(key) is not { Removed: true } gone) return;
            _files.Delete(FileOf(key));
            _entries.Remove(key);
            if (gone.Desired.Kind == ObjectKind.ObjectMachine && _ended.Add(key)) _endedInOrder.Enqueue(key);
            if (_endedInOrder.Count > Kept) _ended.Remove(_endedInOrder.Dequeue());
        }
    }

    private bool TryFind(ObjectKey key, ulong generation, [NotNullWhen(true)] out LedgerObject? entry) =>
        _entries.TryGetValue(key, out entry) && entry.Desired.Generation == generation;

    private void Put(ObjectKey key, LedgerObject entry)
    {
        _files.Write(FileOf(key), entry); // disk first: what is in memory is acted upon
        _entries[key] = entry;
    }

    private static string FileOf(ObjectKey key) => Path.Combine(Objects, key.FileName);

    private static bool IsKnown(DesiredObject desired) => (desired.Kind, desired.SpecCase) switch
    {
        (ObjectKind.ObjectMachine, DesiredObject.SpecOneofCase.Machine) => true,
        (ObjectKind.ObjectVolume, DesiredObject.SpecOneofCase.Volume) => true,
        (ObjectKind.ObjectNetwork, DesiredObject.SpecOneofCase.Network) => true,
        (ObjectKind.ObjectMachine or ObjectKind.ObjectVolume or ObjectKind.ObjectNetwork, DesiredObject.SpecOneofCase.None) => desired.Absent,
        _ => false,
    };

    private static void CopySpec(DesiredObject? from, DesiredObject to)
    {
        if (from?.Kind != to.Kind) return;
        switch (from.SpecCase)
        {
            case DesiredObject.SpecOneofCase.Machine: to.Machine = from.Machine.Clone(); break;
            case DesiredObject.SpecOneofCase.Volume: to.Volume = from.Volume.Clone(); break;
            case DesiredObject.SpecOneofCase.Network: to.Network = from.Network.Clone(); break;
            default: break;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Ledger loaded: {Count} objects")]
    private partial void LogLoaded(int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Id} incarnation {Incarnation} generation {Generation}: generation {Known} is known")]
    private partial void LogOlder(string id, string incarnation, ulong generation, ulong known);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Id} incarnation {Incarnation} generation {Generation}: that incarnation was removed from here")]
    private partial void LogEnded(string id, string incarnation, ulong generation);

    [LoggerMessage(Level = LogLevel.Error, Message = "Dropped {Id} incarnation {Incarnation}: wanted lower-case UUIDs and a spec that fits its kind, found kind {Kind} with spec {Spec}")]
    private partial void LogNotUnderstood(string id, string incarnation, ObjectKind kind, DesiredObject.SpecOneofCase spec);
}
