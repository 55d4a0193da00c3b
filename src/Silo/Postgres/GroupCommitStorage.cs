using System.Globalization;
using System.Threading.Channels;
using Controller.Grains.Persistence;
using Npgsql;
using NpgsqlTypes;
using Orleans.Storage;

namespace Controller.Silo.Postgres;

/// <summary>
/// Records of grains, in the same rows as Orleans' own ADO.NET provider has them. Writes that wait at the same time become one statement and one commit: at 32 in flight that is several times as
/// many for the same work of the database. Each is told its own outcome; a write that PostgreSQL refuses takes no other with it.
/// </summary>
internal sealed class GroupCommitStorage : IGrainStorage, IAsyncDisposable
{
    /// <summary>While one commits the next gathers.</summary>
    private const int Writers = 2;

    private const int MostRows = 128;

    private const string Columns = "entity_id, project, source, target, state, host, title, mixins, listed, due, cores, memory, disk";

    private const string Read = "SELECT payload, version FROM entity WHERE state_name = $1 AND id = $2";

    private const string Delete = "DELETE FROM entity WHERE state_name = $1 AND id = $2 AND version = $3";

    /// <summary>As <c>WriteToStorageKey</c> in migration 0002, for many.</summary>
    private const string Write =
        $"""
        WITH b AS MATERIALIZED (
            SELECT w.ord, w.state_name, w.id, w.version, w.payload, convert_from(w.payload, 'UTF8')::jsonb -> 'index' AS i
            FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS w (state_name, id, version, payload, ord)),
        c AS MATERIALIZED (
            SELECT ord, state_name AS of_state, id AS of_id, version, payload,
                (i ->> 'entityId')::uuid AS entity_id, (i ->> 'project')::uuid AS project, (i ->> 'source')::uuid AS source, (i ->> 'target')::uuid AS target,
                i ->> 'state' AS state, (i ->> 'host')::uuid AS host, i ->> 'title' AS title,
                ARRAY(SELECT jsonb_array_elements_text(i -> 'mixins')) AS mixins, (i ->> 'listed')::boolean AS listed, (i ->> 'due')::timestamptz AS due,
                (i ->> 'cores')::integer AS cores, (i ->> 'memory')::bigint AS memory, (i ->> 'disk')::bigint AS disk
            FROM b),
        u AS (
            UPDATE entity e SET payload = c.payload, version = e.version + 1, modified = now(), entity_id = c.entity_id, project = c.project,
                source = c.source, target = c.target, state = c.state, host = c.host, title = c.title, mixins = c.mixins, listed = c.listed, due = c.due,
                cores = c.cores, memory = c.memory, disk = c.disk
            FROM c WHERE e.state_name = c.of_state AND e.id = c.of_id AND e.version = c.version
            RETURNING c.ord, e.version),
        n AS (
            INSERT INTO entity (state_name, id, version, payload, {Columns})
            SELECT of_state, of_id, 1, payload, {Columns} FROM c WHERE version IS NULL ORDER BY ord
            ON CONFLICT DO NOTHING
            RETURNING state_name, id, version)
        SELECT ord, version FROM u UNION ALL SELECT c.ord, n.version FROM n JOIN c ON c.of_state = n.state_name AND c.of_id = n.id AND c.version IS NULL
        """;

    private readonly NpgsqlDataSource _database;
    private readonly RecordSerializer _serializer = new();
    private readonly Channel<Row> _waiting = Channel.CreateBounded<Row>(new BoundedChannelOptions(4096));
    private readonly Task[] _writers;

    public GroupCommitStorage(NpgsqlDataSource database)
    {
        _database = database;
        _writers = [.. Enumerable.Range(0, Writers).Select(_ => Task.Run(WriteOn))];
    }

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await using var command = _database.CreateCommand(Read);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stateName });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = KeyOf(grainId) });
        await using var reader = await command.ExecuteReaderAsync();
        if (await reader.ReadAsync())
            (grainState.State, grainState.ETag, grainState.RecordExists) = (_serializer.Deserialize<T>(new(reader.GetFieldValue<byte[]>(0))), Text(reader.GetInt32(1)), true);
        else
            Empty(grainState);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var row = new Row(stateName, KeyOf(grainId), VersionOf(grainState), _serializer.Serialize(grainState.State).ToArray());
        await _waiting.Writer.WriteAsync(row);
        var version = await row.Written.Task ?? throw Moved(stateName, grainId, grainState);
        (grainState.ETag, grainState.RecordExists) = (Text(version), true);
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (VersionOf(grainState) is { } version)
        {
            await using var command = _database.CreateCommand(Delete);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stateName });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = KeyOf(grainId) });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
            if (await command.ExecuteNonQueryAsync() == 0)
                throw Moved(stateName, grainId, grainState);
        }
        Empty(grainState);
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await Task.WhenAll(_writers);
    }

    private async Task WriteOn()
    {
        var rows = new List<Row>(MostRows);
        var records = new HashSet<(string, string)>(MostRows);
        Row? next = null;
        while (next is not null || await _waiting.Reader.WaitToReadAsync())
        {
            rows.Clear();
            records.Clear();
            while (rows.Count < MostRows && (next is not null || _waiting.Reader.TryRead(out next)))
            {
                // One record twice in a statement would be written once, and both be told so.
                if (!records.Add((next.State, next.Id)))
                    break;
                rows.Add(next);
                next = null;
            }
            if (rows.Count > 0)
                await Commit(rows);
        }
    }

    private async Task Commit(List<Row> rows)
    {
        try
        {
            await Send(rows);
        }
        catch (PostgresException e) when (rows.Count > 1 && !e.IsTransient && e.SqlState != OwnSilo.Dead)
        {
            // Nothing of it was done. Whichever it does not take is told so, and the others are written.
            foreach (var row in rows)
                await Commit([row]);
        }
        catch (Exception e)
        {
            foreach (var row in rows)
                row.Written.TrySetException(e);
        }
    }

    private async Task Send(List<Row> rows)
    {
        await using var command = _database.CreateCommand(Write);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(r => r.State)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(r => r.Id)] });
        command.Parameters.Add(new NpgsqlParameter<int?[]> { TypedValue = [.. rows.Select(r => r.Version)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. rows.Select(r => r.Payload)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea });
        var versions = new int?[rows.Count];
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
                versions[reader.GetInt64(0) - 1] = reader.GetInt32(1);
        }
        for (var index = 0; index < rows.Count; index++)
            rows[index].Written.TrySetResult(versions[index]);
    }

    private static string KeyOf(GrainId grainId) => grainId.Key.ToString()!;   // ours are text

    private static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);

    private static int? VersionOf<T>(IGrainState<T> state) => state.ETag is { } etag ? int.Parse(etag, CultureInfo.InvariantCulture) : null;

    private static void Empty<T>(IGrainState<T> state) => (state.State, state.ETag, state.RecordExists) = (Activator.CreateInstance<T>(), null, false);

    private static InconsistentStateException Moved<T>(string stateName, GrainId grainId, IGrainState<T> state) =>
        new($"The record of {stateName} {grainId.Key} is at version {state.ETag ?? "none"} no more: somebody else has gone on with it.", "another", state.ETag ?? "none");

    private sealed record Row(string State, string Id, int? Version, byte[] Payload)
    {
        /// <summary>The new version; null: the row was at another one.</summary>
        public TaskCompletionSource<int?> Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
