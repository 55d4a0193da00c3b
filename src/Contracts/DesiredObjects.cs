namespace Controller.Contracts;

/// <summary>What the control plane wants of one object on one host. Closed: machine, volume or network.</summary>
[GenerateSerializer, Immutable, Alias("DesiredObject")]
public abstract record DesiredObject
{
    /// <summary>The OCCI entity's UUID.</summary>
    [Id(0)] public required Guid Id { get; init; }

    /// <summary>This placement of it.</summary>
    [Id(1)] public required Guid Incarnation { get; init; }

    /// <summary>Grows with each change of what is wanted.</summary>
    [Id(2)] public required long Generation { get; init; }

    /// <summary>It must not exist on this host. The one way in which anything is ever removed.</summary>
    [Id(3)] public bool Absent { get; init; }
}

/// <summary>A machine.</summary>
[GenerateSerializer, Immutable, Alias("DesiredMachine")]
public sealed record DesiredMachine : DesiredObject
{
    [Id(0)] public string Name { get; init; } = "";
    [Id(1)] public string Hostname { get; init; } = "";
    [Id(2)] public int Cores { get; init; }
    [Id(3)] public long MemoryBytes { get; init; }
    [Id(4)] public int CpuShares { get; init; }
    [Id(5)] public string Architecture { get; init; } = "x64";
    [Id(6)] public Power Power { get; init; }
    [Id(7)] public StopMethod Stop { get; init; }
    [Id(8)] public TimeSpan StopGrace { get; init; }
    [Id(9)] public ImageRef? Image { get; init; }
    [Id(10)] public long RootDiskBytes { get; init; }
    [Id(11)] public DesiredDisk[] Disks { get; init; } = [];
    [Id(12)] public DesiredNic[] Nics { get; init; } = [];
    [Id(13)] public string[] SshKeys { get; init; } = [];
    [Id(14)] public byte[] UserData { get; init; } = [];

    /// <summary>The shared pool that the root disk is in; null: the host's own.</summary>
    [Id(20)] public Guid? Pool { get; init; }

    /// <summary>What a root disk in a shared pool is named by, whatever incarnation has it. Of a machine that is gone for good: the disk that goes with it.</summary>
    [Id(21)] public Guid? RootDisk { get; init; }

    /// <summary>It is coming here from another host: nothing is done to it until this is gone.</summary>
    [Id(23)] public IncomingMachine? Incoming { get; init; }

    /// <summary>The migration in which it is leaving for another host: nothing is done to it until this is gone.</summary>
    [Id(24)] public Guid? Outgoing { get; init; }

    /// <summary>Never changes in a machine's life, nor does <see cref="MachineType"/>.</summary>
    [Id(25)] public Firmware Firmware { get; init; }
    [Id(26)] public MachineType MachineType { get; init; }

    /// <summary>How the guest shall set up its NICs, as cloud-init reads it; empty: as it likes.</summary>
    [Id(27)] public string NetworkConfig { get; init; } = "";

    /// <summary>It may run only while the host's lease lasts.</summary>
    [Id(33)] public bool Leased { get; init; }

    /// <summary>A root disk in a shared pool that is not there is made, though it is named by another incarnation: nobody has heard that it was made for that one.</summary>
    [Id(53)] public bool RootDiskUnmade { get; init; }

    /// <summary>It was made before, on this host: a new root disk must never take the place of its own.</summary>
    [Id(353)] public bool Existing { get; init; }
}

[GenerateSerializer, Immutable, Alias("DesiredDisk")]
public sealed record DesiredDisk([property: Id(0)] Guid Link, [property: Id(1)] Guid Volume, [property: Id(2)] string? Device);

[GenerateSerializer, Immutable, Alias("DesiredNic")]
public sealed record DesiredNic(
    [property: Id(0)] Guid Link, [property: Id(1)] Guid Network, [property: Id(2)] string Mac, [property: Id(3)] string? Address, [property: Id(4)] string Device)
{
    /// <summary>Its IPv6 address.</summary>
    [Id(5)] public string? Address6 { get; init; }

    /// <summary>What the guest's own network configuration has to say of it.</summary>
    [Id(6)] public NicSettings? Settings { get; init; }

    /// <summary>It is in a security group: nothing but what <see cref="Rules"/> allow comes to it. Where a rule is for egress, it sends nothing but what they allow either.</summary>
    [Id(7)] public bool Filtered { get; init; }
    [Id(8)] public SecurityRule[] Rules { get; init; } = [];

    /// <summary>Addresses of the world outside that are this NIC's.</summary>
    [Id(9)] public FloatingAddress[] Floating { get; init; } = [];
}

/// <summary>How a guest sets up a NIC: where <see cref="Dhcp"/> is false, with its addresses as they stand here.</summary>
[GenerateSerializer, Immutable, Alias("NicSettings")]
public sealed record NicSettings
{
    [Id(0)] public bool Dhcp { get; init; }
    [Id(1)] public int PrefixLength { get; init; }
    [Id(2)] public string? Gateway { get; init; }
    [Id(3)] public int PrefixLength6 { get; init; }
    [Id(4)] public string? Gateway6 { get; init; }
    [Id(5)] public string[] Dns { get; init; } = [];
    [Id(6)] public int Mtu { get; init; }
}

/// <summary>A volume.</summary>
[GenerateSerializer, Immutable, Alias("DesiredVolume")]
public sealed record DesiredVolume : DesiredObject
{
    [Id(0)] public string Name { get; init; } = "";
    [Id(1)] public long SizeBytes { get; init; }

    /// <summary>The shared pool that it is in; null: the host's own.</summary>
    [Id(2)] public Guid? Pool { get; init; }

    /// <summary>It was made before: a new, empty one must never take its place.</summary>
    [Id(3)] public bool Existing { get; init; }

    /// <summary>What is in it at first.</summary>
    [Id(4)] public ImageRef? Image { get; init; }

    /// <summary>What is in it at first: a copy of another volume.</summary>
    [Id(5)] public VolumeSource? Source { get; init; }

    /// <summary>Its bytes are overwritten before it is removed.</summary>
    [Id(6)] public bool Wipe { get; init; }

    /// <summary>It lives on without this host, which forgets it.</summary>
    [Id(7)] public bool Released { get; init; }

    /// <summary>Its content is replaced by this one's, once.</summary>
    [Id(8)] public VolumeSource? Revert { get; init; }
}

/// <summary>A volume that another is copied from.</summary>
[GenerateSerializer, Immutable, Alias("VolumeSource")]
public sealed record VolumeSource([property: Id(0)] Guid Volume, [property: Id(1)] Guid Incarnation, [property: Id(2)] Guid? Pool);

/// <summary>A network.</summary>
[GenerateSerializer, Immutable, Alias("DesiredNetwork")]
public sealed record DesiredNetwork : DesiredObject
{
    [Id(0)] public string Name { get; init; } = "";
    [Id(1)] public bool Active { get; init; }

    /// <summary>Whether guests reach beyond it, through the host.</summary>
    [Id(2)] public bool Nat { get; init; }

    /// <summary>CIDR, or null: layer 2 only.</summary>
    [Id(3)] public string? Cidr { get; init; }

    /// <summary>The host's own address on it.</summary>
    [Id(4)] public string? Gateway { get; init; }
    [Id(5)] public bool Dhcp { get; init; }
    [Id(6)] public AddressReservation[] Reservations { get; init; } = [];

    /// <summary>Of the VXLAN that joins its hosts; 0: none.</summary>
    [Id(10)] public int Vni { get; init; }

    /// <summary>Underlay addresses of the other hosts that have it.</summary>
    [Id(11)] public string[] Peers { get; init; } = [];

    /// <summary>0: the host's default.</summary>
    [Id(12)] public int Mtu { get; init; }

    /// <summary>Name servers; none: the gateway is one.</summary>
    [Id(13)] public string[] Dns { get; init; } = [];

    /// <summary>IPv6 range, or null.</summary>
    [Id(14)] public string? Cidr6 { get; init; }

    /// <summary>The host's own address in it.</summary>
    [Id(15)] public string? Gateway6 { get; init; }

    /// <summary>The physical network that it is bridged to, or null.</summary>
    [Id(16)] public string? Physical { get; init; }

    /// <summary>On the physical network; 0: untagged.</summary>
    [Id(17)] public int Vlan { get; init; }
}

[GenerateSerializer, Immutable, Alias("AddressReservation")]
public sealed record AddressReservation([property: Id(0)] string Mac, [property: Id(1)] string Address, [property: Id(2)] string? Hostname)
{
    [Id(3)] public string? Address6 { get; init; }
}
