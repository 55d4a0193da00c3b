using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Controller.Grains.Placement;

namespace Controller.Silo.Postgres;

/// <summary>How hosts are filled. Section <c>Placement</c>.</summary>
public sealed class PlacementOptions
{
    /// <summary>Virtual cores per core of a host. Default: 4.</summary>
    [Range(1, 64)]
    public double CoresPerCore { get; set; } = 4;

    /// <summary>Part of a host's memory that machines may have. Default: 0.9; the rest is the hypervisor's.</summary>
    [Range(0.1, 4)]
    public double MemoryShare { get; set; } = 0.9;

    /// <summary>Sum of volume sizes per byte of a pool: volumes are sparse. Default: 2.</summary>
    [Range(0.5, 100)]
    public double DiskPerByte { get; set; } = 2;

    /// <summary>Where networks without a range of their own get a /24 from. Default: 10.128.0.0/12.</summary>
    [Required]
    public string SubnetPool { get; set; } = "10.128.0.0/12";
}

/// <summary>Cores, bytes of memory, bytes of disk.</summary>
internal sealed record Amounts(long Cores, long Memory, long Disk);

/// <summary>A host and what is taken of it.</summary>
internal sealed record HostRoom(Guid Id, string Name, string State, string? Architecture, Amounts Has, Amounts Used)
{
    public string? Driver { get; init; }

    /// <summary>Whether machines come to it from other hosts.</summary>
    public bool HasPeers { get; init; }
}

/// <summary>Judges hosts for one request and counts why they were rejected: a refusal tells.</summary>
internal sealed class PlacementTally(PlacementRequest request, PlacementOptions options)
{
    private readonly Dictionary<string, int> _rejected = [];
    private int _seen;
    private Amounts _best = new(0, 0, 0);

    /// <summary>Hosts that fit, the one with the most free memory first, then the most free disk.</summary>
    public IReadOnlyList<HostRoom> Order(IReadOnlyCollection<HostRoom> hosts)
    {
        _seen = hosts.Count;
        return [.. hosts.Where(Fits).OrderByDescending(h => Free(h).Memory).ThenByDescending(h => Free(h).Disk).ThenBy(h => h.Id)];
    }

    public bool Fits(HostRoom host)
    {
        if (request.OnlyHost is { } only && host.Id != only)
            return Reject("not where the linked storage is");
        if (request.ExceptHosts.Contains(host.Id))
            return Reject("where it is already, or just was");
        if (host.State != "up")
            return Reject(host.State);
        if (request.FromDriver is { } driver && host.Driver != driver)
            return Reject($"another driver than {driver}");
        if (request.FromDriver is not null && !host.HasPeers)
            return Reject("takes no machines from other hosts (Agent:PeerListen)");
        if (request.Architecture is { } wanted && host.Architecture is { } has && wanted != has && (wanted, has) != ("x86", "x64"))
            return Reject($"another architecture than {wanted}");
        return HasRoom(host);
    }

    public bool HasRoom(HostRoom host)
    {
        _seen = Math.Max(_seen, 1);
        var free = Free(host);
        _best = new(Math.Max(_best.Cores, free.Cores), Math.Max(_best.Memory, free.Memory), Math.Max(_best.Disk, free.Disk));
        return (request.Cores <= free.Cores || Reject("not enough cores"))
            && (request.MemoryBytes <= free.Memory || Reject("not enough memory"))
            && (request.DiskBytes <= free.Disk || Reject("not enough disk"));
    }

    /// <summary>"0 of 3 hosts: 2 not enough memory (8 GiB are needed, 6.2 GiB are free at best), 1 unreachable."</summary>
    public string Explain()
    {
        if (_seen == 0)
            return "There is no host yet: enrol one.";
        var reasons = _rejected.Select(r => $"{r.Value} {r.Key}" + r.Key switch
        {
            "not enough cores" => $" ({request.Cores} are needed, {_best.Cores} are free at best)",
            "not enough memory" => $" ({GiB(request.MemoryBytes)} are needed, {GiB(_best.Memory)} are free at best)",
            "not enough disk" => $" ({GiB(request.DiskBytes)} are needed, {GiB(_best.Disk)} are free at best)",
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

    private Amounts Free(HostRoom host) => new(
        (long)(host.Has.Cores * options.CoresPerCore) - host.Used.Cores,
        (long)(host.Has.Memory * options.MemoryShare) - host.Used.Memory,
        (long)(host.Has.Disk * options.DiskPerByte) - host.Used.Disk);

    private bool Reject(string why)
    {
        _rejected[why] = _rejected.GetValueOrDefault(why) + 1;
        return false;
    }

    private static string GiB(long bytes) => FormattableString.Invariant($"{bytes / (double)(1L << 30):0.##} GiB");
}
