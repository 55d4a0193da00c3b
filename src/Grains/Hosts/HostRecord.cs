using Controller.Contracts;

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

    /// <summary>Key of the join token that it came with, which is of no use once the host is removed; null: by a release that did not note it.</summary>
    public string? JoinToken { get; init; }

    /// <summary>When the newest certificate was issued that it has used: older ones are of no use to anybody. By time and not by serial number, so that a record out of a backup locks nobody out.</summary>
    public DateTimeOffset? CertificatesSince { get; init; }

    /// <summary>When the status last changed.</summary>
    public DateTimeOffset Since { get; init; }

    public UnmanagedMachine[] Unmanaged { get; init; } = [];

    /// <summary>The restore of the database since which it has said what it has.</summary>
    public long Era { get; init; }

    // ---- whether it is lost

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

    // ---- what operators decide

    public HostAdmission Admission { get; init; }

    public HostSettings Settings { get; init; } = new();

    /// <summary>There from the order to drain it until the end of that is ordered.</summary>
    public HostDrain? Drain { get; init; }

    /// <summary>What an operator is having removed; what was placed there is being told.</summary>
    public bool Removing { get; init; }

    // ---- seen

    /// <summary>To half a minute: not every sign of life is written down.</summary>
    public DateTimeOffset? LastHeartbeat { get; init; }

    /// <summary>What is placed on it, as it was a few seconds ago at most.</summary>
    public HostUse? Use { get; init; }

    /// <summary>When the sweeper has to look at it; null: nothing is unfinished.</summary>
    public DateTimeOffset? Due { get; init; }
}

/// <summary>A drain. Persisted: additive changes only.</summary>
internal sealed record HostDrain
{
    public required Guid Id { get; init; }

    public DrainMethod Method { get; init; }

    public DrainStop Stop { get; init; }

    public required string By { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>When nothing was left to do.</summary>
    public DateTimeOffset? Finished { get; init; }

    public DrainedObject[] Objects { get; init; } = [];
}
