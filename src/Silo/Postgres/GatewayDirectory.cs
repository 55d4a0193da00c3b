using Controller.Grains.Sweeping;
using Npgsql;

namespace Controller.Silo.Postgres;

/// <summary>Tells everyone where this silo's agents dial in, and keeps the sweeper awake.</summary>
internal sealed partial class GatewayDirectory(NpgsqlDataSource database, SiloSettings settings, IGrainFactory grains, TimeProvider time, ILogger<GatewayDirectory> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <summary>Endpoints of all silos that were there a minute ago.</summary>
    public async Task<IReadOnlyCollection<string>> Endpoints()
    {
        await using var command = database.CreateCommand("SELECT endpoint FROM gateway WHERE seen > $1 ORDER BY random()");
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime.AddMinutes(-1) });
        await using var reader = await command.ExecuteReaderAsync();
        var endpoints = new List<string>();
        while (await reader.ReadAsync())
            endpoints.Add(reader.GetString(0));
        return endpoints;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await Note(stoppingToken);
                await grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Note(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "INSERT INTO gateway (silo, endpoint, seen) VALUES ($1, $2, $3) ON CONFLICT (silo) DO UPDATE SET endpoint = excluded.endpoint, seen = excluded.seen");
        command.Parameters.Add(new() { Value = settings.Silo.Name });
        command.Parameters.Add(new() { Value = settings.AgentGateway.AdvertisedEndpoint });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        await command.ExecuteNonQueryAsync(cancel);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "This silo's place could not be told; it is tried again")]
    private partial void LogFailed(Exception cause);
}
