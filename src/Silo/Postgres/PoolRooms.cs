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
    /// <summary>Filters, as <see cref="HostRoom.Filter"/> names them.</summary>
    public const string Full = "pool-full", Missing = "pool", Unseen = "pool-of-storage";

    private readonly Dictionary<Guid, long> _used = [];

    /// <summary>What others have taken of a pool.</summary>
    public void Use(Guid pool, long bytes) => _used[pool] = bytes;

    /// <summary>The pool that a host would take the bytes of.</summary>
    public SeenPool? Chosen(Guid host) => request.Pool is null ? null : seen.Where(p => p.Host == host && p.Name == request.Pool)
        .OrderByDescending(p => request.SeesPools.Contains(p.Pool)).ThenBy(p => p.Pool).FirstOrDefault();

    public IEnumerable<Guid> Named => seen.Where(p => p.Name == request.Pool).Select(p => p.Pool).Distinct();

    /// <summary>A host that passed all other filters, judged by its pools too.</summary>
    public HostRoom Judge(HostRoom host) =>
        host.Filter is null && Filter(host.Id) is { } filter ? host with { Filter = filter, PoolFree = filter == Full ? FreeOn(host.Id) : null } : host;

    private long? FreeOn(Guid host) => Chosen(host) is { } pool ? Free(pool) : null;

    private long Free(SeenPool pool) => (long)(pool.SizeBytes * perByte) - _used.GetValueOrDefault(pool.Pool);

    private string? Filter(Guid host)
    {
        if (request.SeesPools.Any(needed => !seen.Any(p => p.Host == host && p.Pool == needed)))
            return Unseen;
        if (request.Pool is null)
            return null;
        if (Chosen(host) is not { } pool)
            return Missing;
        return request.DiskBytes <= Free(pool) ? null : Full;
    }
}
