using System.Text.Json.Serialization;

namespace Controller.Contracts;

/// <summary>What a machine had used at a moment, as its row keeps it and the API answers it. Counters begin anew when the machine is started.</summary>
public sealed record MachineSample
{
    /// <summary>When the agent looked.</summary>
    public required DateTimeOffset Taken { get; init; }

    /// <summary>The placement that it was.</summary>
    public Guid Incarnation { get; init; }

    /// <summary>CPU time of all its cores.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>Memory that it has.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>What its process takes of the host's memory; null: unknown.</summary>
    public long? MemoryRssBytes { get; init; }

    /// <summary>Memory that the guest can use, as its balloon driver tells; null: it does not.</summary>
    public long? MemoryAvailableBytes { get; init; }

    /// <summary>Memory that the guest uses, as its balloon driver tells; null: it does not.</summary>
    public long? MemoryUsedBytes { get; init; }

    public DiskSample[] Disks { get; init; } = [];

    public NicSample[] Interfaces { get; init; } = [];
}

/// <summary>A disk's counters.</summary>
public sealed record DiskSample(string Device, long ReadBytes, long ReadOperations, long WrittenBytes, long WriteOperations);

/// <summary>A NIC's counters, as the guest sees them.</summary>
public sealed record NicSample(
    string Device, long ReceivedBytes, long ReceivedPackets, long ReceivedDrops, long SentBytes, long SentPackets, long SentDrops);

/// <summary>How samples stand in their rows. Additive changes only.</summary>
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MachineSample))]
public sealed partial class SampleJson : JsonSerializerContext;
