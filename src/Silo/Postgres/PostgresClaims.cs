using Controller.Contracts;
using Controller.Grains.Placement;
using Npgsql;
using Orleans.Storage;

namespace Controller.Silo.Postgres;

/// <summary>
/// Claims in PostgreSQL. A placement locks its project (quota), its networks, then the host that it tries, checks the sums of rows and inserts: two that race for the last core
/// meet at the lock, and the second is told. Nobody waits for a host's lock while it holds another's: their orders differ, and two would wait for each other.
/// </summary>
internal sealed partial class PostgresClaims : IClaims
{
    private const string Trying = "trying";

    private readonly NpgsqlDataSource _database;
    private readonly PlacementOptions _options;
    private readonly TimeProvider _time;
    private readonly Weighers _weighers;
    private readonly HostSampling _sampling = new();
    private readonly PlacementTurns _turns;

    // Where to look first, under the lock of all subnets. Nothing depends on it but how long that takes.
    private int _nextSubnet;
    private long _nextSubnet6;

    /// <summary>Held while a range is chosen: two inserts that the exclusion constraint sets against each other would wait for each other.</summary>
    private static readonly Guid AllSubnets = new("5b1e7c60-0000-4000-8000-000000000001");

    public PostgresClaims(NpgsqlDataSource database, PlacementOptions options, TimeProvider time)
    {
        (_database, _options, _weighers, _time) = (database, options, new(options), time);
        _turns = new(PlaceNow, PlaceTogether, time);
    }

    public Task<PlacementResult> Place(PlacementRequest request) => _turns.Place(request);

    private async Task<PlacementResult> PlaceNow(PlacementRequest request)
    {
        await using var connection = await _database.OpenConnectionAsync();
        var sample = await _sampling.Of(connection, request, _options);
        await using var transaction = await connection.BeginTransactionAsync();
        var begun = await Begin(connection, request);
        if (begun.Already is { } already)
            return new(already, OutcomeKind.AlreadyDone, null) { Pool = await PoolOf(connection, request) };
        if (begun.OverQuota is { } over)
            return await Refuse(transaction, request, new(null, OutcomeKind.QuotaExceeded, over));

        // Networks are locked in one order everywhere, so that two placements cannot wait for each other.
        foreach (var address in request.Addresses.OrderBy(a => a.Network).ThenBy(a => a.Link))
        {
            if ((await ClaimAddress(connection, address with { Project = request.Project }, withinQuota: true)).Why is { } why)
                return await Refuse(transaction, request, new(null, OutcomeKind.Conflict, why));
        }
        var pools = await Pools(connection, request);
        // Where none of a sample can take it, all are asked: a refusal is about all of them.
        foreach (var among in sample is null ? (Guid[]?[])[null] : [sample, null])
        {
            var tally = new PlacementTally(request);
            var judged = await Judge(connection, request, pools, among);
            foreach (var candidate in _weighers.Order(tally.Fitting(judged), request))
            {
                await transaction.SaveAsync(Trying);
                // What was so when the candidates were listed may not be so any more.
                if (!tally.Fits(await JudgeLocked(connection, request, pools, candidate.Id)))
                {
                    await transaction.RollbackAsync(Trying);   // gives up the host's lock and keeps the project's
                    continue;
                }
                await Insert(connection, request, candidate.Id, Noting(request, new(candidate.Id, OutcomeKind.Done, null), judged, tally));
                var pool = await InsertPool(connection, request, pools, candidate.Id);
                await transaction.CommitAsync();
                return new(candidate.Id, OutcomeKind.Done, null) { Pool = pool };
            }
            if (among is null)
                return await Refuse(transaction, request, new(null, OutcomeKind.NoCapacity, tally.Explain()), judged, tally);
        }
        throw new System.Diagnostics.UnreachableException("All hosts are asked at last.");
    }

    /// <summary>What every placement asks first, in one round trip: while it lasts nobody else of the project is placed.</summary>
    private static async Task<(Guid? Already, string? OverQuota)> Begin(NpgsqlConnection connection, PlacementRequest request)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Part("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", request.Project.ToString()),
                Part("SELECT host FROM host_claim WHERE consumer = $1 AND incarnation = $2", request.Consumer, request.Incarnation),
                QuotaOf(request),
            },
        };
        // Before the lock: what has moved waits for nobody.
        if (request.Version is { } version)
            batch.BatchCommands.Insert(0, Part(Standing, request.Consumer, (int)version));
        await using var reader = await batch.ExecuteReaderAsync();
        if (request.Version is not null)
        {
            if (!await reader.ReadAsync())
                throw Moved(request);
            await reader.NextResultAsync();
        }
        await reader.NextResultAsync();
        var already = await reader.ReadAsync() ? reader.GetGuid(0) : (Guid?)null;
        await reader.NextResultAsync();
        return (already, already is null ? await OverQuota(reader, request) : null);
    }

    private async Task<List<HostRoom>> Judge(NpgsqlConnection connection, PlacementRequest request, PoolRooms? pools, Guid[]? among)
    {
        var hosts = await PlacementFilters.Judge(connection, request, _options, among);
        return pools is null ? hosts : hosts.ConvertAll(pools.Judge);
    }

    /// <summary>One host, under its lock, in one round trip; a host that is gone is one that does not fit.</summary>
    private async Task<HostRoom> JudgeLocked(NpgsqlConnection connection, PlacementRequest request, PoolRooms? pools, Guid host)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands = { Part("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", host.ToString()), PlacementFilters.Question(request, _options, [host]) },
        };
        List<HostRoom> judged;
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            await reader.NextResultAsync();
            judged = await PlacementFilters.Answer(reader);
        }
        if (judged is not [var now])
            return new(host, "", new(0, 0, 0), new(0, 0, 0), false, "gone");
        await Recount(connection, pools, host, request);
        return pools is null ? now : pools.Judge(now);
    }

    public async Task<PlacementResult> Resize(PlacementRequest request, Guid host)
    {
        await using var connection = await _database.OpenConnectionAsync();
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
        if (await PlacementFilters.Judge(connection, request, _options, [host], staying: true) is not [var room] || !tally.Fits(room))
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

    // What the project has is counted only where something limits it: the claims of a large one are many.
    private const string Quota =
        """
        SELECT q.quota, u.computes, u.cores, u.memory, u.disk, u.volumes, u.addresses, u.asked
        FROM (SELECT convert_from(payload, 'UTF8')::jsonb #> '{record,quota}' AS quota FROM entity WHERE state_name = 'project' AND entity_id = $1) q
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE term = 'compute') AS computes, count(*) FILTER (WHERE term = 'storage') AS volumes, coalesce(sum(cores), 0)::bigint AS cores,
                   coalesce(sum(memory), 0)::bigint AS memory, (SELECT count(*) FROM address_claim WHERE project = $1 AND link <> ALL ($3)) AS addresses,
                   (SELECT count(*) FROM unnest($4) n JOIN subnet_claim s ON s.network = n) AS asked,
                   (coalesce(sum(disk), 0) + (SELECT coalesce(sum(disk), 0) FROM pool_claim WHERE project = $1 AND consumer <> $2))::bigint AS disk
            FROM (SELECT term, max(cores) AS cores, max(memory) AS memory, max(disk) AS disk FROM host_claim WHERE project = $1 AND consumer <> $2 GROUP BY consumer, term) once
            HAVING q.quota IS NOT NULL) u
        WHERE jsonb_typeof(q.quota) = 'object' AND jsonb_strip_nulls(q.quota) <> '{}'
        """;

    private static NpgsqlBatchCommand QuotaOf(PlacementRequest request) =>
        Part(Quota, request.Project, request.Consumer, request.Addresses.Select(a => a.Link).ToArray(), request.Addresses.Select(a => a.Network).ToArray());

    private const string Standing = "SELECT version, entity_id FROM entity WHERE entity_id = $1 AND version = $2 FOR SHARE";

    /// <summary>What the project would use beyond its quota; null when it fits.</summary>
    private static async Task<string?> QuotaRefusal(NpgsqlConnection connection, PlacementRequest request)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { QuotaOf(request) } };
        await using var reader = await batch.ExecuteReaderAsync();
        return await OverQuota(reader, request);
    }

    private static async Task<string?> OverQuota(NpgsqlDataReader reader, PlacementRequest request) => (await Spent.Read(reader))?.Over(request);

    /// <summary>Takes the host and keeps why, in one round trip.</summary>
    private static async Task Insert(NpgsqlConnection connection, PlacementRequest r, Guid host, NpgsqlBatchCommand noting)
    {
        await using var batch = new NpgsqlBatch(connection) 
        {
            BatchCommands =
            {
        Part(
                """
                INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk, placement_group, zone, image)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, nullif($9, ''), nullif($10, ''), nullif($11, ''))
                """,
                r.Consumer, r.Incarnation, host, r.Term, r.Project, r.Cores, r.MemoryBytes, r.LocalDiskBytes, r.Group?.Key ?? "", r.Zone ?? "", r.Image ?? ""),
            },
        };
        // A volume's project is its own: it was the linking caller's, and may be another than the machine's.
        foreach (var volume in r.Volumes)
        {
            batch.BatchCommands.Add(Part(
                """
                INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk, zone)
                SELECT $1, $2, $3, 'storage', (SELECT project FROM host_claim WHERE consumer = $1 LIMIT 1), 0, 0, $4, nullif($5, '')
                """,
                volume.Volume, volume.Incarnation, host, volume.Bytes, volume.Zone ?? ""));
        }
        batch.BatchCommands.Add(noting);
        await batch.ExecuteNonQueryAsync();
    }

    /// <summary>The consumer's record stays at the version that the request was decided on, until the end of the transaction.</summary>
    private static async Task Stand(NpgsqlConnection connection, PlacementRequest request)
    {
        if (request.Version is { } version && await Value<int>(connection, Standing, request.Consumer, (int)version) is null)
            throw Moved(request);
    }

    private static InconsistentStateException Moved(PlacementRequest request) =>
        new($"The record of {request.Consumer} is at version {request.Version} no more: somebody else has gone on with it.");

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

    private NpgsqlCommand Command(string sql, params object[] parameters) => With(_database.CreateCommand(sql), parameters);

    private static NpgsqlBatchCommand Part(string sql, params object[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in parameters)
            command.Parameters.Add(new() { Value = value });
        return command;
    }

    private static NpgsqlCommand With(NpgsqlCommand command, object[] parameters)
    {
        foreach (var value in parameters)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}
