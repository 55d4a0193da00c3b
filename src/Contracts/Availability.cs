namespace Controller.Contracts;

/// <summary>The answer to a lease's renewal. <see cref="Lease"/>: from when it was asked for; null: none is granted now.</summary>
[GenerateSerializer, Immutable, Alias("LeaseAnswer")]
public sealed record LeaseAnswer([property: Id(0)] bool SessionGoesOn, [property: Id(1)] TimeSpan? Lease)
{
    /// <summary>The host was taken for unreachable, and is waiting for a heartbeat.</summary>
    [Id(2)] public bool WantsHeartbeat { get; init; }
}

/// <summary>What is known of a host for restarting its machines elsewhere.</summary>
[GenerateSerializer, Immutable, Alias("HostAvailability")]
public sealed record HostAvailability
{
    /// <summary>No lease that it ever had lasts longer.</summary>
    [Id(0)] public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>Its machines end with its lease even if its agent does not.</summary>
    [Id(1)] public bool Guarded { get; init; }

    /// <summary>Why it is not guarded.</summary>
    [Id(2)] public string? Unguarded { get; init; }

    [Id(3)] public FenceSettings? Fence { get; init; }

    /// <summary>What the fence said last, since the host was last heard of.</summary>
    [Id(4)] public FenceAnswer? FenceSays { get; init; }

    /// <summary>The present loss, or the last one.</summary>
    [Id(5)] public HostLoss? Loss { get; init; }

    /// <summary>While it is unreachable: what its machines wait for.</summary>
    [Id(6)] public string? Waits { get; init; }
}

/// <summary>Why it is certain that a host's machines do not run. On the wire and in records: append only.</summary>
public enum LossProof : byte
{
    None = 0,

    /// <summary>Its lease is over, and something beside its agent saw to it.</summary>
    LeaseOver = 1,

    /// <summary>A fence says that it is off.</summary>
    PoweredOff = 2,

    /// <summary>A person says that it is off.</summary>
    Vouched = 3,
}

/// <summary>A host was lost: its machines certainly do not run there.</summary>
[GenerateSerializer, Immutable, Alias("HostLoss")]
public sealed record HostLoss
{
    /// <summary>Of the session that was its last.</summary>
    [Id(0)] public required long Epoch { get; init; }

    [Id(1)] public required LossProof Proof { get; init; }

    /// <summary>When it was certain.</summary>
    [Id(2)] public required DateTimeOffset At { get; init; }

    /// <summary>When it was last heard of before.</summary>
    [Id(3)] public DateTimeOffset Silent { get; init; }

    /// <summary>When it came back.</summary>
    [Id(4)] public DateTimeOffset? Over { get; init; }

    [Id(5)] public string Why { get; init; } = "";

    [Id(6)] public RecoveryView[] Machines { get; init; } = [];
}

/// <summary>What became of a machine whose host was lost.</summary>
[GenerateSerializer, Immutable, Alias("RecoveryView")]
public sealed record RecoveryView(
    [property: Id(0)] Guid Compute, [property: Id(1)] RecoveryState State, [property: Id(2)] Guid? Host, [property: Id(3)] DateTimeOffset Since, [property: Id(4)] string? Why);

/// <summary>On the wire and in records: append only.</summary>
public enum RecoveryState : byte
{
    None = 0,

    /// <summary>It goes on elsewhere; a host is being looked for.</summary>
    Placing = 1,

    /// <summary>It has another host, which starts it.</summary>
    Starting = 2,

    /// <summary>It runs there.</summary>
    Running = 3,

    /// <summary>It stays with its host, and why.</summary>
    Stays = 4,
}

/// <summary>How a host's power is switched off without its help.</summary>
[GenerateSerializer, Immutable, Alias("FenceSettings")]
public sealed record FenceSettings
{
    /// <summary><c>redfish</c> or <c>command</c>.</summary>
    [Id(0)] public required string Driver { get; init; }

    /// <summary>Of redfish: the computer system, <c>https://bmc/redfish/v1/Systems/1</c>. Of a command: told to it as it is.</summary>
    [Id(1)] public string Address { get; init; } = "";

    [Id(2)] public string User { get; init; } = "";

    /// <summary>A file on each silo's machine with the password. No record has one.</summary>
    [Id(3)] public string PasswordFile { get; init; } = "";

    /// <summary>A file on each silo's machine with the authority (PEM) that the BMC's certificate must be of; empty: the system's.</summary>
    [Id(4)] public string AuthorityFile { get; init; } = "";
}

/// <summary>On the wire and in records: append only.</summary>
public enum PowerState : byte
{
    Unknown = 0,
    Off = 1,
    On = 2,
}

/// <summary>What a fence knows of a host's power. Unknown is not off.</summary>
[GenerateSerializer, Immutable, Alias("FenceAnswer")]
public sealed record FenceAnswer([property: Id(0)] PowerState Power, [property: Id(1)] string? Why, [property: Id(2)] DateTimeOffset At);

/// <summary>Talks to a host's fence, keyed <c>fence/uuid</c>: slow, so that it is not the host's grain that waits.</summary>
[Alias("IFenceGrain")]
public interface IFenceGrain : IGrainWithStringKey
{
    /// <summary>Asks whether the host is off, after switching it off where that is wanted, and tells the host's grain. May be lost: whoever asks, asks again.</summary>
    [Alias("Ask"), Orleans.Concurrency.OneWay] Task Ask(Guid attempt, FenceSettings fence, string name, bool switchOff);
}
