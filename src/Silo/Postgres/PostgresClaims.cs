using Controller.Contracts;
using Controller.Grains.Placement;
using Npgsql;

namespace Controller.Silo.Postgres;

/// <summary>
/// Claims in PostgreSQL. A placement locks its project (quota), its networks, then the host that it tries, checks the sums of rows and inserts: two that race for the last core
/// meet at the lock, and the second is told. Nobody waits for a host's lock while it holds another's: their orders differ, and two would wait for each other.
/// </summary>
internal sealed partial class PostgresClaims(NpgsqlDataSource database, PlacementOptions options) : IClaims
{
    private const string Trying = "trying";

    /// <summary>Held while a range is chosen: two inserts that the exclusion constraint sets against each other would wait for each other.</summary>
    private static readonly Guid AllSubnets = new("5b1e7c60-0000-4000-8000-000000000001");

    public async Task<PlacementResult> Place(PlacementRequest request)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, request.Project);
        if (await Value<Guid>(connection, "SELECT host FROM host_claim WHERE consumer = $1 AND incarnation = $2", request.Consumer, request.Incarnation) is { } already)
            return new(already, OutcomeKind.AlreadyDone, null);
        if (await QuotaRefusal(connection, request) is { } over)
            return new(null, OutcomeKind.QuotaExceeded, over);

        // Networks are locked in one order everywhere, so that two placements cannot wait for each other.
        foreach (var address in request.Addresses.OrderBy(a => a.Network).ThenBy(a => a.Link))
        {
            if ((await ClaimAddress(connection, address)).Why is { } why)
                return new(null, OutcomeKind.Conflict, why);
        }
        var tally = new PlacementTally(request, options);
        foreach (var candidate in tally.Order(await Hosts(connection)))
        {
            await transaction.SaveAsync(Trying);
            await Lock(connection, candidate.Id);
            // What was free when the candidates were listed may be taken by now.
            var now = candidate with { Used = await Used(connection, candidate.Id, null) };
            if (!tally.Fits(now))
            {
                await transaction.RollbackAsync(Trying);   // gives up the host's lock and keeps the project's
                continue;
            }
            await Insert(connection, request, candidate.Id);
            await transaction.CommitAsync();
            return new(candidate.Id, OutcomeKind.Done, null);
        }
        return new(null, OutcomeKind.NoCapacity, tally.Explain());
    }

    public async Task<PlacementResult> Resize(PlacementRequest request, Guid host)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, request.Project);
        await Lock(connection, host);
        if (await QuotaRefusal(connection, request) is { } over)
            return new(null, OutcomeKind.QuotaExceeded, over);
        var tally = new PlacementTally(request with { OnlyHost = host }, options);
        var candidate = (await Hosts(connection)).FirstOrDefault(h => h.Id == host);
        if (candidate is null || !tally.HasRoom(candidate with { Used = await Used(connection, host, request.Consumer) }))
            return new(null, OutcomeKind.NoCapacity, tally.Explain());
        await Execute(
            connection, "UPDATE host_claim SET cores = $3, memory = $4, disk = $5 WHERE consumer = $1 AND incarnation = $2",
            request.Consumer, request.Incarnation, request.Cores, request.MemoryBytes, request.DiskBytes);
        await transaction.CommitAsync();
        return new(host, OutcomeKind.Done, null);
    }

    public Task Note(string term, Guid consumer, Guid incarnation, Guid host, Guid project) => Execute(
        """
        INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk) VALUES ($1, $2, $3, $4, $5, 0, 0, 0)
        ON CONFLICT DO NOTHING
        """,
        consumer, incarnation, host, term, project);

    public Task Release(Guid consumer) => Execute(
        "WITH addresses AS (DELETE FROM address_claim WHERE consumer = $1) DELETE FROM host_claim WHERE consumer = $1", consumer);

    public Task ReleaseIncarnation(Guid consumer, Guid incarnation) => Execute("DELETE FROM host_claim WHERE consumer = $1 AND incarnation = $2", consumer, incarnation);

    public async Task<IReadOnlyList<Placed>> OnHost(Guid host)
    {
        await using var command = Command("SELECT term, consumer, incarnation FROM host_claim WHERE host = $1 ORDER BY claimed", host);
        await using var reader = await command.ExecuteReaderAsync();
        var placed = new List<Placed>();
        while (await reader.ReadAsync())
            placed.Add(new(reader.GetString(0), reader.GetGuid(1), reader.GetGuid(2)));
        return placed;
    }

    // ---------------------------------------------------------------- SQL

    private static async Task<List<HostRoom>> Hosts(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT e.entity_id, e.title, e.state, coalesce(e.cores, 0), coalesce(e.memory, 0), coalesce(e.disk, 0),
                   coalesce(c.cores, 0)::bigint, coalesce(c.memory, 0)::bigint, coalesce(c.disk, 0)::bigint,
                   convert_from(e.payload, 'UTF8')::jsonb #>> '{view,capabilities,architecture}',
                   convert_from(e.payload, 'UTF8')::jsonb #>> '{view,capabilities,driver}',
                   convert_from(e.payload, 'UTF8')::jsonb #>> '{view,capabilities,peerEndpoint}' IS NOT NULL
            FROM entity e
            LEFT JOIN (SELECT host, sum(cores) AS cores, sum(memory) AS memory, sum(disk) AS disk FROM host_claim GROUP BY host) c ON c.host = e.entity_id
            WHERE e.state_name = 'host'
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync();
        var hosts = new List<HostRoom>();
        while (await reader.ReadAsync())
        {
            hosts.Add(new(
                reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.IsDBNull(9) ? null : reader.GetString(9),
                new(reader.GetInt32(3), reader.GetInt64(4), reader.GetInt64(5)), new(reader.GetInt64(6), reader.GetInt64(7), reader.GetInt64(8)))
            {
                Driver = reader.IsDBNull(10) ? null : reader.GetString(10),
                HasPeers = reader.GetBoolean(11),
            });
        }
        return hosts;
    }

    private static async Task<Amounts> Used(NpgsqlConnection connection, Guid host, Guid? except)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT coalesce(sum(cores), 0)::bigint, coalesce(sum(memory), 0)::bigint, coalesce(sum(disk), 0)::bigint
            FROM host_claim WHERE host = $1 AND consumer IS DISTINCT FROM $2
            """,
            connection) { Parameters = { new() { Value = host }, new() { Value = (object?)except ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid } } };
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    /// <summary>What the project would use beyond its quota; null when it fits.</summary>
    private static async Task<string?> QuotaRefusal(NpgsqlConnection connection, PlacementRequest request)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT q.quota, u.computes, u.cores, u.memory, u.disk
            FROM (SELECT convert_from(payload, 'UTF8')::jsonb #> '{record,quota}' AS quota FROM entity WHERE state_name = 'project' AND entity_id = $1) q,
                 (SELECT count(*) FILTER (WHERE term = 'compute') AS computes, coalesce(sum(cores), 0)::bigint AS cores, coalesce(sum(memory), 0)::bigint AS memory,
                         coalesce(sum(disk), 0)::bigint AS disk
                  FROM (SELECT term, max(cores) AS cores, max(memory) AS memory, max(disk) AS disk FROM host_claim WHERE project = $1 AND consumer <> $2 GROUP BY consumer, term) once) u
            """,
            connection) { Parameters = { new() { Value = request.Project }, new() { Value = request.Consumer } } };
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync() || reader.IsDBNull(0))
            return null;
        using var quota = System.Text.Json.JsonDocument.Parse(reader.GetString(0));
        return PlacementTally.Over(
            quota.RootElement,
            ("computes", reader.GetInt64(1), request.Term == "compute" ? 1 : 0, ""),
            ("cores", reader.GetInt64(2), request.Cores, ""),
            ("memoryBytes", reader.GetInt64(3), request.MemoryBytes, " bytes"),
            ("diskBytes", reader.GetInt64(4), request.DiskBytes, " bytes"));
    }

    private static Task Insert(NpgsqlConnection connection, PlacementRequest r, Guid host) => Execute(
        connection, "INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        r.Consumer, r.Incarnation, host, r.Term, r.Project, r.Cores, r.MemoryBytes, r.DiskBytes);

    /// <summary>Until the end of the transaction. Always the project first, then networks in order, then hosts.</summary>
    private static Task Lock(NpgsqlConnection connection, Guid what) => Execute(connection, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", what.ToString());

    private static async Task<T?> Value<T>(NpgsqlConnection connection, string sql, params object[] parameters)
        where T : struct
    {
        await using var command = With(new NpgsqlCommand(sql, connection), parameters);
        return await command.ExecuteScalarAsync() is T value ? value : null;
    }

    private static async Task<string?> Text(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        await using var command = With(new NpgsqlCommand(sql, connection), parameters);
        return await command.ExecuteScalarAsync() as string;
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        await using var command = With(new NpgsqlCommand(sql, connection), parameters);
        await command.ExecuteNonQueryAsync();
    }

    private async Task Execute(string sql, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        await command.ExecuteNonQueryAsync();
    }

    private NpgsqlCommand Command(string sql, params object[] parameters) => With(database.CreateCommand(sql), parameters);

    private static NpgsqlCommand With(NpgsqlCommand command, object[] parameters)
    {
        foreach (var value in parameters)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}
