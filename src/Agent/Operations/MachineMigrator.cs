using Controller.Agent.Drivers;
using Controller.Agent.Ledger;
using Controller.Agent.Peers;
using Controller.Agent.Protocol;
using Controller.Agent.Reconciling;

namespace Controller.Agent.Operations;

/// <summary>Brings a machine to another host's agent. The ledger says all along that it is leaving, so nobody touches it meanwhile, and one that is off stays so.</summary>
internal sealed partial class MachineMigrator(ActiveDriver active, CurrentIdentity identity, MachineWatch watch, TimeProvider time, ILogger<MachineMigrator> log)
{
    public async Task Send(DesiredObject wanted, Migrate order, Action<MoveProgress> progress, CancellationToken cancel)
    {
        if (wanted.Machine?.Outgoing?.MigrationId != order.MigrationId)
            throw new DriverException("not-leaving", $"Machine {wanted.Id} is not known to leave in migration {order.MigrationId}.", retryable: true);
        var what = new Departure(wanted.Id, wanted.Incarnation, wanted.Machine, order);
        watch.Forget(ObjectKey.Of(wanted));   // that it stops is our doing
        LogLeaving(wanted.Id, order.Method, order.TargetHost, order.TargetEndpoint);
        await using var peer = new PeerClient(identity, what, time);
        try
        {
            await active.Driver.SendAway(what, peer, progress, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            throw new DriverException("cancelled", "It was cancelled.", retryable: false);
        }
        LogGone(wanted.Id, order.TargetHost);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Machine {Machine} is leaving ({Method}) for host {Host} at {Endpoint}")]
    private partial void LogLeaving(string machine, MigrateMethod method, string host, string endpoint);

    [LoggerMessage(Level = LogLevel.Information, Message = "Machine {Machine} is all on host {Host}, and off here")]
    private partial void LogGone(string machine, string host);
}
