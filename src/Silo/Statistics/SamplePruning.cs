using Npgsql;

namespace Controller.Silo.Statistics;

/// <summary>Now and then throws away what gone machines have left. Every silo does: it harms nobody.</summary>
internal sealed partial class SamplePruning(MachineSamples samples, TimeProvider time, ILogger<SamplePruning> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await samples.Prune(stoppingToken);
            }
            catch (NpgsqlException trouble)
            {
                LogFailed(trouble);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old measures could not be thrown away")]
    private partial void LogFailed(Exception cause);
}
