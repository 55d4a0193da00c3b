using System.Diagnostics;
using Controller.Agent.Drivers;
using Controller.Agent.Ledger;
using Controller.Agent.Observing;
using Controller.Agent.Protocol;
using Controller.Agent.Telemetry;

namespace Controller.Agent.Reconciling;

/// <summary>
/// Everything that happens to one entity on this host, one thing after the other: passes that bring its ledger entries to what is
/// wanted, and operations. Something new that is wanted cancels what is under way and runs instead.
/// </summary>
internal sealed class ObjectWorker(
    string id, HostLedger ledger, Inspector inspector, Steps steps, ActiveDriver active, TimeProvider time, Action<LedgerObject> changed, Action<string, Exception> broke)
{
    private static readonly TimeSpan Never = TimeSpan.MaxValue;

    private readonly Lock _lock = new();
    private readonly Signal _signal = new();
    private readonly Queue<(Func<CancellationToken, Task> Do, Action Superseded)> _operations = [];
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(30));
    private readonly long _began = time.GetTimestamp();
    private CancellationTokenSource? _underWay;
    private ActivityContext _cause;
    private volatile bool _isRetired;
    private TimeSpan _notBefore;   // since _began; nothing is asked of the driver before
    private long _turns;           // odd while something is under way

    /// <summary>Look again; waits for the end of a back-off before it acts.</summary>
    public void Wake() => _signal.Set();

    /// <summary>Look again, and if the last attempt may be repeated, repeat it now.</summary>
    public void Retry()
    {
        lock (_lock)
        {
            if (_notBefore != Never) _notBefore = default;
        }
        _signal.Set();
    }

    /// <summary>Something else is wanted: drop what is under way, and the operations that still wait for their turn, which are older wishes.</summary>
    public void Supersede(ActivityContext cause)
    {
        (Func<CancellationToken, Task> Do, Action Superseded)[] dropped;
        lock (_lock)
        {
            dropped = [.. _operations];
            _operations.Clear();
            _cause = cause;
            _notBefore = default;
            _backoff.Reset();
            _ = _underWay?.CancelAsync(); // not here: what it cancels would go on inside this lock
        }
        foreach (var operation in dropped) operation.Superseded();
        _signal.Set();
    }

    /// <summary>Does something between two passes. <paramref name="superseded"/> is called when it was cancelled for a newer wish.</summary>
    public void Enqueue(Func<CancellationToken, Task> operation, Action superseded)
    {
        lock (_lock) _operations.Enqueue((operation, superseded));
        _signal.Set();
    }

    /// <summary>The number of the present turn, null while something is under way.</summary>
    public long? IdleTurn
    {
        get { lock (_lock) return _turns % 2 == 0 ? _turns : null; }
    }

    /// <summary>Runs a short action if nothing has happened to the object since <paramref name="turn"/>.</summary>
    public void IfStill(long turn, Action action)
    {
        lock (_lock)
        {
            if (_turns == turn) action();
        }
    }

    /// <summary>Nothing is known of the entity any more.</summary>
    public void Retire()
    {
        _isRetired = true;
        _signal.Set();
    }

    public async Task Run(CancellationToken stop)
    {
        while (true)
        {
            await _signal.Wait(UntilNext(), time, stop);
            if (_isRetired) return;
            using var underWay = CancellationTokenSource.CreateLinkedTokenSource(stop);
            ActivityContext cause;
            lock (_lock)
            {
                (_underWay, cause, _cause) = (underWay, _cause, default);
                _turns++;
            }
            try
            {
                await RunOperations(underWay.Token, stop);
                await Pass(cause, underWay.Token);
            }
#pragma warning disable CA1031 // What is cancelled ends in whatever its library throws: gRPC's calls in an RpcException.
            catch (Exception) when (underWay.IsCancellationRequested && !stop.IsCancellationRequested)
#pragma warning restore CA1031
            {
                _signal.Set(); // superseded: the newer wish is in the ledger
            }
            catch (DriverException) when (!active.Health.Healthy)
            {
                // Nothing is done and nothing concluded; the driver's recovery wakes everyone.
            }
            catch (DriverException)
            {
                // The inventory could not be read, which says nothing of this object.
                lock (_lock) _notBefore = Elapsed + _backoff.Next();
            }
#pragma warning disable CA1031 // Nobody would take this worker's place: whatever is wished of its entity later would be heard by no one.
            catch (Exception bug) when (!stop.IsCancellationRequested)
#pragma warning restore CA1031
            {
                broke(id, bug);
                lock (_lock) _notBefore = Elapsed + _backoff.Next();
            }
            finally
            {
                lock (_lock)
                {
                    _underWay = null;
                    _turns++;
                }
            }
        }
    }

    private TimeSpan Elapsed => time.GetElapsedTime(_began);

    // A worker sleeps until it is woken; with an attempt to repeat, at most until then.
    private TimeSpan UntilNext()
    {
        lock (_lock)
        {
            if (_notBefore == default || _notBefore == Never) return TimeSpan.FromDays(1);
            var left = _notBefore - Elapsed;
            return left > TimeSpan.FromMilliseconds(1) ? left : TimeSpan.FromMilliseconds(1);
        }
    }

    private async Task RunOperations(CancellationToken cancel, CancellationToken stop)
    {
        while (true)
        {
            (Func<CancellationToken, Task> Do, Action Superseded) next;
            lock (_lock)
            {
                if (!_operations.TryDequeue(out next)) return;
            }
            try
            {
                await next.Do(cancel);
            }
            catch (Exception) when (cancel.IsCancellationRequested && !stop.IsCancellationRequested)
            {
                next.Superseded(); // whatever the cancellation was thrown as: somebody waits for the operation's end
                throw;
            }
        }
    }

    private async Task Pass(ActivityContext cause, CancellationToken cancel)
    {
        var entries = ledger.For(id);
        if (entries.Count == 0) return;
        using var activity = AgentTelemetry.Source.StartActivity("reconcile", ActivityKind.Internal, cause);
        activity?.SetTag("occi.entity.id", id);
        var inventory = await inspector.Fresh(cancel);
        bool mayAct;
        lock (_lock) mayAct = _notBefore <= Elapsed;

        Failure? failure = null;
        // What must go goes first: two placements of one machine cannot both hold its name on the host.
        foreach (var entry in entries.OrderByDescending(entry => entry.Desired.Absent))
        {
            failure = await steps.Take(entry, inventory, mayAct, cancel);
            var after = ledger.Find(ObjectKey.Of(entry.Desired));
            if (after is not null && !after.Equals(entry)) changed(after);
            if (failure is not null) break;
        }
        AgentTelemetry.Reconciles.Add(1, new KeyValuePair<string, object?>("result", failure?.Code ?? "ok"));
        if (failure is not null) activity?.SetStatus(ActivityStatusCode.Error, failure.Message);
        if (mayAct) Schedule(failure, cancel);
    }

    private void Schedule(Failure? failure, CancellationToken superseded)
    {
        lock (_lock)
        {
            if (superseded.IsCancellationRequested) return;
            if (failure is null)
            {
                _backoff.Reset();
                _notBefore = default;
            }
            else if (!failure.Retryable) _notBefore = Never;
            else if (!Dependencies.IsWaiting(failure)) _notBefore = Elapsed + _backoff.Next();
        }
    }
}
