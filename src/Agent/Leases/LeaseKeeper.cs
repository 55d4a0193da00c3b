using Controller.Agent.Drivers;
using Controller.Agent.Ledger;
using Controller.Agent.Reconciling;

namespace Controller.Agent.Leases;

/// <summary>Ends leased machines when the lease is over, and goes on until none of them runs.</summary>
internal sealed partial class LeaseKeeper(Lease lease, GuardKeeper guard, ActiveDriver active, Reconciler reconciler, MachineWatch watch, TimeProvider time, ILogger<LeaseKeeper> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HashSet<ObjectKey> _ended = [];
    private string? _lastTrouble;

    /// <summary>Set when the lease ran out: a session that gave none is not worth keeping, and only a later one can want the machines again.</summary>
    public Signal RanOut { get; } = new();

    public async Task Run(CancellationToken stop)
    {
        var wasValid = lease.IsValid;
        try
        {
            while (true)
            {
                if (lease.Machines.Count > 0) guard.Keep();
                var isValid = lease.IsValid;
                if (wasValid && !isValid)
                {
                    LogRanOut(lease.Machines.Count);
                    RanOut.Set();
                }
                wasValid = isValid;
                if (isValid) _ended.Clear();
                else await EndAll(stop);
                await lease.Changed.Wait(Every, time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task EndAll(CancellationToken stop)
    {
        foreach (var key in lease.Machines)
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
            try
            {
                // The lease may be good again before anybody looks at the machine: its end must not pass for its guest's decision then.
                watch.StopAsked(key);
                if (await active.Driver.EndMachine(key.Id, key.Incarnation, either.Token))
                {
                    watch.Forget(key);
                    LogEnded(key.Id, key.Incarnation);
                }
                if (_ended.Add(key)) reconciler.Tell(key.Id, worker => worker.Wake());
            }
            catch (Exception unable) when (unable is DriverException or OperationCanceledException && !stop.IsCancellationRequested)
            {
                // Said once, tried until it is done; the guard and the host's watchdog are there for when it cannot be.
                if (_lastTrouble != unable.Message) LogNotEnded(key.Id, key.Incarnation, unable.Message);
                _lastTrouble = unable.Message;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The host's lease ran out: {Count} machines that have one are ended and stay off until the control plane wants them again")]
    private partial void LogRanOut(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machine {Id} incarnation {Incarnation} was ended: its lease is over")]
    private partial void LogEnded(string id, string incarnation);

    [LoggerMessage(Level = LogLevel.Error, Message = "Machine {Id} incarnation {Incarnation} could not be ended although its lease is over; it is tried again: {Why}")]
    private partial void LogNotEnded(string id, string incarnation, string why);
}
