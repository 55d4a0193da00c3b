using System.Text.Json.Serialization;
using Controller.Contracts;
using Controller.Grains.Entities;

namespace Controller.Grains.Compute;

/// <summary>
/// A move to another host, or the last one. Which of the two incarnations may run is decided here and nowhere else: the source's until <see cref="Phase"/> is Done, the target's from
/// then on. Persisted: additive changes only.
/// </summary>
internal sealed record ComputeMigration
{
    public required Guid Id { get; init; }

    public MigrationPhase Phase { get; init; }

    /// <summary>Live or cold.</summary>
    public MigrateMethod Method { get; init; }

    public required string By { get; init; }

    /// <summary>The host asked for; null: any.</summary>
    public Guid? Wanted { get; init; }

    public int? BandwidthMiB { get; init; }

    public bool AutoConverge { get; init; }

    public required MigrationSide Source { get; init; }

    public required MigrationSide Target { get; init; }

    /// <summary>The volumes that the machine has, as they were when it began: what becomes of its links meanwhile is done where it then is.</summary>
    public MigratingVolume[] Volumes { get; init; } = [];

    /// <summary>Hosts that may still have something of these volumes from before.</summary>
    public Guid[] Except { get; init; } = [];

    /// <summary>It is over, and its volumes have not all been told so.</summary>
    public bool OwesVolumes { get; init; }

    /// <summary>That the source's agent shows the target's.</summary>
    public required string Secret { get; init; }

    /// <summary>Its id is the present attempt's on the source's host.</summary>
    public required Operation Operation { get; init; }

    public MigrationAnswer Answer { get; init; }

    public bool Cancelling { get; init; }

    public DateTimeOffset? Ended { get; init; }

    public long TotalBytes { get; init; }

    public long DoneBytes { get; init; }

    public long RemainingBytes { get; init; }

    public int DowntimeMilliseconds { get; init; }

    public string? Error { get; init; }

    [JsonIgnore]
    public bool UnderWay => Phase is MigrationPhase.Placing or MigrationPhase.Moving;

    public MigrationView View(Guid compute) => new()
    {
        Id = Id,
        Compute = compute,
        Phase = Phase,
        Method = Method,
        By = By,
        From = Source.View(),
        To = Target.View(),
        Since = Operation.Since,
        Deadline = Operation.Deadline,
        Ended = Ended,
        Cancelling = Cancelling,
        BandwidthMiB = BandwidthMiB,
        TotalBytes = TotalBytes,
        DoneBytes = DoneBytes,
        RemainingBytes = RemainingBytes,
        DowntimeMilliseconds = DowntimeMilliseconds,
        Error = Error ?? Operation.LastError,
    };
}

/// <summary>
/// A volume of a machine that moves. In a shared pool it stays where it is; else its bytes go along, and it is another incarnation there. Persisted: additive changes only.
/// </summary>
internal sealed record MigratingVolume(Guid Link, Guid Volume, string? Device, Guid? Pool, Guid Incarnation, Guid TargetIncarnation, long Bytes, string? Zone)
{
    [JsonIgnore]
    public bool IsLocal => Pool is null;
}

/// <summary>One end: where, what it was told, and what was seen there since. Persisted: additive changes only.</summary>
internal sealed record MigrationSide(Guid? Host, Guid Incarnation, long Generation = 0, Power Seen = Power.Unknown, TransferState Transfer = TransferState.None)
{
    public MigrationEnd View() => new(Host, Incarnation, Generation, Seen, Transfer);
}

/// <summary>A placement that was replaced and has not been seen gone yet. Persisted: additive changes only.</summary>
internal sealed record LeftIncarnation(Guid Host, Guid Incarnation);

/// <summary>How the source's agent answered the order. Persisted: append only, never renumber.</summary>
internal enum MigrationAnswer : byte
{
    None = 0,

    /// <summary>All of the machine is on the target, and on the source it is off.</summary>
    HandedOver = 1,

    /// <summary>It is not, and will not be.</summary>
    Failed = 2,
}
