using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Npgsql;

namespace Controller.Silo.Postgres;

/// <summary>What this silo's gateway sees of hosts beside what their grains keep: until when their certificates are good, and how their clocks go.</summary>
internal sealed partial class HostsSeen(NpgsqlDataSource database, TimeProvider time, ILogger<HostsSeen> logger)
{
    /// <summary>A clock is written down when it has moved by this much, and now and then.</summary>
    private static readonly TimeSpan Notable = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<Guid, (TimeSpan Ahead, DateTimeOffset At)> _clocks = new();

    /// <summary>The host has that certificate.</summary>
    public Task Certificate(Guid host, X509Certificate2 certificate) => Note(
        host, "certificate_from = $2, certificate_until = $3", certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());

    /// <summary>The agent said that it was that time, a moment ago.</summary>
    /// <param name="host">Whose.</param>
    /// <param name="agents">What it said.</param>
    /// <param name="isNew">It is the first that this session says: another silo may have written something else since this one did.</param>
    public async Task Clock(Guid host, DateTimeOffset agents, bool isNew)
    {
        var now = time.GetUtcNow();
        var ahead = agents - now;
        if (!isNew && _clocks.TryGetValue(host, out var known) && (known.Ahead - ahead).Duration() < Notable && now - known.At < Every)
            return;
        if (await Note(host, "clock_ahead_ms = $2", (long)ahead.TotalMilliseconds))
            _clocks[host] = (ahead, now);
        else
            _clocks.TryRemove(host, out _);
    }

    // Nobody waits for it, and the next one brings it again.
    private async Task<bool> Note(Guid host, string what, params object[] values)
    {
        try
        {
            await using var batch = database.CreateBatch();
            batch.BatchCommands.Add(new("INSERT INTO host_seen (host, noted) VALUES ($1, now()) ON CONFLICT DO NOTHING") { Parameters = { new() { Value = host } } });
            var update = new NpgsqlBatchCommand($"UPDATE host_seen SET noted = now(), {what} WHERE host = $1") { Parameters = { new() { Value = host } } };
            foreach (var value in values)
                update.Parameters.Add(new() { Value = value });
            batch.BatchCommands.Add(update);
            await batch.ExecuteNonQueryAsync();
            return true;
        }
        catch (NpgsqlException trouble)
        {
            LogNotKept(trouble, host);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was seen of host {Host} could not be kept")]
    private partial void LogNotKept(Exception cause, Guid host);
}
