using Controller.Contracts;
using Controller.Grains.Placement;
using Npgsql;

namespace Controller.Silo.Postgres;

// What is claimed of one host.
internal sealed partial class PostgresClaims
{
    private static readonly TimeSpan UsesLast = TimeSpan.FromSeconds(3);
    private static readonly PlacementRequest Anything = new("", Guid.Empty, Guid.Empty, Guid.Empty, 0, 0, 0, null, null);

    private readonly Lock _looking = new();
    private Task<Uses>? _underWay;
    private volatile Uses _uses = new(0, new());

    /// <summary>What all hosts had given at a moment.</summary>
    private sealed record Uses(long At, Dictionary<Guid, HostUse> Of);

    public async Task<HostUse> Use(Guid host)
    {
        await using var connection = await _database.OpenConnectionAsync();
        return (await AllUses(connection, host)).GetValueOrDefault(host, Nothing);
    }

    public async Task<HostUse> UseLately(Guid host)
    {
        Task<Uses> uses;
        lock (_looking)
            uses = AreFresh(_uses) ? Task.FromResult(_uses) : _underWay ??= Task.Run(Look);
        // One that has just come is in none yet.
        return (await uses).Of.TryGetValue(host, out var use) ? use : await Use(host);
    }

    // All who ask meanwhile wait for this one, and are told where it fails: one after the other they would wait for each other's timeouts.
    private async Task<Uses> Look()
    {
        try
        {
            await using var connection = await _database.OpenConnectionAsync();
            return _uses = new(_time.GetTimestamp(), await AllUses(connection, null));
        }
        finally
        {
            lock (_looking)
                _underWay = null;
        }
    }

    private static readonly HostUse Nothing = new(0, 0, 0, 0, 0, 0, 0, 0);

    private bool AreFresh(Uses uses) => uses.At != 0 && _time.GetElapsedTime(uses.At) < UsesLast;

    // Of one host, or of all.
    private async Task<Dictionary<Guid, HostUse>> AllUses(NpgsqlConnection connection, Guid? host)
    {
        var rooms = await PlacementFilters.Judge(connection, Anything, _options, host is { } one ? [one] : null);
        var uses = rooms.ToDictionary(r => r.Id, r => Nothing with { UsableCores = r.Usable.Cores, UsableMemoryBytes = r.Usable.Memory, UsableDiskBytes = r.Usable.Disk });
        const string Sums =
            """
            SELECT host, count(*) FILTER (WHERE term = 'compute')::int, count(*) FILTER (WHERE term = 'storage')::int,
                   coalesce(sum(cores), 0)::bigint, coalesce(sum(memory), 0)::bigint, coalesce(sum(disk), 0)::bigint
            FROM host_claim
            """;
        await using var command = host is { } only ? With(new(Sums + " WHERE host = $1 GROUP BY host", connection), [only]) : new(Sums + " GROUP BY host", connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var usable = uses.GetValueOrDefault(reader.GetGuid(0), Nothing);
            uses[reader.GetGuid(0)] = new(
                reader.GetInt32(1), reader.GetInt32(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5), usable.UsableCores, usable.UsableMemoryBytes, usable.UsableDiskBytes);
        }
        return uses;
    }

    public async Task<int> BoundToZone(Guid host)
    {
        await using var command = Command("SELECT count(*)::int FROM host_claim WHERE host = $1 AND zone IS NOT NULL", host);
        return (int)(await command.ExecuteScalarAsync())!;   // a count is never null
    }

    public async Task Barrier(Guid host)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, host);
        await transaction.CommitAsync();
    }

    public Task Forget(Guid host) => Execute("DELETE FROM host_claim WHERE host = $1", host);
}
