using Microsoft.Extensions.Options;

namespace Controller.Api.Model;

/// <summary>The safety net below <see cref="ModelChanges"/>: looks by itself, now and then.</summary>
internal sealed partial class ModelPoll(Catalogues catalogues, IOptions<ApiOptions> options, TimeProvider time, ILogger<ModelPoll> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.RefreshModelEvery, time);
        do
        {
            try
            {
                await catalogues.Refresh(stoppingToken);
            }
            catch (Exception e) when (e is Npgsql.NpgsqlException or TimeoutException)
            {
                LogStale(e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(LogLevel.Warning, "The catalogue can't be refreshed: {Why}")]
    private partial void LogStale(string why);
}
