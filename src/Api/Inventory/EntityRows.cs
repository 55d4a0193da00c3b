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
        var sql = new StringBuilder("select e.state_name, coalesce(e.state, ''), count(*) from entity e where ");
        Conditions(sql, query, command.Parameters);
        command.CommandText = sql.Append(" group by 1, 2").ToString();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<(string, string, long)>();
        while (await reader.ReadAsync(cancel))
            found.Add((reader.GetString(0), reader.GetString(1), reader.GetInt64(2)));
        return found;
    }

    /// <summary>
    /// The next rows of a listing behind <see cref="RowChunk.Last"/> (0: the first ones), at most so many, into a chunk that is cleared before; with their payloads and those of their links, or by
    /// id alone. Of a page that begins later, the first call goes to its beginning.
    /// </summary>
    public async Task Next(EntityQuery query, bool views, bool links, RowChunk chunk, int most, CancellationToken cancel)
    {
        var after = chunk.Last;
        chunk.Clear();
        await using var command = database.CreateCommand();
        command.CommandText = ChunkOf(query, views, links, after, most, command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            chunk.Last = reader.GetInt64(0);
            var term = query.Terms is [var only] ? only : reader.GetString(2);
            if (!views)
            {
                chunk.Rows.Add(new(term, reader.GetGuid(1), 0, 0, null));
                continue;
            }
            var (offset, length) = Copy(reader, 3, chunk.Bytes);
            var its = links ? reader.GetFieldValue<byte[][]>(4) : [];
            chunk.Rows.Add(new(term, reader.GetGuid(1), offset, length, its.Length == 0 ? null : Array.ConvertAll(its, l => Append(l, chunk.Bytes))));
        }
    }

    private static (int Offset, int Length) Copy(NpgsqlDataReader reader, int column, Http.PooledBuffer to)
    {
        var (offset, length) = (to.Length, (int)reader.GetBytes(column, 0, null, 0, 0));
        var memory = to.GetMemory(length);
        if (!System.Runtime.InteropServices.MemoryMarshal.TryGetArray<byte>(memory, out var array))
            throw new InvalidOperationException("A pooled buffer is an array.");
        reader.GetBytes(column, 0, array.Array, array.Offset, length);
        to.Advance(length);
        return (offset, length);
    }

    private static (int Offset, int Length) Append(byte[] bytes, Http.PooledBuffer to)
    {
        var offset = to.Length;
        bytes.CopyTo(to.GetSpan(bytes.Length));
        to.Advance(bytes.Length);
        return (offset, bytes.Length);
    }

    private static string ChunkOf(EntityQuery query, bool views, bool links, long after, int most, NpgsqlParameterCollection parameters)
    {
        var sql = new StringBuilder("select e.seq, e.entity_id, ").Append(query.Terms.Length == 1 ? "null::text" : "e.state_name");
        if (views)
            sql.Append(", e.payload");
        if (views && links)
            sql.Append(", array(select l.payload from entity l where l.source = e.entity_id and l.listed order by l.seq)");
        sql.Append(" from entity e where ");
        Conditions(sql, query, parameters);
        if (after > 0)
            sql.Append(" and e.seq > ").Append(Add(parameters, after)).Append(" order by e.seq");
        else if (query.Page is not { Offset: > 0 and var offset })
            sql.Append(" order by e.seq");
        else if (offset < Skipped || !IsCounted(query))
            sql.Append(" order by e.seq offset ").Append(Add(parameters, offset));
        else
            sql = Counted(query, offset, sql, parameters);
        return sql.Append(" limit ").Append(Add(parameters, (long)most)).ToString();
    }

    /// <summary>Up to so many rows it costs less to read them and to leave them out than to count.</summary>
    private const int Skipped = 200;

    /// <summary>Whether the database has counted them: the entities of one kind, all or a project's, and nothing narrower.</summary>
    private static bool IsCounted(EntityQuery query) => query is { Terms.Length: 1, Mixins.Count: 0, Attributes: null, Id: null, Title: null, Titled: null, State: null };

    /// <summary>
    /// Goes to a place in creation order by the counts of stretches of it (migration 0033): adds them up until the one that the place is in, and skips only what is before it there. Counts and rows
    /// are of one statement, so of one moment.
    /// </summary>
    private static StringBuilder Counted(EntityQuery query, long offset, StringBuilder sql, NpgsqlParameterCollection parameters)
    {
        var at = Add(parameters, offset);
        var counts = new StringBuilder("with stretch as materialized (select block, sum(entities)::bigint as entities from entity_count where state_name = ").Append(Add(parameters, query.Terms[0]));
        if (query.Project is { } project)
            counts.Append(" and project = any(").Append(Add<Guid[]>(parameters, query.Unowned ? [project, Guid.Empty] : [project])).Append(')');
        counts.Append(" group by block), summed as (select block, entities, (sum(entities) over (order by block) - entities)::bigint as before from stretch), ")
            .Append("place as materialized (select block, before from summed where before <= ").Append(at).Append(" and before + entities > ").Append(at).Append(") ");
        return counts.Append(sql).Append(" and e.seq >= (select block << 10 from place) order by e.seq offset ").Append(at).Append(" - (select before from place)");
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
        var sql = new StringBuilder("select e.state_name, e.entity_id").Append(views ? ", e.payload" : "").Append(" from entity e where ");
        Conditions(sql, query, parameters);
        sql.Append(" order by e.seq");
        if (query.Page is { } page)
            sql.Append(" offset ").Append(Add(parameters, page.Offset)).Append(" limit ").Append(Add(parameters, (long)page.Size));
        return sql.ToString();
    }

    private static void Conditions(StringBuilder sql, EntityQuery query, NpgsqlParameterCollection parameters)
    {
        sql.Append("e.listed and ");
        // One kind's rows lie in creation order in an index; those of several have to be sorted.
        if (query.Terms is [var only])
            sql.Append("e.state_name = ").Append(Add(parameters, only));
        else
            sql.Append("e.state_name = any(").Append(Add(parameters, query.Terms)).Append(')');
        if (query.Project is { } project)
            sql.Append(" and (e.project = ").Append(Add(parameters, project)).Append(query.Unowned ? " or e.project is null)" : ")");
        if (query.Id is { } id)
            sql.Append(" and e.entity_id = ").Append(Add(parameters, id));
        foreach (var set in query.Mixins)
            sql.Append(" and e.mixins && ").Append(Add(parameters, set));
        if (query.Title is { } title)
            sql.Append(" and e.title = ").Append(Add(parameters, title));
        if (query.Titled is { } part)
            sql.Append(" and strpos(lower(e.title), lower(").Append(Add(parameters, part)).Append(")) > 0");
        if (query.State is { } state)
            sql.Append(" and e.state = ").Append(Add(parameters, state));
        // Containment compares by type, and numbers as numbers: 2 equals 2.0 and not "2".
        if (query.Attributes is { } attributes)
            sql.Append(" and convert_from(e.payload, 'UTF8')::jsonb #> '{view,attributes}' @> ").Append(Add(parameters, attributes)).Append("::jsonb");
    }

    private static string Add<T>(NpgsqlParameterCollection parameters, T value)
    {
        var parameter = new NpgsqlParameter<T> { TypedValue = value };
        if (value is string[])
            parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text;
        parameters.Add(parameter);
        return "$" + parameters.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The view in a payload; null: it has none.</summary>
    public static EntityView? ViewIn(ReadOnlySpan<byte> payload) => JsonSerializer.Deserialize(payload, ContractsJson.Default.RowEntityView)?.View;

    private static EntityView? ViewIn(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(column), ContractsJson.Default.RowEntityView)?.View;
}
