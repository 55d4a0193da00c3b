namespace Controller.Contracts;

/// <summary>Whether an operator has let a host in. Persisted: append only.</summary>
public enum HostAdmission : byte
{
    Approved = 0,

    /// <summary>Enrolled by a token that lets nobody in: nothing is placed on it until an operator approves it.</summary>
    Pending = 1,
}

/// <summary>What operators decide of a host. Null: as the section <c>Placement</c> of the silo's settings says.</summary>
[GenerateSerializer, Immutable, Alias("HostSettings")]
public sealed record HostSettings
{
    /// <summary>Availability zone; null: in none.</summary>
    [Id(0)] public string? Zone { get; init; }

    /// <summary>Virtual cores per core.</summary>
    [Id(1)] public double? CoresRatio { get; init; }

    /// <summary>Bytes of machines' memory per byte.</summary>
    [Id(2)] public double? MemoryRatio { get; init; }

    /// <summary>Bytes of volumes' sizes per byte.</summary>
    [Id(3)] public double? DiskRatio { get; init; }

    /// <summary>Kept for the host itself, before any ratio.</summary>
    [Id(4)] public int ReservedCores { get; init; }

    [Id(5)] public long ReservedMemoryBytes { get; init; }

    [Id(6)] public long ReservedDiskBytes { get; init; }
}

/// <summary>What is placed on a host, and what could be.</summary>
[GenerateSerializer, Immutable, Alias("HostUse")]
public sealed record HostUse(
    [property: Id(0)] int Computes,
    [property: Id(1)] int Volumes,
    [property: Id(2)] long Cores,
    [property: Id(3)] long MemoryBytes,
    [property: Id(4)] long DiskBytes,
    [property: Id(5)] long UsableCores,
    [property: Id(6)] long UsableMemoryBytes,
    [property: Id(7)] long UsableDiskBytes);

/// <summary>How machines leave a host that is drained. Persisted: append only.</summary>
public enum DrainMethod : byte
{
    /// <summary>Live where that is possible, else cold.</summary>
    Auto = 0,

    /// <summary>Live or not at all.</summary>
    Live = 1,

    /// <summary>Stopped, moved and started again.</summary>
    Cold = 2,
}

/// <summary>What becomes of a machine that cannot leave a host that is drained. Persisted: append only.</summary>
public enum DrainStop : byte
{
    /// <summary>It is left as it is.</summary>
    Never = 0,

    /// <summary>It is stopped where it is: its guest is asked, then the plug is pulled.</summary>
    Graceful = 1,

    /// <summary>It is stopped where it is by pulling the plug.</summary>
    PowerOff = 2,
}

/// <summary>How far an object is on a host that is drained. Persisted: append only.</summary>
public enum DrainState : byte
{
    /// <summary>Its turn has not come.</summary>
    Waiting = 0,
    Moving = 1,

    /// <summary>It is on another host.</summary>
    Moved = 2,
    Stopping = 3,

    /// <summary>It is on this host and does not run.</summary>
    Stopped = 4,

    /// <summary>It is on this host as it was; the reason says why.</summary>
    Left = 5,

    /// <summary>It was deleted meanwhile.</summary>
    Gone = 6,
}

/// <summary>The order to drain a host.</summary>
[GenerateSerializer, Immutable, Alias("DrainOrder")]
public sealed record DrainOrder([property: Id(0)] DrainMethod Method, [property: Id(1)] DrainStop Stop, [property: Id(2)] string By);

/// <summary>What became of an object of a host that is drained.</summary>
[GenerateSerializer, Immutable, Alias("DrainedObject")]
public sealed record DrainedObject([property: Id(0)] string Term, [property: Id(1)] Guid Id)
{
    [Id(2)] public DrainState State { get; init; }

    /// <summary>Where it went.</summary>
    [Id(3)] public Guid? To { get; init; }

    [Id(4)] public string? Why { get; init; }

    [Id(5)] public string? Title { get; init; }

    /// <summary>When its state last changed.</summary>
    [Id(6)] public DateTimeOffset At { get; init; }

    /// <summary>The operation under way with it, so that a repeat is recognised.</summary>
    [Id(7)] public Guid? Operation { get; init; }
}

/// <summary>A drain, under way or finished.</summary>
[GenerateSerializer, Immutable, Alias("DrainView")]
public sealed record DrainView(
    [property: Id(0)] Guid Id,
    [property: Id(1)] DrainMethod Method,
    [property: Id(2)] DrainStop Stop,
    [property: Id(3)] string By,
    [property: Id(4)] DateTimeOffset Since,
    [property: Id(5)] DateTimeOffset? Finished,
    [property: Id(6)] DrainedObject[] Objects);
