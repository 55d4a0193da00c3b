using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Controller.Api.Audit;

/// <summary>
/// Writes entries, many at a time: while one batch is on its way the next one gathers. What could not be written is kept and tried again, and as long as that lasts nothing more is let in
/// (docs/decisions/0014).
/// </summary>
internal sealed partial class AuditLog(NpgsqlDataSource database, TimeProvider time, IOptions<AuditOptions> options, ILogger<AuditLog> log) : BackgroundService
{
    private const int MostWaiting = 10_000;
    private const int MostAtOnce = 500;
    private const string DataException = "22";   // class of SQLSTATEs
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private static readonly string Api = $"{Environment.MachineName}/{Environment.ProcessId}";

    // The project of an entity that is there, where the handler did not know it. Of what was refused nobody else hears.
    private const string Insert =
        """
        insert into audit (at, principal, project, role, owner, method, path, action, kind, entity, status, result, address, user_agent, request, trace, times, api)
        select t.at, t.principal, t.project, t.role,
            coalesce(t.owner, case when t.status < 400 then (select e.project from entity e where e.entity_id = t.entity and e.state_name = t.kind and e.project is not null limit 1) end, t.project),
            t.method, t.path, t.action, t.kind, t.entity, t.status, t.result, t.address, t.user_agent, t.request, t.trace, t.times, $18
        from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
            as t(at, principal, project, role, owner, method, path, action, kind, entity, status, result, address, user_agent, request, trace, times)
        """;

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private volatile string? _trouble;

    private sealed record Waiting(IReadOnlyList<AuditEntry> Entries, TaskCompletionSource Written);

    /// <summary>Why nothing may be changed now; null: all is well.</summary>
    public string? Trouble => _trouble ?? (_waiting.Reader.Count >= MostWaiting ? "It is written slower than entries come." : null);

    /// <summary>Answers when the entries are durable; false: not within the time that there is. They are kept and tried again even so.</summary>
    public async Task<bool> Write(IReadOnlyList<AuditEntry> entries)
    {
        var waiting = new Waiting(entries, new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_waiting.Writer.TryWrite(waiting))
            return false;
        try
        {
            await waiting.Written.Task.WaitAsync(options.Value.WriteWithin, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Nobody waits for it: an attempt that changed nothing.</summary>
    public void Note(AuditEntry entry)
    {
        // They never take the room of those that somebody waits for.
        if (_waiting.Reader.Count > MostWaiting / 2 || !_waiting.Writer.TryWrite(new([entry], new())))
            LogDropped(entry.Method, entry.Path, entry.Status);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();   // what waits is written before the process ends
        if (ExecuteTask is { } writing)
            await Task.WhenAny(writing, Task.Delay(Timeout.Infinite, cancellationToken));
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
        {
            var batch = new List<Waiting>();
            for (var count = 0; count < MostAtOnce && _waiting.Reader.TryRead(out var next); count += next.Entries.Count)
                batch.Add(next);
            await Keep([.. batch.SelectMany(b => b.Entries)], stoppingToken);
            foreach (var written in batch)
                written.Written.TrySetResult();
        }
    }

    private async Task Keep(AuditEntry[] entries, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await Store(entries, cancel);
                _trouble = null;
                return;
            }
            catch (PostgresException e) when (e.SqlState.StartsWith(DataException, StringComparison.Ordinal))
            {
                // It will never be taken: one such entry must not keep all others out for ever.
                if (entries is [var bad])
                {
                    LogDropped(bad.Method, bad.Path, bad.Status);
                    return;
                }
                foreach (var entry in entries)
                    await Keep([entry], cancel);
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException && !cancel.IsCancellationRequested)
            {
                _trouble = $"The audit log cannot be written: {e.Message}";
                LogFailed(e, entries.Length);
                await Task.Delay(Again, time, cancel);
            }
        }
    }

    private async Task Store(AuditEntry[] entries, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(Insert);
        Add(NpgsqlDbType.TimestampTz, e => e.At.UtcDateTime);
        Add(NpgsqlDbType.Text, e => e.User);
        Add(NpgsqlDbType.Uuid, e => e.Project);
        Add(NpgsqlDbType.Text, e => e.Role);
        Add(NpgsqlDbType.Uuid, e => e.Owner);
        Add(NpgsqlDbType.Text, e => e.Method);
        Add(NpgsqlDbType.Text, e => e.Path);
        Add(NpgsqlDbType.Text, e => e.Action);
        Add(NpgsqlDbType.Text, e => e.Kind);
        Add(NpgsqlDbType.Uuid, e => e.Entity);
        Add(NpgsqlDbType.Smallint, e => e.Status);
        Add(NpgsqlDbType.Text, e => e.Result);
        Add(NpgsqlDbType.Inet, e => e.Address);
        Add(NpgsqlDbType.Text, e => e.UserAgent);
        Add(NpgsqlDbType.Text, e => e.Request);
        Add(NpgsqlDbType.Text, e => e.Trace);
        Add(NpgsqlDbType.Integer, e => e.Times);
        command.Parameters.Add(new() { Value = Api });
        await command.ExecuteNonQueryAsync(cancel);

        void Add<T>(NpgsqlDbType type, Func<AuditEntry, T> column) =>
            command.Parameters.Add(new() { Value = entries.Select(column).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type });
    }

    [LoggerMessage(LogLevel.Error, "{Count} entries of the audit log could not be written; they are tried again, and nothing is changed meanwhile")]
    private partial void LogFailed(Exception exception, int count);

    [LoggerMessage(LogLevel.Error, "This is not in the audit log, which is full or cannot take it: {Method} {Path}, {Status}")]
    private partial void LogDropped(string method, string path, int status);
}
