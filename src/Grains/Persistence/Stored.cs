using Controller.Contracts;

namespace Controller.Grains.Persistence;

/// <summary>
/// What a row's payload holds: the record (the grain's truth), the view (what clients see, computed from it when it was written) and the index (what
/// the write query extracts into columns, in the same statement). Persisted: additive changes only.
/// </summary>
public sealed class Stored<TRecord, TView> : IIndexed
    where TRecord : class
    where TView : class
{
    /// <summary>Null: the entity is on its way out, and nobody sees it any more.</summary>
    public TView? View { get; set; }

    public TRecord? Record { get; set; }

    public EntityIndex Index { get; set; } = new();

    /// <summary>What was under way and ended, the newest first; a few are kept, so that the row says how it came to be as it is.</summary>
    public PastOperation[]? Past { get; set; }
}

/// <summary>A payload that knows its row's columns: the storage provider sends them beside it, so that PostgreSQL need not read JSON for them.</summary>
public interface IIndexed
{
    /// <summary>The same that the payload holds.</summary>
    EntityIndex Index { get; }
}

/// <summary>The columns of an inventory row. A missing one is SQL null.</summary>
public sealed record EntityIndex
{
    public Guid? EntityId { get; init; }

    public Guid? Project { get; init; }

    /// <summary>Of a link.</summary>
    public Guid? Source { get; init; }

    /// <summary>Of a link, where it is local.</summary>
    public Guid? Target { get; init; }

    /// <summary>The OCCI state (of a host: up, unhealthy, unreachable, new).</summary>
    public string? State { get; init; }

    public Guid? Host { get; init; }

    public string? Title { get; init; }

    public string[] Mixins { get; init; } = [];

    /// <summary>False for what is being deleted: lists leave it out.</summary>
    public bool Listed { get; init; } = true;

    /// <summary>When the sweeper has to look at it; null: nothing is unfinished.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>What is under way, for who asks for it over all entities: it stands in the row that is written anyway, and goes with it. No column; null: nothing is.</summary>
    public ExplainedOperation[]? Operations { get; init; }

    /// <summary>A host's capacity, or what a compute asks for.</summary>
    public int? Cores { get; init; }

    public long? Memory { get; init; }

    public long? Disk { get; init; }

    /// <summary>Of a host: what placements ask about it beside its size.</summary>
    public HostFacts? Facts { get; init; }
}

/// <summary>What the placement's query reads of a host. A missing member is the silo's setting, or no restriction.</summary>
/// <param name="Admitted">An operator let it in.</param>
/// <param name="Draining">It takes no new machines.</param>
public sealed record HostFacts(bool Admitted, bool Draining)
{
    public string? Zone { get; init; }

    public string? Architecture { get; init; }

    public string? Driver { get; init; }

    /// <summary>Whether machines come to it from other hosts.</summary>
    public bool Peers { get; init; }

    public string[] Features { get; init; } = [];

    public double? CoresRatio { get; init; }

    public double? MemoryRatio { get; init; }

    public double? DiskRatio { get; init; }

    public int ReservedCores { get; init; }

    public long ReservedMemory { get; init; }

    public long ReservedDisk { get; init; }
}
