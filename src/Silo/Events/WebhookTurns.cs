using Controller.Contracts;
using Npgsql;

namespace Controller.Silo.Events;

/// <summary>A webhook whose turn this silo has.</summary>
internal sealed record DueWebhook(
    Guid Id, Guid Project, bool Everything, string Url, string[] Kinds, Guid? Entity, string Secret, string? OldSecret, DateTimeOffset? OldSecretUntil, long Position, int Attempts);

/// <summary>
/// Who delivers for which webhook. A turn that is not renewed runs out, and another silo goes on from the last event that was noted as delivered: what was told and not noted is told again.
/// Whose last turn is longest ago (<c>until</c>) comes first, and no project has many turns at once: who is slow to answer is waited for by itself alone.
/// </summary>
internal sealed class WebhookTurns(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>Most turns of one project that a silo has at once.</summary>
    public const int PerProject = 4;

    private static readonly TimeSpan Life = TimeSpan.FromSeconds(90);   // longer than any one delivery
    private readonly Guid _self = Guid.NewGuid();

    /// <summary>Takes the turns of some that have something to be told, and that nobody has.</summary>
    public async Task<List<DueWebhook>> Take(int most, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            """
            UPDATE webhook SET holder = $1, until = $3 WHERE id IN (
                SELECT w.id FROM webhook w JOIN (
                    SELECT d.id, row_number() OVER (PARTITION BY d.project ORDER BY d.until NULLS FIRST)
                        + (SELECT count(*) FROM webhook h WHERE h.project = d.project AND h.holder = $1 AND h.until >= $2) AS nth
                    FROM webhook d WHERE d.state = 'active' AND (d.holder IS NULL OR d.until < $2) AND (d.next_attempt IS NULL OR d.next_attempt <= $2)
                        AND d.position < (SELECT max(position) FROM event)) due USING (id)
                -- Once more what another silo may have changed meanwhile.
                WHERE due.nth <= $5 AND w.state = 'active' AND (w.holder IS NULL OR w.until < $2)
                ORDER BY w.until NULLS FIRST LIMIT $4 FOR UPDATE OF w SKIP LOCKED)
            RETURNING id, project, everything, url, kinds, entity, secret, old_secret, old_secret_until, position, attempts
            """);
        command.Parameters.Add(new() { Value = _self });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        command.Parameters.Add(new() { Value = (time.GetUtcNow() + Life).UtcDateTime });
        command.Parameters.Add(new() { Value = most });
        command.Parameters.Add(new() { Value = PerProject });
        await using var r = await command.ExecuteReaderAsync(cancel);
        var due = new List<DueWebhook>();
        while (await r.ReadAsync(cancel))
        {
            due.Add(new(
                r.GetGuid(0), r.GetGuid(1), r.GetBoolean(2), r.GetString(3), r.GetFieldValue<string[]>(4), r.IsDBNull(5) ? null : r.GetGuid(5), r.GetString(6), r.IsDBNull(7) ? null : r.GetString(7),
                r.IsDBNull(8) ? null : r.GetFieldValue<DateTimeOffset>(8), r.GetInt64(9), r.GetInt32(10)));
        }
        return due;
    }

    /// <summary>What it is to be told next, and up to where the log was looked through: behind the last of them, or to its end.</summary>
    public async Task<(List<EntityEvent> Events, long Upto, long Pruned)> Next(DueWebhook hook, long after, int most, CancellationToken cancel)
    {
        await using var batch = database.CreateBatch();
        // The end first: what comes in between is found the next time.
        batch.BatchCommands.Add(new("SELECT coalesce((SELECT max(position) FROM event), 0), (SELECT position FROM event_pruned)"));
        var events = new NpgsqlBatchCommand(
            """
            SELECT position, at, type, kind, entity, project, state, before, title, version FROM event
            WHERE position > $1 AND ($2 OR project = $3) AND (cardinality($4::text[]) = 0 OR term = ANY($4)) AND ($5::uuid IS NULL OR entity = $5) ORDER BY position LIMIT $6
            """);
        events.Parameters.Add(new() { Value = after });
        events.Parameters.Add(new() { Value = hook.Everything });
        events.Parameters.Add(new() { Value = hook.Project });
        events.Parameters.Add(new() { Value = hook.Kinds });
        events.Parameters.Add(new() { Value = (object?)hook.Entity ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
        events.Parameters.Add(new() { Value = most });
        batch.BatchCommands.Add(events);
        await using var r = await batch.ExecuteReaderAsync(cancel);
        await r.ReadAsync(cancel);
        var (end, pruned) = (r.GetInt64(0), r.GetInt64(1));
        await r.NextResultAsync(cancel);
        var found = new List<EntityEvent>();
        while (await r.ReadAsync(cancel))
        {
            found.Add(new(
                r.GetInt64(0), r.GetFieldValue<DateTimeOffset>(1), r.GetString(2), r.GetString(3), r.GetGuid(4), r.IsDBNull(5) ? null : r.GetGuid(5), r.IsDBNull(6) ? null : r.GetString(6),
                r.IsDBNull(7) ? null : r.GetString(7), r.IsDBNull(8) ? null : r.GetString(8), r.GetInt32(9)));
        }
        return (found, found.Count == most ? found[^1].Position : Math.Max(end, after), pruned);
    }

    /// <summary>Told up to there. False: it has another turn, or is gone, and nothing more is to be told.</summary>
    public Task<bool> Delivered(DueWebhook hook, long position, bool told) => Note(
        "position = $3, attempts = 0, next_attempt = NULL, last_error = NULL, last_delivery = CASE WHEN $4 THEN $5 ELSE last_delivery END, until = $6",
        hook, position, told, time.GetUtcNow().UtcDateTime, (time.GetUtcNow() + Life).UtcDateTime);

    /// <summary>It was not told, for that reason; again then, or never (null).</summary>
    public Task<bool> Failed(DueWebhook hook, int attempts, string why, DateTimeOffset? again) => Note(
        "attempts = $3, last_error = $4, next_attempt = $5, state = CASE WHEN $6 THEN 'dead' ELSE state END, holder = NULL, until = $7",
        hook, attempts, why, (object?)again?.UtcDateTime ?? DBNull.Value, again is null, time.GetUtcNow().UtcDateTime);

    /// <summary>What it was not told is not there any more.</summary>
    public Task<bool> Missed(DueWebhook hook, long pruned) => Note("missed = $3, position = $3", hook, pruned);

    /// <summary>Its turn is over.</summary>
    public Task<bool> GiveBack(DueWebhook hook) => Note("holder = NULL, until = $3", hook, time.GetUtcNow().UtcDateTime);

    private async Task<bool> Note(string what, DueWebhook hook, params object[] values)
    {
        await using var command = database.CreateCommand($"UPDATE webhook SET {what} WHERE id = $1 AND holder = $2");
        command.Parameters.Add(new() { Value = hook.Id });
        command.Parameters.Add(new() { Value = _self });
        foreach (var value in values)
            command.Parameters.Add(value is DBNull ? new() { Value = value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz } : new() { Value = value });
        return await command.ExecuteNonQueryAsync() == 1;
    }
}
