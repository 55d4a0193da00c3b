using Controller.Grains.Placement;

namespace Controller.Silo.Postgres;

/// <summary>What speaks for a host among those that fit: each weigher says a number from 0 to 1, and their weighted sum orders the hosts, the highest first.</summary>
internal sealed class Weighers(PlacementOptions options)
{
    /// <summary>The weights of a host by weigher's name.</summary>
    public IReadOnlyDictionary<string, double> Of(HostRoom host, PlacementRequest request)
    {
        var free = FreePart(host, request);
        var weights = new Dictionary<string, double>
        {
            [options.Strategy == FillStrategy.Spread ? "spread" : "pack"] = options.Strategy == FillStrategy.Spread ? free : 1 - free,
        };
        if (request.Image is not null)
            weights["image"] = host.HasImage ? options.ImageWeight : 0;
        return weights;
    }

    /// <summary>Hosts in the order in which they are tried.</summary>
    public IReadOnlyList<HostRoom> Order(IEnumerable<HostRoom> fitting, PlacementRequest request) =>
        [.. fitting.OrderByDescending(h => Of(h, request).Values.Sum()).ThenBy(h => h.Id)];

    // Of what the request takes: for a volume it does not matter how many cores are free.
    private static double FreePart(HostRoom host, PlacementRequest request)
    {
        var parts = new List<double>();
        if (request.Cores > 0)
            parts.Add(Part(host.Free.Cores, host.Usable.Cores));
        if (request.MemoryBytes > 0)
            parts.Add(Part(host.Free.Memory, host.Usable.Memory));
        if (request.DiskBytes > 0 || parts.Count == 0)
            parts.Add(Part(host.Free.Disk, host.Usable.Disk));
        return Math.Round(parts.Average(), 4);
    }

    private static double Part(long free, long all) => all <= 0 ? 0 : Math.Clamp((double)free / all, 0, 1);
}
