using Controller.Grains.Placement;
using Npgsql;

namespace Controller.Silo.Postgres;

// Shared pools. Which host sees which stands in the hosts' own rows; what is taken of a pool is the sum of its claims.
internal sealed partial class PostgresClaims
{
    private async Task<PoolRooms?> Pools(NpgsqlConnection connection, PlacementRequest request)
    {
        if (request.Pool is null && request.SeesPools.Count == 0)
            return null;
        var rooms = new PoolRooms(request, await Seen(connection), _options.DiskPerByte);
        foreach (var pool in rooms.Named)
            rooms.Use(pool, await UsedOfPool(connection, pool, request.Consumer));
        return rooms;
    }

    /// <summary>Under the pool's lock, which is held until the end: what was free when the candidates were listed may be taken by now.</summary>
    private static async Task Recount(NpgsqlConnection connection, PoolRooms? rooms, Guid host, PlacementRequest request)
    {
        if (rooms?.Chosen(host) is not { Pool: var pool })
            return;
        await Lock(connection, pool);
        rooms.Use(pool, await UsedOfPool(connection, pool, request.Consumer));
    }

    private static async Task<Guid?> InsertPool(NpgsqlConnection connection, PlacementRequest request, PoolRooms? rooms, Guid host)
    {
        if (rooms?.Chosen(host) is not { Pool: var pool })
            return null;
        await Execute(
            connection, "INSERT INTO pool_claim (consumer, pool, project, disk) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",   // a second placement has the same disk
            request.Consumer, pool, request.Project, request.DiskBytes);
        return pool;
    }

    private static Task<Guid?> PoolOf(NpgsqlConnection connection, PlacementRequest request) =>
        Value<Guid>(connection, "SELECT pool FROM pool_claim WHERE consumer = $1", request.Consumer);

    /// <summary>Changes what is taken of a shared pool, if anything is; or says why that cannot be.</summary>
    private async Task<string?> ResizeInPool(NpgsqlConnection connection, PlacementRequest request)
    {
        if (request.Pool is null || await PoolOf(connection, request) is not { } pool)
            return null;
        await Lock(connection, pool);
        var size = (await Seen(connection)).Where(p => p.Pool == pool).Select(p => p.SizeBytes).DefaultIfEmpty(0).Max();
        var free = (long)(size * _options.DiskPerByte) - await UsedOfPool(connection, pool, request.Consumer);
        if (request.DiskBytes > free)
            return FormattableString.Invariant($"The shared pool {request.Pool} has not enough room: {request.DiskBytes} bytes are needed, {Math.Max(free, 0)} are free.");
        await TakeInPool(connection, request);
        return null;
    }

    private static Task TakeInPool(NpgsqlConnection connection, PlacementRequest request) =>
        Execute(connection, "UPDATE pool_claim SET disk = $2 WHERE consumer = $1", request.Consumer, request.DiskBytes);

    private static async Task<long> UsedOfPool(NpgsqlConnection connection, Guid pool, Guid except) =>
        await Value<long>(connection, "SELECT coalesce(sum(disk), 0)::bigint FROM pool_claim WHERE pool = $1 AND consumer <> $2", pool, except) ?? 0;

    private static async Task<List<SeenPool>> Seen(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT e.entity_id, (p ->> 'id')::uuid, p ->> 'name', (p ->> 'sizeBytes')::bigint
            FROM entity e, jsonb_array_elements(coalesce(convert_from(e.payload, 'UTF8')::jsonb #> '{view,capabilities,pools}', '[]')) p
            WHERE e.state_name = 'host'
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync();
        var seen = new List<SeenPool>();
        while (await reader.ReadAsync())
            seen.Add(new(reader.GetGuid(0), reader.GetGuid(1), reader.GetString(2), reader.GetInt64(3)));
        return seen;
    }
}
