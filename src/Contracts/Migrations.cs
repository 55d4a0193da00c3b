namespace Controller.Contracts;

/// <summary>How a machine moves. On the wire and in records: append only.</summary>
public enum MigrateMethod : byte
{
    /// <summary>While it runs.</summary>
    Live = 0,

    /// <summary>Stopped where it runs, moved with its disks, and started where it was to run.</summary>
    Cold = 1,

    /// <summary>Live where it runs, else cold.</summary>
    Auto = 2,
}

/// <summary>How far a migration is. On the wire and in records: append only.</summary>
public enum MigrationPhase : byte
{
    None = 0,

    /// <summary>A host is being looked for.</summary>
    Placing = 1,

    /// <summary>The source's agent is at it. The machine is the source's.</summary>
    Moving = 2,

    /// <summary>Over: the machine is the target's.</summary>
    Done = 3,

    /// <summary>Over: the machine stayed where it was.</summary>
    Failed = 4,

    /// <summary>Over: the machine stayed where it was, as somebody asked.</summary>
    Cancelled = 5,
}

/// <summary>What a moving machine's host says of it. On the wire: append only.</summary>
public enum TransferState : byte
{
    None = 0,

    /// <summary>On the target: nothing has come yet. On the source: nothing is under way, and what is seen of its power is so.</summary>
    Waiting = 1,

    /// <summary>Memory or disks are being copied.</summary>
    UnderWay = 2,

    /// <summary>On the target: all of it is there, and does not run until it is told to.</summary>
    Arrived = 3,
}

[GenerateSerializer, Immutable, Alias("MachineTransfer")]
public sealed record MachineTransfer([property: Id(0)] Guid Migration, [property: Id(1)] TransferState State);

/// <summary>What the target's agent must know of the one that will call it.</summary>
[GenerateSerializer, Immutable, Alias("IncomingMachine")]
public sealed record IncomingMachine([property: Id(0)] Guid Migration, [property: Id(1)] Guid SourceHost, [property: Id(2)] string Secret)
{
    /// <summary>What comes along, to be this host's own.</summary>
    [Id(13)] public MovingVolume[] Volumes { get; init; } = [];
}

/// <summary>A volume on its host's own disks that goes along with its machine: there, it is another incarnation.</summary>
[GenerateSerializer, Immutable, Alias("MovingVolume")]
public sealed record MovingVolume([property: Id(0)] Guid Volume, [property: Id(1)] Guid Incarnation, [property: Id(2)] Guid TargetIncarnation);

/// <summary>What a migration of the machine must know of a volume that it has. <see cref="Why"/>: it cannot come along now, in words.</summary>
[GenerateSerializer, Immutable, Alias("VolumeToMove")]
public sealed record VolumeToMove
{
    [Id(0)] public required Guid Incarnation { get; init; }

    /// <summary>The shared pool that it is in and stays in; null: its host's own, and its bytes go along.</summary>
    [Id(1)] public Guid? Pool { get; init; }

    [Id(2)] public long SizeBytes { get; init; }

    /// <summary>Hosts that may still have an incarnation of before.</summary>
    [Id(3)] public Guid[] Left { get; init; } = [];

    [Id(4)] public string? Why { get; init; }

    /// <summary>Availability zone that it must be in; null: any.</summary>
    [Id(5)] public string? Zone { get; init; }
}

/// <summary>A volume is about to go along with a compute's machine to <see cref="Target"/>, or to be had there too where it is in a shared pool.</summary>
[GenerateSerializer, Immutable, Alias("VolumeMove")]
public sealed record VolumeMove
{
    [Id(0)] public required Guid Migration { get; init; }

    [Id(1)] public required Guid Compute { get; init; }

    [Id(2)] public required Guid Link { get; init; }

    [Id(3)] public required Guid Source { get; init; }

    [Id(4)] public required Guid Target { get; init; }

    /// <summary>What it is on the target. Of one in a shared pool: what it is anyway.</summary>
    [Id(5)] public required Guid TargetIncarnation { get; init; }

    /// <summary>As claimed on the target.</summary>
    [Id(6)] public required long SizeBytes { get; init; }
}

/// <summary>The order to the source's agent.</summary>
[GenerateSerializer, Immutable, Alias("MigrateOrder")]
public sealed record MigrateOrder
{
    [Id(0)] public required Guid Operation { get; init; }

    [Id(1)] public required Guid Machine { get; init; }

    [Id(2)] public required Guid Incarnation { get; init; }

    [Id(3)] public required Guid Migration { get; init; }

    [Id(4)] public required Guid TargetHost { get; init; }

    [Id(5)] public required string TargetEndpoint { get; init; }

    [Id(6)] public required Guid TargetIncarnation { get; init; }

    [Id(7)] public required string Secret { get; init; }

    [Id(8)] public required MigrateMethod Method { get; init; }

    [Id(9)] public int BandwidthMiB { get; init; }

    [Id(10)] public TimeSpan Grace { get; init; }

    [Id(11)] public bool AutoConverge { get; init; }

    /// <summary>What goes along.</summary>
    [Id(22)] public MovingVolume[] Volumes { get; init; } = [];
}

/// <summary>How far an operation on a machine is.</summary>
[GenerateSerializer, Immutable, Alias("OperationProgress")]
public sealed record OperationProgress(
    [property: Id(0)] Guid Operation,
    [property: Id(1)] Guid Machine,
    [property: Id(2)] long TotalBytes,
    [property: Id(3)] long DoneBytes,
    [property: Id(4)] long RemainingBytes,
    [property: Id(5)] int DowntimeMilliseconds);

/// <summary>Moves a compute to another host.</summary>
[GenerateSerializer, Immutable, Alias("MigrateCommand")]
public sealed record MigrateCommand
{
    /// <summary>Who asks: an operator, or what drains a host. Shown in the status.</summary>
    [Id(0)] public required string By { get; init; }

    /// <summary>The host to go to; null: the one that placement finds best.</summary>
    [Id(1)] public Guid? To { get; init; }

    [Id(2)] public MigrateMethod Method { get; init; } = MigrateMethod.Auto;

    /// <summary>MiB a second; null: no limit.</summary>
    [Id(3)] public int? BandwidthMiB { get; init; }

    /// <summary>Slow a guest down that writes faster than can be copied.</summary>
    [Id(4)] public bool AutoConverge { get; init; }
}

/// <summary>One end of a migration.</summary>
[GenerateSerializer, Immutable, Alias("MigrationEnd")]
public sealed record MigrationEnd(
    [property: Id(0)] Guid? Host, [property: Id(1)] Guid Incarnation, [property: Id(2)] long Generation, [property: Id(3)] Power Seen, [property: Id(4)] TransferState Transfer);

/// <summary>A migration under way, or the last one.</summary>
[GenerateSerializer, Immutable, Alias("MigrationView")]
public sealed record MigrationView
{
    [Id(0)] public required Guid Id { get; init; }

    [Id(1)] public required Guid Compute { get; init; }

    [Id(2)] public required MigrationPhase Phase { get; init; }

    [Id(3)] public required MigrateMethod Method { get; init; }

    [Id(4)] public required string By { get; init; }

    [Id(5)] public required MigrationEnd From { get; init; }

    [Id(6)] public required MigrationEnd To { get; init; }

    [Id(7)] public required DateTimeOffset Since { get; init; }

    [Id(8)] public required DateTimeOffset Deadline { get; init; }

    [Id(9)] public DateTimeOffset? Ended { get; init; }

    [Id(10)] public bool Cancelling { get; init; }

    [Id(11)] public int? BandwidthMiB { get; init; }

    [Id(12)] public long TotalBytes { get; init; }

    [Id(13)] public long DoneBytes { get; init; }

    [Id(14)] public long RemainingBytes { get; init; }

    [Id(15)] public int DowntimeMilliseconds { get; init; }

    /// <summary>Why it failed, or what went wrong last.</summary>
    [Id(16)] public string? Error { get; init; }

    public bool UnderWay => Phase is MigrationPhase.Placing or MigrationPhase.Moving;
}
