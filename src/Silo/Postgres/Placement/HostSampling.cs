using System.Diagnostics;
using Controller.Grains.Placement;
using Npgsql;

namespace Controller.Silo.Postgres;

/// <summary>
/// Which hosts a placement looks at, where there are many: some, by lot, and all of them only where none of these can take it. The emptiest of so many is nearly as empty as the emptiest of
/// all, two silos that place at one moment seldom want the same one, and what it costs does not grow with the number of hosts (docs/decisions/0032).
/// </summary>
internal sealed class HostSampling
{
    /// <summary>So many are looked at.</summary>
    internal const int Size = 64;

    /// <summary>Up to so many hosts all are: then a decision is exact.</summary>
    internal const int AllUpTo = 256;

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);
    private volatile Known _known = new([], 0);

    private sealed record Known(Guid[] Hosts, long Since);

    /// <summary>The hosts to look at first; null: all of them.</summary>
    public async Task<Guid[]?> Of(NpgsqlConnection connection, PlacementRequest request, PlacementOptions options)
    {
        // Who wants the fullest host, or to be with others, wants a certain one.
        if (options.Strategy != FillStrategy.Spread || request.OnlyHost is not null || request.Group is not null || request.FromDriver is not null || request.Pool is not null || request.SeesPools.Count > 0)
            return null;
        var known = _known;
        if (known.Since == 0 || Stopwatch.GetElapsedTime(known.Since) > LookAgain)
            _known = known = new(await Up(connection), Stopwatch.GetTimestamp());
        return known.Hosts.Length <= AllUpTo ? null : Random.Shared.GetItems(known.Hosts, Size);
    }

    private static async Task<Guid[]> Up(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT entity_id FROM entity WHERE state_name = 'host' AND state = 'up' AND NOT coalesce((facts ->> 'draining')::boolean, false)", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var hosts = new List<Guid>();
        while (await reader.ReadAsync())
            hosts.Add(reader.GetGuid(0));
        return [.. hosts];
    }
}
