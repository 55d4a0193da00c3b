namespace Controller.Contracts;

/// <summary>What an agent says when it connects.</summary>
[GenerateSerializer, Immutable, Alias("AgentHello")]
public sealed record AgentHello(
    [property: Id(0)] string BootId,
    [property: Id(1)] string AgentVersion,
    [property: Id(2)] string Name,
    [property: Id(3)] long HighestEpochSeen,
    [property: Id(4)] HostCapabilities Capabilities);

[GenerateSerializer, Immutable, Alias("HostCapabilities")]
public sealed record HostCapabilities(
    [property: Id(0)] string Driver,
    [property: Id(1)] string Hypervisor,
    [property: Id(2)] int Cores,
    [property: Id(3)] long MemoryBytes,
    [property: Id(4)] long DiskBytes,
    [property: Id(5)] string Architecture,
    [property: Id(6)] string[] Features)
{
    /// <summary>Shared pools that it sees.</summary>
    [Id(7)] public HostPool[] Pools { get; init; } = [];

    /// <summary>Where other hosts reach it with tenants' networks; null: it has no such address.</summary>
    [Id(8)] public string? UnderlayAddress { get; init; }

    /// <summary>Where other hosts' agents reach this one's; null: machines cannot come here from another host.</summary>
    [Id(9)] public string? PeerEndpoint { get; init; }

    /// <summary>Its agent keeps leases.</summary>
    [Id(13)] public bool Leases { get; init; }

    /// <summary>Release of the host's kernel; null: its agent does not say.</summary>
    [Id(14)] public string? Kernel { get; init; }
}

/// <summary>A directory that several hosts see. <paramref name="Id"/> stands in a file in it: hosts that say the same see the same.</summary>
[GenerateSerializer, Immutable, Alias("HostPool")]
public sealed record HostPool([property: Id(0)] Guid Id, [property: Id(1)] string Name, [property: Id(2)] long SizeBytes, [property: Id(3)] long FreeBytes);

/// <summary>What an agent sees.</summary>
[GenerateSerializer, Immutable, Alias("ObservedReport")]
public sealed record ObservedReport(
    [property: Id(0)] bool Complete,
    [property: Id(1)] bool DriverHealthy,
    [property: Id(2)] string? DriverWhy,
    [property: Id(3)] ObservedMachine[] Machines,
    [property: Id(4)] ObservedVolume[] Volumes,
    [property: Id(5)] ObservedNetwork[] Networks,
    [property: Id(6)] UnmanagedMachine[] Unmanaged);

[GenerateSerializer, Immutable, Alias("ObservedMachine")]
public sealed record ObservedMachine(
    [property: Id(0)] Guid Id,
    [property: Id(1)] Guid Incarnation,
    [property: Id(2)] long Generation,
    [property: Id(3)] long Sequence,
    [property: Id(4)] Power Power,
    [property: Id(5)] Failure? Failure,
    [property: Id(6)] ObservedAttachment[] Attachments,
    [property: Id(7)] bool RestartPending,
    [property: Id(8)] MachineTransfer? Transfer = null)
{
    /// <summary>The QEMU guest agent answers in the guest.</summary>
    [Id(10)] public bool AgentConnected { get; init; }

    /// <summary>What it says of NICs.</summary>
    [Id(11)] public ObservedAddress[] Addresses { get; init; } = [];

    /// <summary>It is what was wanted before the database was restored from a backup, or nobody knows when.</summary>
    [Id(311)] public bool Before { get; init; }

    /// <summary>Its agent has not brought it to anything that was wanted, or not yet again, as after the host's reboot or the end of its lease: that it is off is nobody's decision.</summary>
    [Id(811)] public bool Unapplied { get; init; }
}

/// <summary>An address that a guest has on the NIC of a link.</summary>
[GenerateSerializer, Immutable, Alias("ObservedAddress")]
public sealed record ObservedAddress([property: Id(0)] Guid Link, [property: Id(1)] string Address, [property: Id(2)] int PrefixLength);

[GenerateSerializer, Immutable, Alias("ObservedAttachment")]
public sealed record ObservedAttachment(
    [property: Id(0)] Guid Link, [property: Id(1)] bool Attached, [property: Id(2)] string Device, [property: Id(3)] Failure? Failure)
{
    /// <summary>What the guest's agent says of it.</summary>
    [Id(10)] public string[] Addresses { get; init; } = [];
}

[GenerateSerializer, Immutable, Alias("ObservedVolume")]
public sealed record ObservedVolume(
    [property: Id(0)] Guid Id,
    [property: Id(1)] Guid Incarnation,
    [property: Id(2)] long Generation,
    [property: Id(3)] long Sequence,
    [property: Id(4)] bool Present,
    [property: Id(5)] long SizeBytes,
    [property: Id(6)] Failure? Failure)
{
    /// <summary>As of a machine.</summary>
    [Id(306)] public bool Before { get; init; }
}

[GenerateSerializer, Immutable, Alias("ObservedNetwork")]
public sealed record ObservedNetwork(
    [property: Id(0)] Guid Id,
    [property: Id(1)] Guid Incarnation,
    [property: Id(2)] long Generation,
    [property: Id(3)] long Sequence,
    [property: Id(4)] bool Present,
    [property: Id(5)] bool Active,
    [property: Id(6)] Failure? Failure)
{
    /// <summary>As of a machine.</summary>
    [Id(306)] public bool Before { get; init; }
}

[GenerateSerializer, Immutable, Alias("UnmanagedMachine")]
public sealed record UnmanagedMachine([property: Id(0)] string Uuid, [property: Id(1)] string Name, [property: Id(2)] Power Power)
{
    /// <summary>Of a machine that this control plane made, of which its database knows nothing: it can be adopted. Null: it is somebody else's.</summary>
    [Id(302)] public Guid? Incarnation { get; init; }
}

/// <summary>What a host's agent was last told of a machine and of the volumes that it has.</summary>
[GenerateSerializer, Immutable, Alias("MachineDescription")]
public sealed record MachineDescription([property: Id(0)] DesiredMachine Machine, [property: Id(1)] DesiredVolume[] Volumes);

/// <summary>A machine that runs on a host, or is there, becomes a compute's; nothing is done to it.</summary>
/// <param name="Caller">Whose it becomes, and who says so.</param>
/// <param name="Host">Where it is.</param>
/// <param name="Machine">As its agent was told.</param>
/// <param name="Power">As its agent sees it.</param>
[GenerateSerializer, Immutable, Alias("AdoptMachine")]
public sealed record AdoptMachine(
    [property: Id(0)] Caller Caller, [property: Id(1)] Guid Host, [property: Id(2)] DesiredMachine Machine, [property: Id(3)] Power Power);

/// <summary>A volume becomes a storage's. <paramref name="PoolName"/>: of the shared pool that it is in; null: it is on the host's own disks.</summary>
[GenerateSerializer, Immutable, Alias("AdoptVolume")]
public sealed record AdoptVolume(
    [property: Id(0)] Caller Caller, [property: Id(1)] Guid Host, [property: Id(2)] DesiredVolume Volume, [property: Id(3)] string? PoolName);
