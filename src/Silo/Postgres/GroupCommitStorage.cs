using System.Globalization;
using System.Threading.Channels;
using Controller.Grains.Persistence;
using Npgsql;
using NpgsqlTypes;
using Orleans.Storage;

namespace Controller.Silo.Postgres;

/// <summary>
/// Records of grains, in the same rows as Orleans' own ADO.NET provider has them. Writes that wait at the same time become one round trip and one commit: at 32 in flight that is several times as
/// many for the same work of the database. Each is told its own outcome; a write that PostgreSQL refuses takes no other with it.
/// </summary>
internal sealed class GroupCommitStorage : IGrainStorage, IAsyncDisposable
{
    /// <summary>While one commits the next gathers.</summary>
    private const int Writers = 2;

    private const int MostRows = 128;

    private const string Read = "SELECT payload, version FROM entity WHERE state_name = $1 AND id = $2";

    private const string Delete = "DELETE FROM entity WHERE state_name = $1 AND id = $2 AND version = $3";

    // The same rows as WriteToStorageKey of migration 0002. Each is found by its key, whatever PostgreSQL knows of the table's size: one statement for all of them was planned as a join,
    // and read the whole table where that had grown since.
    private const string Insert =
        """
        INSERT INTO entity (state_name, id, version, payload, entity_id, project, source, target, state, host, title, mixins, listed, due, cores, memory, disk)
        VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT DO NOTHING
        """;

    private const string Update =
        """
        UPDATE entity SET payload = $3, version = version + 1, modified = now(), entity_id = $4, project = $5, source = $6, target = $7, state = $8, host = $9, title = $10, mixins = $11,
            listed = $12, due = $13, cores = $14, memory = $15, disk = $16
        WHERE state_name = $1 AND id = $2 AND version = $17
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
        var row = new Row(stateName, KeyOf(grainId), VersionOf(grainState), _serializer.Serialize(grainState.State).ToMemory(), ((IIndexed)grainState.State!).Index);
        await _waiting.Writer.WriteAsync(row);
        var version = await row.Written.Task ?? throw Moved(stateName, grainId, grainState);
        (grainState.ETag, grainState.RecordExists) = (Text(version), true);
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (VersionOf(grainState) is { } version)
        {
            await using var connection = await _database.OpenConnectionAsync();
            await using var command = new NpgsqlCommand(Delete, connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = stateName });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = KeyOf(grainId) });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
            if (await Sent(command.ExecuteNonQueryAsync()) == 0)
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

    // One transaction, in one round trip.
    private async Task Send(List<Row> rows)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        foreach (var row in rows)
            batch.BatchCommands.Add(Statement(row));
        await Sent(batch.ExecuteNonQueryAsync());
        for (var index = 0; index < rows.Count; index++)
            rows[index].Written.TrySetResult(batch.BatchCommands[index].RecordsAffected == 1 ? (rows[index].Version ?? 0) + 1 : null);
    }

    /// <summary>What failed before this was not done. Of what was sent it is known only where PostgreSQL itself has refused it, and was not about to end.</summary>
    private static async Task<int> Sent(Task<int> execution)
    {
        try
        {
            return await execution;
        }
        catch (Exception e) when (e is not PostgresException { InvariantSeverity: "ERROR" })
        {
            throw new WriteInDoubtException(e);
        }
    }

    private static NpgsqlBatchCommand Statement(Row row)
    {
        var command = new NpgsqlBatchCommand(row.Version is null ? Insert : Update);
        var index = row.Index;
        Add(row.State, NpgsqlDbType.Text);
        Add(row.Id, NpgsqlDbType.Text);
        command.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = row.Payload, NpgsqlDbType = NpgsqlDbType.Bytea });
        Add(index.EntityId, NpgsqlDbType.Uuid);
        Add(index.Project, NpgsqlDbType.Uuid);
        Add(index.Source, NpgsqlDbType.Uuid);
        Add(index.Target, NpgsqlDbType.Uuid);
        Add(index.State, NpgsqlDbType.Text);
        Add(index.Host, NpgsqlDbType.Uuid);
        Add(index.Title, NpgsqlDbType.Text);
        Add(index.Mixins, NpgsqlDbType.Array | NpgsqlDbType.Text);
        Add(index.Listed, NpgsqlDbType.Boolean);
        Add(index.Due is { } due ? Rounded(due) : null, NpgsqlDbType.TimestampTz);
        Add(index.Cores, NpgsqlDbType.Integer);
        Add(index.Memory, NpgsqlDbType.Bigint);
        Add(index.Disk, NpgsqlDbType.Bigint);
        if (row.Version is { } version)
            Add(version, NpgsqlDbType.Integer);
        return command;

        void Add(object? value, NpgsqlDbType type) => command.Parameters.Add(new() { Value = value ?? DBNull.Value, NpgsqlDbType = type });
    }

    // To microseconds, as PostgreSQL rounds a text; of a parameter the rest is cut off.
    private static DateTimeOffset Rounded(DateTimeOffset moment) => new((moment.UtcTicks + (TimeSpan.TicksPerMicrosecond / 2)) / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    private static string KeyOf(GrainId grainId) => grainId.Key.ToString()!;   // ours are text

    private static string Text(int version) => version.ToString(CultureInfo.InvariantCulture);

    private static int? VersionOf<T>(IGrainState<T> state) => state.ETag is { } etag ? int.Parse(etag, CultureInfo.InvariantCulture) : null;

    private static void Empty<T>(IGrainState<T> state) => (state.State, state.ETag, state.RecordExists) = (Activator.CreateInstance<T>(), null, false);

    private static InconsistentStateException Moved<T>(string stateName, GrainId grainId, IGrainState<T> state) =>
        new($"The record of {stateName} {grainId.Key} is at version {state.ETag ?? "none"} no more: somebody else has gone on with it.", "another", state.ETag ?? "none");

    private sealed record Row(string State, string Id, int? Version, ReadOnlyMemory<byte> Payload, EntityIndex Index)
    {
        /// <summary>The new version; null: the row was at another one.</summary>
        public TaskCompletionSource<int?> Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>The database went away while it was told to write: it may have.</summary>
internal sealed class WriteInDoubtException(Exception cause) : Exception($"It is not known whether it was written: {cause.Message}", cause);
