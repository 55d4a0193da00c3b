using Npgsql;

namespace Controller.Silo.Events;

/// <summary>
/// Moves what has happened from where the statements that did it wrote it into the log, in an order that stays. Every silo does, one at a time; whatever dies, the next look goes on. Looked for
/// and not listened for: a NOTIFY in each entity's write would have all commits queue up behind one lock.
/// </summary>
internal sealed partial class EventPublisher(NpgsqlDataSource database, TimeProvider time, ILogger<EventPublisher> logger) : BackgroundService
{
    private const int AtATime = 1000;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var failing = false;
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default))
        {
            try
            {
                while (await Publish(stoppingToken) == AtATime)
                    ;
                failing = false;
            }
            catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
            {
                if (!failing && !stoppingToken.IsCancellationRequested)
                    LogNotPublished(e);   // once, and not five times a second
                failing = true;
            }
        }
    }

    private async Task<long> Publish(CancellationToken cancel)
    {
        await using var command = database.CreateCommand("SELECT publish_events($1)");
        command.Parameters.Add(new() { Value = AtATime });
        return (long)(await command.ExecuteScalarAsync(cancel))!;   // a function of bigint
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Events wait to be published; it is tried again")]
    private partial void LogNotPublished(Exception cause);
}

/// <summary>Throws away the old part of the log, and notes up to where.</summary>
internal sealed partial class EventPruning(NpgsqlDataSource database, EventOptions options, TimeProvider time, ILogger<EventPruning> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default))
        {
            try
            {
                while (await Prune(database, options, time.GetUtcNow(), stoppingToken) > 0)
                    ;
            }
            catch (Exception e) when (e is NpgsqlException && !stoppingToken.IsCancellationRequested)
            {
                LogNotPruned(e);
            }
        }
    }

    /// <summary>A part of it; how many events went.</summary>
    public static async Task<int> Prune(NpgsqlDataSource database, EventOptions options, DateTimeOffset now, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            """
            WITH gone AS (
                DELETE FROM event WHERE position IN (
                    SELECT position FROM event WHERE at < $1 OR position <= (SELECT max(position) FROM event) - $2 ORDER BY position LIMIT 5000)
                RETURNING position),
            noted AS (UPDATE event_pruned SET position = greatest(position, (SELECT max(position) FROM gone)) WHERE EXISTS (SELECT FROM gone))
            SELECT count(*)::int FROM gone
            """);
        command.Parameters.Add(new() { Value = (now - options.KeepFor).UtcDateTime });
        command.Parameters.Add(new() { Value = options.KeepAtMost });
        return (int)(await command.ExecuteScalarAsync(cancel))!;   // a count
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The old part of the events could not be thrown away; it is tried again")]
    private partial void LogNotPruned(Exception cause);
}
