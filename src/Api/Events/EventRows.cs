using System.Text;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Events;

/// <summary>What somebody wants to hear of. Null, or none: all.</summary>
/// <param name="Sight">Only this project's.</param>
/// <param name="Project">Only this project's, as asked for.</param>
/// <param name="Terms">Kinds.</param>
/// <param name="Entity">Only of this one.</param>
internal sealed record EventFilter(Guid? Sight, Guid? Project, string[] Terms, Guid? Entity);

/// <summary>Reads the log of events. Positions become visible in their order, so "all after this one" leaves none out.</summary>
internal sealed class EventRows(NpgsqlDataSource database)
{
    /// <summary>The newest position, and up to where the log was thrown away.</summary>
    public async Task<(long Newest, long Pruned)> Bounds(CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select greatest((select max(position) from event), p.position), p.position from event_pruned p");
        await using var r = await command.ExecuteReaderAsync(cancel);
        await r.ReadAsync(cancel);
        return (r.GetInt64(0), r.GetInt64(1));
    }

    public async Task<List<EntityEvent>> After(EventFilter filter, long position, int most, CancellationToken cancel)
    {
        await using var command = database.CreateCommand();
        var sql = new StringBuilder("select position, at, type, kind, entity, project, state, before, title, version from event where position > ").Append(Add(command, position));
        if (filter.Sight is { } sight)
            sql.Append(" and project = ").Append(Add(command, sight));
        if (filter.Project is { } project)
            sql.Append(" and project = ").Append(Add(command, project));
        if (filter.Terms.Length > 0)
            sql.Append(" and term = any(").Append(Add(command, filter.Terms)).Append(')');
        if (filter.Entity is { } entity)
            sql.Append(" and entity = ").Append(Add(command, entity));
        command.CommandText = sql.Append(" order by position limit ").Append(Add(command, most)).ToString();
        await using var r = await command.ExecuteReaderAsync(cancel);
        var found = new List<EntityEvent>();
        while (await r.ReadAsync(cancel))
        {
            found.Add(new(
                r.GetInt64(0), r.GetFieldValue<DateTimeOffset>(1), r.GetString(2), r.GetString(3), r.GetGuid(4), r.IsDBNull(5) ? null : r.GetGuid(5), Text(r, 6), Text(r, 7), Text(r, 8), r.GetInt32(9)));
        }
        return found;
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static string Add<T>(NpgsqlCommand command, T value)
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return "$" + command.Parameters.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
