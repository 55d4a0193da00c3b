using Controller.Grains.Placement;
using Npgsql;
using NpgsqlTypes;

namespace Controller.Silo.Postgres;

/// <summary>
/// The one query that narrows: every host with its room, and the first filter that it does not pass for a request. It is asked of all hosts to find candidates, and of one host,
/// whose lock is held, to decide.
/// </summary>
internal static class PlacementFilters
{
    public const string Cores = "cores";
    public const string Memory = "memory";
    public const string Disk = "disk";

    /// <summary>Those that say how much is missing.</summary>
    public static readonly IReadOnlySet<string> AreOfRoom = new HashSet<string> { Cores, Memory, Disk };

    // The parameters stand in the order of Ask. A host of a row that an older silo wrote has no facts: then nothing is restricted. Who is being drained does not hold the
    // others of its group there: else a group could never leave.
    private const string All =
        """
        WITH mates AS (
            SELECT DISTINCT c.host, coalesce((h.facts ->> 'draining')::boolean, false) AS draining
            FROM host_claim c JOIN entity h ON h.state_name = 'host' AND h.entity_id = c.host
            WHERE c.project = $3 AND c.placement_group = $10 AND c.consumer <> $2),
        used AS (
            SELECT host, sum(cores) AS cores, sum(memory) AS memory, sum(disk) AS disk, bool_or(image = $11) AS image
            FROM host_claim WHERE consumer IS DISTINCT FROM $2 /* of them */ GROUP BY host),
        room AS (
            SELECT e.entity_id, e.title, e.state, e.facts, coalesce(u.image, false) AS image,
                floor((coalesce(e.cores, 0) - coalesce((e.facts ->> 'reservedCores')::bigint, 0)) * coalesce((e.facts ->> 'coresRatio')::float8, $15))::bigint AS all_cores,
                floor((coalesce(e.memory, 0) - coalesce((e.facts ->> 'reservedMemory')::bigint, 0)) * coalesce((e.facts ->> 'memoryRatio')::float8, $16))::bigint AS all_memory,
                floor((coalesce(e.disk, 0) - coalesce((e.facts ->> 'reservedDisk')::bigint, 0)) * coalesce((e.facts ->> 'diskRatio')::float8, $17))::bigint AS all_disk,
                coalesce(u.cores, 0)::bigint AS cores, coalesce(u.memory, 0)::bigint AS memory, coalesce(u.disk, 0)::bigint AS disk
            FROM entity e LEFT JOIN used u ON u.host = e.entity_id
            WHERE e.state_name = 'host' /* of these */)
        SELECT entity_id, title, all_cores, all_memory, all_disk, all_cores - cores, all_memory - memory, all_disk - disk, image, CASE
            WHEN entity_id <> $7 THEN 'storage'
            WHEN entity_id = ANY($14) THEN 'except'
            WHEN NOT $18 AND state <> 'up' THEN state
            WHEN facts ->> 'driver' IS DISTINCT FROM $19 AND $19 IS NOT NULL THEN 'driver'
            WHEN $19 IS NOT NULL AND NOT coalesce((facts ->> 'peers')::boolean, false) THEN 'peers'
            WHEN NOT $18 AND NOT coalesce((facts ->> 'admitted')::boolean, true) THEN 'pending'
            WHEN NOT $18 AND coalesce((facts ->> 'draining')::boolean, false) THEN 'draining'
            WHEN NOT $18 AND facts ->> 'architecture' <> $8 AND NOT ($8 = 'x86' AND facts ->> 'architecture' = 'x64') THEN 'architecture'
            WHEN NOT $18 AND facts ->> 'zone' IS DISTINCT FROM $9 AND $9 IS NOT NULL THEN 'zone'
            WHEN NOT $18 AND NOT coalesce(facts -> 'features', '[]') ?& $13 THEN 'features'
            WHEN $12 AND entity_id IN (SELECT host FROM mates) THEN 'anti-affinity'
            WHEN NOT $12 AND EXISTS (SELECT FROM mates WHERE NOT draining) AND entity_id NOT IN (SELECT host FROM mates WHERE NOT draining) THEN 'affinity'
            WHEN $4 > all_cores - cores AND $4 > 0 THEN 'cores'
            WHEN $5 > all_memory - memory AND $5 > 0 THEN 'memory'
            WHEN $6 > all_disk - disk AND $6 > 0 THEN 'disk'
            END
        FROM room ORDER BY entity_id
        """;

    // A text of its own and no "$1 IS NULL OR": with that, a plan made once reads the claims of all hosts to judge one.
    private static readonly string Some = All
        .Replace("/* of them */", "AND host = ANY($1)", StringComparison.Ordinal).Replace("/* of these */", "AND e.entity_id = ANY($1)", StringComparison.Ordinal);

    /// <summary>All hosts, or those; of one that it is on and stays on (<paramref name="staying"/>), only what changes is asked: groups and room.</summary>
    public static async Task<List<HostRoom>> Judge(NpgsqlConnection connection, PlacementRequest request, PlacementOptions options, Guid[]? among = null, bool staying = false)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Question(request, options, among, staying) } };
        await using var reader = await batch.ExecuteReaderAsync();
        return await Answer(reader);
    }

    /// <summary>The same as a part of a batch; <see cref="Answer"/> reads what comes of it.</summary>
    public static NpgsqlBatchCommand Question(PlacementRequest request, PlacementOptions options, Guid[]? among, bool staying = false)
    {
        var command = new NpgsqlBatchCommand(among is null ? All : Some);
        Ask(command.Parameters, request, options, among, staying);
        return command;
    }

    public static async Task<List<HostRoom>> Answer(NpgsqlDataReader reader)
    {
        var hosts = new List<HostRoom>();
        while (await reader.ReadAsync())
        {
            hosts.Add(new(
                reader.GetGuid(0), reader.GetString(1), new(reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4)),
                new(reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7)), reader.GetBoolean(8), reader.IsDBNull(9) ? null : reader.GetString(9)));
        }
        return hosts;
    }

    /// <summary>A filter as a refusal names it.</summary>
    public static string Words(string filter, PlacementRequest request) => filter switch
    {
        "storage" => request.FromDriver is null ? "not where the linked storage is" : "not the host that was asked for",
        "except" => "where it is already, or just was",
        "driver" => $"with another driver than {request.FromDriver}",
        "peers" => "that take no machines from other hosts (Agent:PeerListen)",
        "pending" => "not approved",
        "architecture" => $"another architecture than {request.Architecture}",
        "zone" => $"not in zone {request.Zone}",
        "features" => $"without {string.Join(", ", request.Features)}",
        "anti-affinity" => $"with another of the group {request.Group?.Name}",
        "affinity" => $"not where the group {request.Group?.Name} is",
        PoolRooms.Unseen => "without a shared pool that one of its disks is in",
        PoolRooms.Missing => $"without a shared pool {request.Pool}",
        PoolRooms.Full => $"not enough room in the shared pool {request.Pool}",
        Cores or Memory or Disk => "not enough " + filter,
        _ => filter,   // a state
    };

    private static void Ask(NpgsqlParameterCollection parameters, PlacementRequest request, PlacementOptions options, Guid[]? among, bool staying)
    {
        Add(NpgsqlDbType.Array | NpgsqlDbType.Uuid, among);
        Add(NpgsqlDbType.Uuid, request.Consumer);
        Add(NpgsqlDbType.Uuid, request.Project);
        Add(NpgsqlDbType.Bigint, (long)request.Cores);
        Add(NpgsqlDbType.Bigint, request.MemoryBytes);
        Add(NpgsqlDbType.Bigint, request.NeededDiskBytes);
        Add(NpgsqlDbType.Uuid, request.OnlyHost);
        Add(NpgsqlDbType.Text, request.Architecture);
        Add(NpgsqlDbType.Text, request.Zone);
        Add(NpgsqlDbType.Text, request.Group?.Key);
        Add(NpgsqlDbType.Text, request.Image);
        Add(NpgsqlDbType.Boolean, request.Group is { Apart: true });
        Add(NpgsqlDbType.Array | NpgsqlDbType.Text, request.Features.ToArray());
        Add(NpgsqlDbType.Array | NpgsqlDbType.Uuid, request.ExceptHosts.ToArray());
        Add(NpgsqlDbType.Double, options.CoresPerCore);
        Add(NpgsqlDbType.Double, options.MemoryShare);
        Add(NpgsqlDbType.Double, options.DiskPerByte);
        Add(NpgsqlDbType.Boolean, staying);
        Add(NpgsqlDbType.Text, request.FromDriver);

        void Add(NpgsqlDbType type, object? value) => parameters.Add(new() { NpgsqlDbType = type, Value = value ?? DBNull.Value });
    }
}
