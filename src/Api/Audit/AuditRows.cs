using System.Runtime.CompilerServices;
using System.Text;
using Npgsql;

namespace Controller.Api.Audit;

/// <summary>What is asked of the audit log. Null: any.</summary>
internal sealed record AuditQuery
{
    /// <summary>Only what this project did or owns, whoever asks for what.</summary>
    public Guid? Sight { get; init; }

    public Guid? Entity { get; init; }

    public string? User { get; init; }

    public Guid? Project { get; init; }

    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? Until { get; init; }

    /// <summary>Only refusals: 401, 403, and what does not exist for the caller.</summary>
    public bool Denied { get; init; }
}

/// <summary>A line of the audit log.</summary>
internal sealed record AuditRow(
    long Id, DateTimeOffset At, string? User, Guid? Project, string? Role, string Method, string Path, string? Action, string? Kind, Guid? Entity, int Status, string Result,
    string? Address, string? UserAgent, string? Request, string? Trace, int Times);

/// <summary>Reads the audit log, by keyset: a page costs the same wherever it is.</summary>
internal sealed class AuditRows(NpgsqlDataSource database)
{
    private const int PerPage = 1000;

    /// <summary>The newest first.</summary>
    public async Task<List<AuditRow>> Newest(AuditQuery query, long? before, int most, CancellationToken cancel)
    {
        await using var command = database.CreateCommand();
        var sql = Where(query, command.Parameters);
        if (before is { } id)
            sql.Append(" and id < ").Append(Add(command.Parameters, id));
        command.CommandText = sql.Append(" order by id desc limit ").Append(Add(command.Parameters, most)).ToString();
        return await Read(command, cancel);
    }

    /// <summary>All of it, the oldest first.</summary>
    public async IAsyncEnumerable<AuditRow> All(AuditQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        var after = 0L;
        while (true)
        {
            await using var command = database.CreateCommand();
            command.CommandText = Where(query, command.Parameters).Append(" and id > ").Append(Add(command.Parameters, after)).Append(" order by id limit ").Append(Add(command.Parameters, PerPage)).ToString();
            var page = await Read(command, cancel);
            foreach (var row in page)
                yield return row;
            if (page.Count < PerPage)
                yield break;
            after = page[^1].Id;
        }
    }

    private static StringBuilder Where(AuditQuery query, NpgsqlParameterCollection parameters)
    {
        var sql = new StringBuilder(
            "select id, at, principal, project, role, method, path, action, kind, entity, status, result, host(address), user_agent, request, trace, times from audit where true");
        if (query.Sight is { } sight)
            sql.Append(" and (project = ").Append(Add(parameters, sight)).Append(" or owner = ").Append(Add(parameters, sight)).Append(')');
        if (query.Project is { } project)
            sql.Append(" and (project = ").Append(Add(parameters, project)).Append(" or owner = ").Append(Add(parameters, project)).Append(')');
        if (query.Entity is { } entity)
            sql.Append(" and entity = ").Append(Add(parameters, entity));
        if (query.User is { } user)
            sql.Append(" and principal = ").Append(Add(parameters, user));
        if (query.Since is { } since)
            sql.Append(" and at >= ").Append(Add(parameters, since.UtcDateTime));
        if (query.Until is { } until)
            sql.Append(" and at < ").Append(Add(parameters, until.UtcDateTime));
        if (query.Denied)
            sql.Append(" and status in (401, 403, 404)");
        return sql;
    }

    private static async Task<List<AuditRow>> Read(NpgsqlCommand command, CancellationToken cancel)
    {
        await using var r = await command.ExecuteReaderAsync(cancel);
        var found = new List<AuditRow>();
        while (await r.ReadAsync(cancel))
        {
            found.Add(new(
                r.GetInt64(0), r.GetFieldValue<DateTimeOffset>(1), Text(2), Id(3), Text(4), r.GetString(5), r.GetString(6), Text(7), Text(8), Id(9), r.GetInt16(10), r.GetString(11), Text(12), Text(13), Text(14),
                Text(15), r.GetInt32(16)));
        }
        return found;

        string? Text(int column) => r.IsDBNull(column) ? null : r.GetString(column);
        Guid? Id(int column) => r.IsDBNull(column) ? null : r.GetGuid(column);
    }

    private static string Add<T>(NpgsqlParameterCollection parameters, T value)
    {
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return "$" + parameters.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
