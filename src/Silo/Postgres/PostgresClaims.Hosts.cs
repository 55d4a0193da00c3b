using Controller.Contracts;
using Controller.Grains.Placement;

namespace Controller.Silo.Postgres;

// What is claimed of one host.
internal sealed partial class PostgresClaims
{
    private static readonly PlacementRequest Anything = new("", Guid.Empty, Guid.Empty, Guid.Empty, 0, 0, 0, null, null);

    public async Task<HostUse> Use(Guid host)
    {
        await using var connection = await database.OpenConnectionAsync();
        var usable = await PlacementFilters.Judge(connection, Anything, options, [host]) is [var room] ? room.Usable : new(0, 0, 0);
        await using var command = With(
            new(
                """
                SELECT count(*) FILTER (WHERE term = 'compute')::int, count(*) FILTER (WHERE term = 'storage')::int,
                       coalesce(sum(cores), 0)::bigint, coalesce(sum(memory), 0)::bigint, coalesce(sum(disk), 0)::bigint
                FROM host_claim WHERE host = $1
                """,
                connection),
            [host]);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new(reader.GetInt32(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), usable.Cores, usable.Memory, usable.Disk);
    }

    public async Task<int> BoundToZone(Guid host)
    {
        await using var command = Command("SELECT count(*)::int FROM host_claim WHERE host = $1 AND zone IS NOT NULL", host);
        return (int)(await command.ExecuteScalarAsync())!;   // a count is never null
    }

    public async Task Barrier(Guid host)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, host);
        await transaction.CommitAsync();
    }

    public Task Forget(Guid host) => Execute("DELETE FROM host_claim WHERE host = $1", host);
}
