using Controller.Silo.Gateway;
using Controller.Silo.Postgres;
using Npgsql;
using Proto = Controller.Agent.Protocol;

namespace Controller.Silo.Statistics;

/// <summary>One host's measures, on their way into the table. They go through no grain, hold nothing of the session up, and are dropped where the database is slow.</summary>
internal sealed partial class StatisticsIntake(Guid host, MachineSamples samples, HostsSeen seen, ILogger logger) : IDisposable
{
    /// <summary>What a gateway with this tells its agents in Welcome.</summary>
    public const string Feature = "statistics";

    private Task _storing = Task.CompletedTask;
    private bool _clockSeen;

    public void Take(Proto.Statistics statistics)
    {
        if (_storing.IsCompleted)
            _storing = Store(statistics);
        else
            GatewayTelemetry.StatisticsDropped.Add(1);
    }

    /// <summary>The session is over: the meter forgets its machines.</summary>
    public void Dispose() => samples.Forget(host);

    private async Task Store(Proto.Statistics statistics)
    {
        var taken = DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Min(statistics.TakenUnixMilliseconds, int.MaxValue * 1000L));
        try
        {
            await seen.Clock(host, taken, isNew: !_clockSeen);
            _clockSeen = true;
            await samples.Store(host, taken, statistics.Machines);
        }
        catch (Exception trouble) when (trouble is NpgsqlException or TimeoutException or ArgumentException)
        {
            LogNotStored(trouble, host);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A measure of host {Host} could not be kept")]
    private partial void LogNotStored(Exception cause, Guid host);
}
