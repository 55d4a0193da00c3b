using Controller.Contracts;
using Controller.Grains.Placement;
using Npgsql;
using Orleans.Storage;

namespace Controller.Silo.Postgres;

/// <summary>
/// Claims in PostgreSQL. A placement locks its project (quota), its networks, then the host that it tries, checks the sums of rows and inserts: two that race for the last core
/// meet at the lock, and the second is told. Nobody waits for a host's lock while it holds another's: their orders differ, and two would wait for each other.
/// </summary>
internal sealed partial class PostgresClaims(NpgsqlDataSource database, PlacementOptions options) : IClaims
{
    private const string Trying = "trying";

    private readonly Weighers _weighers = new(options);

    /// <summary>Held while a range is chosen: two inserts that the exclusion constraint sets against each other would wait for each other.</summary>
    private static readonly Guid AllSubnets = new("5b1e7c60-0000-4000-8000-000000000001");

    public async Task<PlacementResult> Place(PlacementRequest request)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Stand(connection, request);
        await Lock(connection, request.Project);
        if (await Value<Guid>(connection, "SELECT host FROM host_claim WHERE consumer = $1 AND incarnation = $2", request.Consumer, request.Incarnation) is { } already)
            return new(already, OutcomeKind.AlreadyDone, null) { Pool = await PoolOf(connection, request) };
        if (await QuotaRefusal(connection, request) is { } over)
            return await Refuse(transaction, request, new(null, OutcomeKind.QuotaExceeded, over));

        // Networks are locked in one order everywhere, so that two placements cannot wait for each other.
        foreach (var address in request.Addresses.OrderBy(a => a.Network).ThenBy(a => a.Link))
        {
            if ((await ClaimAddress(connection, address with { Project = request.Project }, withinQuota: true)).Why is { } why)
                return await Refuse(transaction, request, new(null, OutcomeKind.Conflict, why));
        }
        var tally = new PlacementTally(request);
        var pools = await Pools(connection, request);
        var judged = await Judge(connection, request, pools);
        foreach (var candidate in _weighers.Order(tally.Fitting(judged), request))
        {
            await transaction.SaveAsync(Trying);
            await Lock(connection, candidate.Id);
            await Recount(connection, pools, candidate.Id, request);
            // What was so when the candidates were listed may not be so any more.
            if (await Judge(connection, request, pools, candidate.Id) is not [var now] || !tally.Fits(now))
            {
                await transaction.RollbackAsync(Trying);   // gives up the host's lock and keeps the project's
                continue;
            }
            await Insert(connection, request, candidate.Id);
            var pool = await InsertPool(connection, request, pools, candidate.Id);
            await Note(connection, request, new(candidate.Id, OutcomeKind.Done, null), judged, tally);
            await transaction.CommitAsync();
            return new(candidate.Id, OutcomeKind.Done, null) { Pool = pool };
        }
        return await Refuse(transaction, request, new(null, OutcomeKind.NoCapacity, tally.Explain()), judged, tally);
    }

    private async Task<List<HostRoom>> Judge(NpgsqlConnection connection, PlacementRequest request, PoolRooms? pools, Guid? only = null)
    {
        var hosts = await PlacementFilters.Judge(connection, request, options, only);
        return pools is null ? hosts : hosts.ConvertAll(pools.Judge);
    }

    public async Task<PlacementResult> Resize(PlacementRequest request, Guid host)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Stand(connection, request);
        await Lock(connection, request.Project);
        await Lock(connection, host);
        if (await Shrinks(connection, request))
        {
            await Take(connection, request);
            if (request.Pool is not null)
                await TakeInPool(connection, request);
            await transaction.CommitAsync();
            return new(host, OutcomeKind.Done, null);
        }
        if (await QuotaRefusal(connection, request) is { } over)
            return new(null, OutcomeKind.QuotaExceeded, over);
        var tally = new PlacementTally(request);
        if (await PlacementFilters.Judge(connection, request, options, host, staying: true) is not [var room] || !tally.Fits(room))
            return new(null, OutcomeKind.NoCapacity, tally.Explain());
        await Take(connection, request);   // hosts' rows before pools', as Release does
        if (await ResizeInPool(connection, request) is { } full)
            return new(null, OutcomeKind.NoCapacity, full);
        await transaction.CommitAsync();
        return new(host, OutcomeKind.Done, null);
    }

    /// <summary>What gives something back and takes nothing is possible, however full a host or little a quota is.</summary>
    private static async Task<bool> Shrinks(NpgsqlConnection connection, PlacementRequest request) => await Value<bool>(
        connection,
        """
        SELECT $3 <= cores AND $4 <= memory AND $5 <= disk AND placement_group IS NOT DISTINCT FROM nullif($6, '')
            AND $7 <= coalesce((SELECT disk FROM pool_claim WHERE consumer = $1), 0)
        FROM host_claim WHERE consumer = $1 AND incarnation = $2
        """,
        request.Consumer, request.Incarnation, request.Cores, request.MemoryBytes, request.LocalDiskBytes, request.Group?.Key ?? "",
        request.DiskBytes - request.LocalDiskBytes) == true;

    private static Task Take(NpgsqlConnection connection, PlacementRequest request) => Execute(
        connection, "UPDATE host_claim SET cores = $3, memory = $4, disk = $5, placement_group = nullif($6, '') WHERE consumer = $1 AND incarnation = $2",
        request.Consumer, request.Incarnation, request.Cores, request.MemoryBytes, request.LocalDiskBytes, request.Group?.Key ?? "");

    public Task Note(string term, Guid consumer, Guid incarnation, Guid host, Guid project) => Execute(
        """
        INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk) VALUES ($1, $2, $3, $4, $5, 0, 0, 0)
        ON CONFLICT DO NOTHING
        """,
        consumer, incarnation, host, term, project);

    public Task Leave(Guid consumer, Guid incarnation, Guid host) => Execute(
        "DELETE FROM host_claim WHERE consumer = $1 AND incarnation = $2 AND host = $3", consumer, incarnation, host);

    // Why it was placed where it was is nobody's question any more; why it was not is.
    public Task Release(Guid consumer, long? version = null) => Execute(
        """
        WITH gone AS MATERIALIZED (SELECT $1 AS id WHERE $2 = 0 OR EXISTS (SELECT FROM entity WHERE entity_id = $1 AND version = $2)),
            addresses AS (DELETE FROM address_claim USING gone WHERE consumer = gone.id), pools AS (DELETE FROM pool_claim USING gone WHERE consumer = gone.id),
            decision AS (DELETE FROM placement_decision USING gone WHERE consumer = gone.id AND placed)
        DELETE FROM host_claim USING gone WHERE consumer = gone.id
        """,
        consumer, version ?? 0);

    public Task ReleaseIncarnation(Guid consumer, Guid incarnation) => Execute("DELETE FROM host_claim WHERE consumer = $1 AND incarnation = $2", consumer, incarnation);

    public async Task<IReadOnlyList<(Guid Host, Guid Incarnation)>> Of(Guid consumer)
    {
        await using var command = Command("SELECT host, incarnation FROM host_claim WHERE consumer = $1", consumer);
        await using var reader = await command.ExecuteReaderAsync();
        var placements = new List<(Guid, Guid)>();
        while (await reader.ReadAsync())
            placements.Add((reader.GetGuid(0), reader.GetGuid(1)));
        return placements;
    }

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

    /// <summary>What the project would use beyond its quota; null when it fits.</summary>
    private static async Task<string?> QuotaRefusal(NpgsqlConnection connection, PlacementRequest request)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT q.quota, u.computes, u.cores, u.memory, u.disk, u.volumes,
                   (SELECT count(*) FROM address_claim WHERE project = $1 AND link <> ALL ($3)), (SELECT count(*) FROM unnest($4) n JOIN subnet_claim s ON s.network = n)
            FROM (SELECT convert_from(payload, 'UTF8')::jsonb #> '{record,quota}' AS quota FROM entity WHERE state_name = 'project' AND entity_id = $1) q,
                 (SELECT count(*) FILTER (WHERE term = 'compute') AS computes, count(*) FILTER (WHERE term = 'storage') AS volumes, coalesce(sum(cores), 0)::bigint AS cores, coalesce(sum(memory), 0)::bigint AS memory,
                         (coalesce(sum(disk), 0) + (SELECT coalesce(sum(disk), 0) FROM pool_claim WHERE project = $1 AND consumer <> $2))::bigint AS disk
                  FROM (SELECT term, max(cores) AS cores, max(memory) AS memory, max(disk) AS disk FROM host_claim WHERE project = $1 AND consumer <> $2 GROUP BY consumer, term) once) u
            """,
            connection)
        {
            Parameters =
            {
                new() { Value = request.Project }, new() { Value = request.Consumer }, new() { Value = request.Addresses.Select(a => a.Link).ToArray() }, new() { Value = request.Addresses.Select(a => a.Network).ToArray() },
            },
        };
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync() || reader.IsDBNull(0))
            return null;
        using var quota = System.Text.Json.JsonDocument.Parse(reader.GetString(0));
        return PlacementTally.Over(
            quota.RootElement,
            ("computes", reader.GetInt64(1), request.Term == "compute" ? 1 : 0, ""),
            ("cores", reader.GetInt64(2), request.Cores, ""),
            ("memoryBytes", reader.GetInt64(3), request.MemoryBytes, " bytes"),
            ("diskBytes", reader.GetInt64(4), request.DiskBytes, " bytes"),
            ("volumes", reader.GetInt64(5), request.Term == "storage" ? 1 : 0, ""),
            ("addresses", reader.GetInt64(6), reader.GetInt64(7), ""));
    }

    private static async Task Insert(NpgsqlConnection connection, PlacementRequest r, Guid host)
    {
        await Execute(
            connection,
            """
            INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk, placement_group, zone, image)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, ''), nullif($10, ''), nullif($11, ''))
            """,
            r.Consumer, r.Incarnation, host, r.Term, r.Project, r.Cores, r.MemoryBytes, r.LocalDiskBytes, r.Group?.Key ?? "", r.Zone ?? "", r.Image ?? "");
        // A volume's project is its own: it was the linking caller's, and may be another than the machine's.
        foreach (var volume in r.Volumes)
        {
            await Execute(
                connection,
                """
                INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk, zone)
                SELECT $1, $2, $3, 'storage', (SELECT project FROM host_claim WHERE consumer = $1 LIMIT 1), 0, 0, $4, nullif($5, '')
                """,
                volume.Volume, volume.Incarnation, host, volume.Bytes, volume.Zone ?? "");
        }
    }

    /// <summary>The consumer's record stays at the version that the request was decided on, until the end of the transaction.</summary>
    private static async Task Stand(NpgsqlConnection connection, PlacementRequest request)
    {
        if (request.Version is { } version
            && await Value<int>(connection, "SELECT version FROM entity WHERE entity_id = $1 AND version = $2 FOR SHARE", request.Consumer, version) is null)
        {
            throw new InconsistentStateException($"The record of {request.Consumer} is at version {version} no more: somebody else has gone on with it.");
        }
    }

    /// <summary>Until the end of the transaction. Always the project first, then networks in order, then one host, then one pool.</summary>
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
