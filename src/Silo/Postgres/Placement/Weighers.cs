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
        [.. fitting.OrderByDescending(h => Sum(h, request)).ThenBy(h => h.Id)];

    /// <summary>The first of <see cref="Order"/>; null: there is none.</summary>
    public HostRoom? Best(IEnumerable<HostRoom> fitting, PlacementRequest request) => fitting.OrderByDescending(h => Sum(h, request)).ThenBy(h => h.Id).FirstOrDefault();

    private double Sum(HostRoom host, PlacementRequest request)
    {
        var free = FreePart(host, request);
        return (options.Strategy == FillStrategy.Spread ? free : 1 - free) + (request.Image is not null && host.HasImage ? options.ImageWeight : 0);
    }

    // Of what the request takes: for a volume it does not matter how many cores are free.
    private static double FreePart(HostRoom host, PlacementRequest request)
    {
        var (sum, parts) = (0.0, 0);
        if (request.Cores > 0)
            (sum, parts) = (sum + Part(host.Free.Cores, host.Usable.Cores), parts + 1);
        if (request.MemoryBytes > 0)
            (sum, parts) = (sum + Part(host.Free.Memory, host.Usable.Memory), parts + 1);
        if (request.DiskBytes > 0 || parts == 0)
            (sum, parts) = (sum + Part(host.Free.Disk, host.Usable.Disk), parts + 1);
        return Math.Round(sum / parts, 4);
    }

    private static double Part(long free, long all) => all <= 0 ? 0 : Math.Clamp((double)free / all, 0, 1);
}
