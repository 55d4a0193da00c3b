using System.Security.Cryptography;
using Controller.Contracts;
using Controller.Grains.Events;
using Npgsql;

namespace Controller.Silo.Events;

internal sealed class PostgresWebhooks(NpgsqlDataSource database, WebhookTargets targets, WebhookOptions options, TimeProvider time) : IWebhooks
{
    /// <summary>So long is signed with the secret before, too.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromDays(1);

    public async Task<WebhookOutcome> Add(NewWebhook webhook)
    {
        if (targets.Refusal(webhook.Url) is { } why)
            return new(OutcomeKind.Invalid, why);
        var secret = WebhookSignature.NewSecret();
        // Two requests at one moment could exceed the limit by one, which does no harm.
        await using var command = database.CreateCommand(
            """
            INSERT INTO webhook (id, project, created_by, url, kinds, entity, everything, secret, created, position)
            SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce((SELECT max(position) FROM event), (SELECT position FROM event_pruned))
            WHERE (SELECT count(*) FROM webhook WHERE project = $2) < $10
            """);
        command.Parameters.Add(new() { Value = webhook.Id });
        command.Parameters.Add(new() { Value = webhook.Project });
        command.Parameters.Add(new() { Value = webhook.By });
        command.Parameters.Add(new() { Value = webhook.Url });
        command.Parameters.Add(new() { Value = webhook.Kinds });
        command.Parameters.Add(new() { Value = (object?)webhook.Entity ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = webhook.Everything });
        command.Parameters.Add(new() { Value = secret });
        command.Parameters.Add(new() { Value = time.GetUtcNow().UtcDateTime });
        command.Parameters.Add(new() { Value = (long)options.MaxPerProject });
        return await command.ExecuteNonQueryAsync() == 1
            ? new(OutcomeKind.Created, Secret: secret)
            : new(OutcomeKind.Conflict, $"A project has at most {options.MaxPerProject} webhooks (Webhooks:MaxPerProject).");
    }

    public async Task<WebhookOutcome> Rotate(Guid project, Guid id)
    {
        var secret = WebhookSignature.NewSecret();
        await using var command = database.CreateCommand("UPDATE webhook SET old_secret = secret, old_secret_until = $3, secret = $4 WHERE project = $1 AND id = $2");
        command.Parameters.Add(new() { Value = project });
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = (time.GetUtcNow() + Overlap).UtcDateTime });
        command.Parameters.Add(new() { Value = secret });
        return await command.ExecuteNonQueryAsync() == 1 ? new(OutcomeKind.Done, Secret: secret) : new(OutcomeKind.NotFound);
    }

    public Task<WebhookOutcome> Resume(Guid project, Guid id, bool skip) => Change(
        // The one that could not be delivered is the next after the position that it is for.
        """
        UPDATE webhook w SET state = 'active', attempts = 0, next_attempt = NULL, holder = NULL, until = NULL, position = CASE WHEN $3 THEN coalesce((
            SELECT min(e.position) FROM event e WHERE e.position > w.position AND (w.everything OR e.project = w.project)
                AND (cardinality(w.kinds) = 0 OR e.term = ANY(w.kinds)) AND (w.entity IS NULL OR e.entity = w.entity)), w.position) ELSE w.position END
        WHERE w.project = $1 AND w.id = $2
        """,
        project, id, skip);

    public Task<WebhookOutcome> Remove(Guid project, Guid id) => Change("DELETE FROM webhook WHERE project = $1 AND id = $2", project, id);

    private async Task<WebhookOutcome> Change(string sql, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return new(await command.ExecuteNonQueryAsync() == 1 ? OutcomeKind.Done : OutcomeKind.NotFound);
    }
}

/// <summary>How deliveries are signed (Standard Webhooks 1.0): HMAC-SHA256 over <c>id.timestamp.body</c>.</summary>
internal static class WebhookSignature
{
    private const string Prefix = "whsec_";

    public static string NewSecret() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public static string Of(string secret, string id, long timestamp, byte[] body)
    {
        var signed = System.Text.Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{id}.{timestamp}."));
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret[Prefix.Length..]), (byte[])[.. signed, .. body]));
    }
}
