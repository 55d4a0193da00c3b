using Controller.Contracts;
using Controller.Grains.Persistence;

namespace Controller.Grains.Hosts;

/// <summary>All that is durable of a host. Persisted: additive changes only.</summary>
internal sealed record HostRecord
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public HostStatus Status { get; init; }

    public string? Why { get; init; }

    public HostCapabilities? Capabilities { get; init; }

    /// <summary>
    /// Of the latest session. It is minted by writing this record, which fails if the row has moved: of two silos that think the host is theirs, one.
    /// </summary>
    public long Epoch { get; init; }

    public string? BootId { get; init; }

    public string? AgentVersion { get; init; }

    /// <summary>Serial number of its present certificate.</summary>
    public string? Certificate { get; init; }

    /// <summary>When the status last changed.</summary>
    public DateTimeOffset Since { get; init; }

    public UnmanagedMachine[] Unmanaged { get; init; } = [];

    /// <summary>No lease that was ever granted ends later. Written before any that would.</summary>
    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>As its agent said when it renewed last: something beside it sees to the lease.</summary>
    public bool Guarded { get; init; }

    public string? Unguarded { get; init; }

    public FenceSettings? Fence { get; init; }

    /// <summary>Since the host was last heard of.</summary>
    public FenceAnswer? FenceSays { get; init; }

    /// <summary>The present loss, or the last one.</summary>
    public HostLoss? Loss { get; init; }

    /// <summary>While it is unreachable: what those of its machines wait for that are to go on elsewhere.</summary>
    public string? Waits { get; init; }
}

internal static class HostProjection
{
    public static readonly Func<HostRecord, long, HostView?> View = (record, _) => new(
        record.Id, record.Name, record.Status, record.Why, record.Capabilities, record.Epoch, record.Since, record.AgentVersion, record.Unmanaged)
    {
        Availability = new()
        {
            LeaseUntil = record.LeaseUntil, Guarded = record.Guarded, Unguarded = record.Unguarded, Fence = record.Fence, FenceSays = record.FenceSays, Loss = record.Loss, Waits = record.Waits,
        },
    };

    public static readonly Func<HostRecord, EntityIndex> Index = record => new()
    {
        EntityId = record.Id,
        State = record.Status.ToString().ToLowerInvariant(),
        Title = record.Name,
        Cores = record.Capabilities?.Cores,
        Memory = record.Capabilities?.MemoryBytes,
        Disk = record.Capabilities?.DiskBytes,
    };
}
