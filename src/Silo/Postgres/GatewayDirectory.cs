using Controller.Contracts;
using Controller.Grains.Sweeping;
using Controller.Silo.Gateway;
using Npgsql;
using NpgsqlTypes;

namespace Controller.Silo.Postgres;

/// <summary>Tells everyone where this silo's agents dial in, and keeps the sweeper awake.</summary>
internal sealed partial class GatewayDirectory(
    NpgsqlDataSource database, SiloSettings settings, CertificateAuthority authority, IGrainFactory grains, TimeProvider time, ILogger<GatewayDirectory> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private static readonly int[] Migrations = [.. Migrator.All().Select(m => m.Version)];

    private volatile IReadOnlyCollection<string> _known = [];

    /// <summary>What <see cref="Endpoints"/> answered last, which is asked every five seconds and for each new session.</summary>
    public IReadOnlyCollection<string> Known => _known;

    /// <summary>Endpoints of all silos that were there a minute ago, by the database's clock: a silo whose own clock is wrong tells its agents of the others all the same.</summary>
    public async Task<IReadOnlyCollection<string>> Endpoints()
    {
        await using var command = database.CreateCommand("SELECT endpoint FROM gateway WHERE noted > clock_timestamp() - interval '1 minute' ORDER BY random()");
        await using var reader = await command.ExecuteReaderAsync();
        var endpoints = new List<string>();
        while (await reader.ReadAsync())
            endpoints.Add(reader.GetString(0));
        // At once: an older answer would take back from an agent what its session began with.
        return _known = endpoints;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await Note(stoppingToken);
                await Endpoints();
                await grains.At<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();
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
            """
            INSERT INTO gateway (silo, endpoint, seen, noted, version, migrations, disk_free, disk_size, authority_until, certificate_until)
            VALUES ($1, $2, $3, clock_timestamp(), $4, $5, $6, $7, $8, $9)
            ON CONFLICT (silo) DO UPDATE SET endpoint = excluded.endpoint, seen = excluded.seen, noted = excluded.noted, version = excluded.version, migrations = excluded.migrations,
                disk_free = excluded.disk_free, disk_size = excluded.disk_size, authority_until = excluded.authority_until, certificate_until = excluded.certificate_until
            """);
        command.Parameters.Add(new() { Value = settings.Silo.Name });
        command.Parameters.Add(new() { Value = settings.AgentGateway.AdvertisedEndpoint });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        command.Parameters.Add(new() { Value = typeof(GatewayDirectory).Assembly.GetName().Version!.ToString(3) });   // every assembly of ours has one
        command.Parameters.Add(new() { Value = Migrations });
        var images = Room(settings.Images.Directory);
        command.Parameters.Add(new() { Value = (object?)images?.AvailableFreeSpace ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = (object?)images?.TotalSize ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = authority.Certificate.NotAfter.ToUniversalTime() });
        command.Parameters.Add(new() { Value = (object?)authority.ServerUntil?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await command.ExecuteNonQueryAsync(cancel);
    }

    private static DriveInfo? Room(string? directory) => Directory.Exists(directory) ? new(directory) : null;

    [LoggerMessage(Level = LogLevel.Warning, Message = "This silo's place could not be told; it is tried again")]
    private partial void LogFailed(Exception cause);
}
