using System.Text;
using System.Text.Json;
using Controller.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Controller.Api.Inventory;

/// <summary>A row of a listing; the view only where it was asked for.</summary>
internal readonly record struct EntityRow(string Term, Guid Id, EntityView? View);

/// <summary>
/// Entities in the inventory: the rows that hold grains' state. No list ever asks grains. Order is creation order. A row that is not listed (the
/// entity is on its way out, or not made yet) is there for nobody: only <see cref="Users"/> sees it, since its id is not free.
/// </summary>
internal sealed class EntityRows(NpgsqlDataSource database)
{
    /// <summary>The entities of a listing, with their views or only by id.</summary>
    public async Task<List<EntityRow>> List(EntityQuery query, bool views, CancellationToken cancel)
    {
        await using var command = database.CreateCommand();
        command.CommandText = SqlOf(query, views, command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<EntityRow>();
        while (await reader.ReadAsync(cancel))
            found.Add(new(reader.GetString(0), reader.GetGuid(1), views ? ViewIn(reader, 2) : null));
        return found;
    }

    /// <summary>How many entities of a listing have which state; without one: "".</summary>
    public async Task<List<(string Term, string State, long Count)>> CountByState(EntityQuery query, CancellationToken cancel)
    {
        await using var command = database.CreateCommand();
        command.CommandText = $"select state_name, coalesce(state, ''), count(*) from entity where {WhereOf(query, command.Parameters)} group by 1, 2";
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<(string, string, long)>();
        while (await reader.ReadAsync(cancel))
            found.Add((reader.GetString(0), reader.GetString(1), reader.GetInt64(2)));
        return found;
    }

    /// <summary>The links that start at any of these resources, in creation order.</summary>
    public async Task<ILookup<Guid, EntityView>> LinksOf(Guid[] resources, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select source, payload from entity where source = any($1) and listed order by seq");
        Add(command.Parameters, resources);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<(Guid Source, EntityView View)>();
        while (await reader.ReadAsync(cancel))
        {
            if (ViewIn(reader, 1) is { } view)
                found.Add((reader.GetGuid(0), view));
        }
        return found.ToLookup(l => l.Source, l => l.View);
    }

    /// <summary>Whether links of that kind lead from one resource to another, directly or not.</summary>
    public async Task<bool> Leads(string term, Guid from, Guid to, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            """
            with recursive reached(id) as (
                select $2::uuid
                union
                select l.target from reached r join entity l on l.source = r.id where l.state_name = $1 and l.target is not null)
            select exists (select from reached where id = $3)
            """);
        Add(command.Parameters, term);
        Add(command.Parameters, from);
        Add(command.Parameters, to);
        return (bool)(await command.ExecuteScalarAsync(cancel))!;   // exists is never null
    }

    /// <summary>The links that start or end at any of these entities, or are among them; those that are coming or going included.</summary>
    public async Task<List<(Guid Id, Guid Source, Guid Target)>> LinksAt(Guid[] entities, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select entity_id, source, target from entity where source is not null and target is not null and (source = any($1) or target = any($1) or entity_id = any($1))");
        Add(command.Parameters, entities);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<(Guid, Guid, Guid)>();
        while (await reader.ReadAsync(cancel))
            found.Add((reader.GetGuid(0), reader.GetGuid(1), reader.GetGuid(2)));
        return found;
    }

    /// <summary>Who uses that id: the terms of the kinds (of those given) and the projects, entities on their way out included.</summary>
    public async Task<List<(string Term, Guid? Project)>> Users(Guid id, IEnumerable<string> terms, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select state_name, project from entity where id = any($1)");
        Add<string[]>(command.Parameters, [.. terms.Select(t => GrainKeys.Of(t, id))]);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<(string, Guid?)>();
        while (await reader.ReadAsync(cancel))
            found.Add((reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetGuid(1)));
        return found;
    }

    /// <summary>Whose these entities are; those that are nobody's or not there are left out.</summary>
    public async Task<Dictionary<Guid, Guid>> Owners(Guid[] entities, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("select entity_id, project from entity where entity_id = any($1) and project is not null");
        Add(command.Parameters, entities);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new Dictionary<Guid, Guid>();
        while (await reader.ReadAsync(cancel))
            found[reader.GetGuid(0)] = reader.GetGuid(1);
        return found;
    }

    private static string SqlOf(EntityQuery query, bool views, NpgsqlParameterCollection parameters)
    {
        var sql = new StringBuilder("select state_name, entity_id").Append(views ? ", payload" : "").Append(" from entity where ").Append(WhereOf(query, parameters)).Append(" order by seq");
        if (query.Page is { } page)
            sql.Append(" offset ").Append(Add(parameters, page.Offset)).Append(" limit ").Append(Add(parameters, (long)page.Size));
        return sql.ToString();
    }

    private static string WhereOf(EntityQuery query, NpgsqlParameterCollection parameters)
    {
        var sql = new StringBuilder("listed and state_name = any(").Append(Add(parameters, query.Terms)).Append(')');
        if (query.Project is { } project)
            sql.Append(" and (project = ").Append(Add(parameters, project)).Append(query.Unowned ? " or project is null)" : ")");
        if (query.Id is { } id)
            sql.Append(" and entity_id = ").Append(Add(parameters, id));
        foreach (var set in query.Mixins)
            sql.Append(" and mixins && ").Append(Add(parameters, set));
        // Containment compares by type, and numbers as numbers: 2 equals 2.0 and not "2".
        if (query.Attributes is { } attributes)
            sql.Append(" and convert_from(payload, 'UTF8')::jsonb #> '{view,attributes}' @> ").Append(Add(parameters, attributes)).Append("::jsonb");
        return sql.ToString();
    }

    private static string Add<T>(NpgsqlParameterCollection parameters, T value)
    {
        var parameter = new NpgsqlParameter<T> { TypedValue = value };
        if (value is string[])
            parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text;
        parameters.Add(parameter);
        return "$" + parameters.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static EntityView? ViewIn(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(column), ContractsJson.Default.RowEntityView)?.View;
}
