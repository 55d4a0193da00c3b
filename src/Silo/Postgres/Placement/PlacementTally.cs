using System.Text.Json;
using Controller.Grains.Placement;

namespace Controller.Silo.Postgres;

/// <summary>Counts for one request why hosts were rejected: a refusal tells, filter by filter.</summary>
internal sealed class PlacementTally(PlacementRequest request)
{
    private readonly Dictionary<string, int> _rejected = [];
    private int _seen;
    private Amounts _best = new(0, 0, 0);
    private long _bestPool;

    /// <summary>How many hosts each filter rejected.</summary>
    public IReadOnlyDictionary<string, int> Rejected => _rejected;

    /// <summary>Counts hosts that were looked at; those that fit.</summary>
    public IReadOnlyList<HostRoom> Fitting(IReadOnlyCollection<HostRoom> hosts)
    {
        _seen = hosts.Count;
        return [.. hosts.Where(Fits)];
    }

    /// <summary>Whether it passed all filters; counted if not.</summary>
    public bool Fits(HostRoom host)
    {
        _seen = Math.Max(_seen, 1);
        if (host.Filter is not { } filter)
            return true;
        _rejected[filter] = _rejected.GetValueOrDefault(filter) + 1;
        if (PlacementFilters.AreOfRoom.Contains(filter))
            _best = new(Math.Max(_best.Cores, host.Free.Cores), Math.Max(_best.Memory, host.Free.Memory), Math.Max(_best.Disk, host.Free.Disk));
        _bestPool = Math.Max(_bestPool, host.PoolFree ?? 0);
        return false;
    }

    /// <summary>"0 of 3 hosts can take it: 2 not enough memory (8 GiB are needed, 6.2 GiB are free at best), 1 unreachable."</summary>
    public string Explain()
    {
        if (_seen == 0)
            return "There is no host yet: enrol one.";
        var reasons = _rejected.Select(r => $"{r.Value} {PlacementFilters.Words(r.Key, request)}" + r.Key switch
        {
            PlacementFilters.Cores => $" ({request.Cores} are needed, {_best.Cores} are free at best)",
            PlacementFilters.Memory => $" ({GiB(request.MemoryBytes)} are needed, {GiB(_best.Memory)} are free at best)",
            PlacementFilters.Disk => $" ({GiB(request.NeededDiskBytes)} are needed, {GiB(_best.Disk)} are free at best)",
            PoolRooms.Full => $" ({GiB(request.DiskBytes)} are needed, {GiB(_bestPool)} are free)",
            _ => "",
        });
        return $"0 of {_seen} hosts can take it: {string.Join(", ", reasons)}.";
    }

    /// <summary>The first limit of a quota that a request would break, in words.</summary>
    public static string? Over(JsonElement quota, params ReadOnlySpan<(string Name, long Used, long Asked, string Unit)> amounts)
    {
        foreach (var (name, used, asked, unit) in amounts)
        {
            if (asked > 0 && quota.TryGetProperty(name, out var limit) && limit.ValueKind == JsonValueKind.Number && used + asked > limit.GetInt64())
                return $"The project's quota of {name} is {limit.GetInt64()}{unit}: {used} are used, {asked} more were asked for.";
        }
        return null;
    }

    private static string GiB(long bytes) => FormattableString.Invariant($"{bytes / (double)(1L << 30):0.##} GiB");
}
