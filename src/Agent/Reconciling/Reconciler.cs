using System.Collections.Concurrent;
using System.Diagnostics;
using Controller.Agent.Drivers;
using Controller.Agent.Ledger;
using Controller.Agent.Observing;
using Controller.Agent.Protocol;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Reconciling;

/// <summary>
/// Brings the host to what the ledger says, with or without a control plane. One worker an entity; all are woken when something is
/// wanted, when the driver says that something changed, and every so often without a cause.
/// </summary>
internal sealed partial class Reconciler(
    HostLedger ledger, Observations observations, Inspector inspector, Steps steps, Dependencies dependencies, ActiveDriver active,
    MachineWatch watch, IOptions<AgentOptions> options, TimeProvider time, ILogger<Reconciler> log)
{
    private static readonly TimeSpan HealthEvery = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, ObjectWorker> _workers = new();
    private readonly Lock _workersLock = new();
    private readonly TaskSet _running = new();
    private readonly Lock _healthLock = new();
    private CancellationToken _stop;
    private bool _wasHealthy = true;

    /// <summary>Set when the driver became healthy, or stopped to be.</summary>
    public Signal HealthChanged { get; } = new();

    public async Task Run(CancellationToken stop)
    {
        _stop = stop;
        active.Driver.Changed += OnChanged;
        try
        {
            WakeAll(retry: true);
            var sinceSweep = time.GetTimestamp();
            while (!stop.IsCancellationRequested)
            {
                await Task.Delay(HealthEvery, time, stop);
                CheckHealth();
                if (time.GetElapsedTime(sinceSweep) < options.Value.SweepEvery) continue;
                sinceSweep = time.GetTimestamp();
                WakeAll(retry: false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
        finally
        {
            active.Driver.Changed -= OnChanged;
            await _running.Ended();
        }
    }

    /// <summary>Stores what is wanted, then begins with it.</summary>
    public void Accept(Desired desired, ActivityContext cause)
    {
        ledger.Serve(desired.Epoch);
        // All of it is in the ledger before any of it is acted upon: a machine must find its volume there, and a removal its users.
        List<string> changed = [.. desired.Objects.Where(ledger.Store).Select(wanted => wanted.Id)];
        if (desired.Full) changed.AddRange(ledger.Unfence(desired.Objects, desired.Epoch));
        changed = [.. changed.Distinct()];
        LogDesired(desired.Objects.Count, changed.Count, desired.Full);
        foreach (var id in changed) Tell(id, worker => worker.Supersede(cause));
    }

    /// <summary>Tells an entity's worker something short.</summary>
    public void Tell(string id, Action<ObjectWorker> what)
    {
        // Under the lock, so that nobody speaks to a worker that is being retired.
        lock (_workersLock) what(_workers.GetOrAdd(id, Start));
    }

    /// <summary>Machines that waited for a lease need not any more.</summary>
    public void LeaseRenewed()
    {
        foreach (var entry in ledger.All)
        {
            if (entry.Desired is { Absent: false, Machine: { Leased: true } } && entry.Fenced is null && observations.Find(ObjectKey.Of(entry.Desired)) is { Machine.Fenced: true })
                Tell(entry.Desired.Id, worker => worker.Retry());
        }
    }

    public void WakeAll(bool retry)
    {
        foreach (var id in ledger.All.Select(entry => entry.Desired.Id).Distinct())
        {
            if (retry) Tell(id, worker => worker.Retry());
            else Tell(id, worker => worker.Wake());
        }
    }

    /// <summary>Looks at everything at once. The foreign machines found, null when nothing can be concluded now.</summary>
    public async Task<IReadOnlyList<UnmanagedMachine>?> Sweep(CancellationToken cancel)
    {
        var turns = _workers.ToDictionary(worker => worker.Key, worker => worker.Value.IdleTurn);
        Inventory inventory;
        try
        {
            inventory = await inspector.Fresh(cancel);
        }
        catch (DriverException unable)
        {
            LogBlind(unable.Message);
            CheckHealth();
            return null;
        }
        var known = ledger.All;
        foreach (var entry in known)
        {
            var seen = steps.Look(entry, inventory);
            Note(entry.Desired.Id, turns, seen.With(seen.Generation, steps.LastFailure(entry)));
        }
        // What carries our mark and is in no ledger: the control plane decides about it too.
        var keys = known.Select(entry => ObjectKey.Of(entry.Desired)).ToHashSet();
        List<Sighting> strays =
        [
            .. inventory.Machines.Select(machine => new Sighting(machine)),
            .. inventory.Volumes.Select(volume => new Sighting(volume)),
            .. inventory.Networks.Select(network => new Sighting(network)),
        ];
        strays.RemoveAll(seen => keys.Contains(seen.Key));
        foreach (var seen in strays) Note(seen.Key.Id, turns, seen);
        keys.UnionWith(strays.Select(seen => seen.Key));
        foreach (var gone in observations.All.Where(last => last.IsPresent && !keys.Contains(last.Key)))
            Note(gone.Key.Id, turns, Sighting.Nothing(gone.Kind, gone.Key));
        return inventory.Unmanaged;
    }

    /// <summary>What the ledger has of a machine, and of what it uses.</summary>
    public Described Describe(Describe asked)
    {
        var described = new Described { RequestId = asked.RequestId };
        if (ledger.Find(new(asked.MachineId, asked.Incarnation))?.Desired is not { Absent: false, Machine: { } machine } wanted)
            return described;
        var used = machine.Disks.Select(disk => disk.VolumeId).Concat(machine.Nics.Select(nic => nic.NetworkId)).Distinct();
        described.Objects.Add([wanted, .. used.SelectMany(ledger.For).Select(entry => entry.Desired).Where(other => !other.Absent)]);
        return described;
    }

    /// <summary>What was told to the control plane as gone needs no memory any more.</summary>
    public void Told(IEnumerable<Sighting> sightings)
    {
        foreach (var gone in sightings.Where(seen => !seen.IsPresent))
        {
            ledger.Forget(gone.Key);
            if (ledger.Find(gone.Key) is null) observations.ForgetAbsent(gone.Key);
            Retire(gone.Key.Id);
        }
    }

    private void Note(string id, Dictionary<string, long?> turns, Sighting seen)
    {
        // What a worker has in hand looks as it looks only for a moment; the worker notes what comes of it. But a report that is complete must not keep silent about what is there: who
        // hears nothing of a machine takes it for gone.
        if (!_workers.TryGetValue(id, out var worker)) observations.Note(seen);
        else if (turns.GetValueOrDefault(id) is { } turn) worker.IfStill(turn, () => observations.Note(seen));
        observations.NoteFirst(seen);
    }

    private void Retire(string id)
    {
        lock (_workersLock)
        {
            if (ledger.For(id).Count == 0 && _workers.TryGetValue(id, out var worker) && worker.IdleTurn is not null && _workers.TryRemove(id, out _))
                worker.Retire();
        }
    }

    private ObjectWorker Start(string id)
    {
        var worker = new ObjectWorker(id, ledger, inspector, steps, active, time, WakeWaiting, LogBroke);
        _running.Add(Task.Run(() => worker.Run(_stop)));
        return worker;
    }

    private void WakeWaiting(LedgerObject changed)
    {
        foreach (var id in dependencies.WaitingFor(changed)) Tell(id, worker => worker.Retry());
    }

    private void OnChanged(string? id)
    {
        CheckHealth();
        if (id is null) WakeAll(retry: false);
        else if (_workers.TryGetValue(id, out var worker)) worker.Wake();
    }

    private void CheckHealth()
    {
        var health = active.Health;
        lock (_healthLock)
        {
            if (!health.Healthy) watch.Interrupted();
            if (health.Healthy == _wasHealthy) return;
            _wasHealthy = health.Healthy;
        }
        LogHealth(health.Healthy, health.Why);
        if (health.Healthy) WakeAll(retry: true);
        HealthChanged.Set();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Desired: {Count} objects, {Changed} of them new or changed, full: {Full}")]
    private partial void LogDesired(int count, int changed, bool full);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Driver healthy: {Healthy} {Why}")]
    private partial void LogHealth(bool healthy, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking after {Id} failed in a way nobody expects; it is tried again")]
    private partial void LogBroke(string id, Exception bug);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The host cannot be looked at: {Why}")]
    private partial void LogBlind(string why);
}
