using Controller.Grains.Placement;

namespace Controller.Silo.Postgres;

/// <summary>A shared pool as one host sees it.</summary>
internal sealed record SeenPool(Guid Host, Guid Pool, string Name, long SizeBytes);

/// <summary>
/// Judges hosts by the shared pools that they see. Hosts that give their pools one name may still see different ones: what tells is the pool's id, so a request by name is
/// answered with the pool of the host that is chosen.
/// </summary>
internal sealed class PoolRooms(PlacementRequest request, IReadOnlyCollection<SeenPool> seen, double perByte)
{
    public const string Full = "not enough room in the shared pool";

    private readonly Dictionary<Guid, long> _used = [];

    public long MostFree { get; private set; }

    /// <summary>What others have taken of a pool.</summary>
    public void Use(Guid pool, long bytes) => _used[pool] = bytes;

    /// <summary>The pool that a host would take the bytes of.</summary>
    public SeenPool? Chosen(Guid host) => request.Pool is null ? null : seen.Where(p => p.Host == host && p.Name == request.Pool)
        .OrderByDescending(p => request.SeesPools.Contains(p.Pool)).ThenBy(p => p.Pool).FirstOrDefault();

    public IEnumerable<Guid> Named => seen.Where(p => p.Name == request.Pool).Select(p => p.Pool).Distinct();

    /// <summary>Why not that host; null: as far as pools go, it will do.</summary>
    public string? Refusal(Guid host)
    {
        if (request.SeesPools.Any(needed => !seen.Any(p => p.Host == host && p.Pool == needed)))
            return "without the shared pool that the linked storage is in";
        if (request.Pool is null)
            return null;
        if (Chosen(host) is not { } pool)
            return $"without a shared pool {request.Pool}";
        var free = (long)(pool.SizeBytes * perByte) - _used.GetValueOrDefault(pool.Pool);
        MostFree = Math.Max(MostFree, free);
        return request.DiskBytes <= free ? null : Full;
    }
}
