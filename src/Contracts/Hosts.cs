using System.Text.Json.Serialization;

namespace Controller.Contracts;

/// <summary>Power states of a machine. On the wire: append only.</summary>
public enum Power : byte
{
    Unknown = 0,

    /// <summary>No such machine on the host (any more).</summary>
    Absent = 1,
    Off = 2,
    Running = 3,

    /// <summary>Suspended in memory.</summary>
    Paused = 4,

    /// <summary>Hibernated to disk.</summary>
    Saved = 5,
    Crashed = 6,
}

/// <summary>How to get to <see cref="Power.Off"/>. On the wire and in records: append only.</summary>
public enum StopMethod : byte
{
    /// <summary>Asks the guest, waits, then pulls the plug.</summary>
    Graceful = 0,

    /// <summary>The ACPI power button and nothing else.</summary>
    AcpiOff = 1,

    /// <summary>Pulls the plug.</summary>
    PowerOff = 2,
}

/// <summary>What a machine boots with. On the wire and in records: append only.</summary>
public enum Firmware : byte
{
    Bios = 0,
    Uefi = 1,
}

/// <summary>The board that a machine has. On the wire and in records: append only.</summary>
public enum MachineType : byte
{
    Q35 = 0,
    Pc = 1,
}

/// <summary>How to reboot. On the wire and in records: append only.</summary>
public enum RebootMethod : byte
{
    Cold = 0,
    Warm = 1,
    Graceful = 2,
}

/// <summary>How to save a machine as an OS template (GFD.224 §3.1). On the wire and in records: append only.</summary>
public enum SaveMethod : byte
{
    /// <summary>While the machine goes on.</summary>
    Hot = 0,

    /// <summary>While it is off; one that runs is stopped before and started afterwards.</summary>
    Deferred = 1,
}

/// <summary>What went wrong on a host.</summary>
[GenerateSerializer, Immutable, Alias("Failure")]
public sealed record Failure([property: Id(0)] string Code, [property: Id(1)] string Message, [property: Id(2)] bool Retryable, [property: Id(3)] long Generation);

/// <summary>What an image is, for a host that has to fetch it.</summary>
[GenerateSerializer, Immutable, Alias("ImageRef")]
public sealed record ImageRef([property: Id(0)] string Sha256, [property: Id(1)] string Format, [property: Id(2)] long SizeBytes);

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

/// <summary>The end of an operation on a machine.</summary>
[GenerateSerializer, Immutable, Alias("OperationFinished")]
public sealed record OperationFinished(
    [property: Id(0)] Guid Operation, [property: Id(1)] Guid Machine, [property: Id(2)] Failure? Failure, [property: Id(3)] SavedDisk? Saved = null);

/// <summary>What a save has put into the image store.</summary>
[GenerateSerializer, Immutable, Alias("SavedDisk")]
public sealed record SavedDisk([property: Id(0)] ImageRef Image, [property: Id(1)] long VirtualSizeBytes);

/// <summary>The order to save a machine's root disk.</summary>
[GenerateSerializer, Immutable, Alias("SaveOrder")]
public sealed record SaveOrder(
    [property: Id(0)] Guid Operation, [property: Id(1)] Guid Machine, [property: Id(2)] Guid Incarnation, [property: Id(3)] SaveMethod Method, [property: Id(4)] TimeSpan Grace);

/// <summary>The stream to an agent, held by the gateway that has its connection. Sends in order; never blocks.</summary>
[Alias("IAgentStream")]
public interface IAgentStream : IGrainObserver
{
    [Alias("SendDesired"), Orleans.Concurrency.OneWay] Task SendDesired(bool full, DesiredObject[] objects);

    [Alias("SendReboot"), Orleans.Concurrency.OneWay] Task SendReboot(Guid operation, Guid machine, Guid incarnation, RebootMethod method, TimeSpan grace);

    [Alias("SendSave"), Orleans.Concurrency.OneWay] Task SendSave(SaveOrder order);

    [Alias("SendMigrate"), Orleans.Concurrency.OneWay] Task SendMigrate(MigrateOrder order);

    [Alias("SendCancel"), Orleans.Concurrency.OneWay] Task SendCancel(Guid operation, Guid machine);

    [Alias("SendReadConsole"), Orleans.Concurrency.OneWay] Task SendReadConsole(Guid request, Guid machine, long offset, int maxBytes, TimeSpan wait);

    [Alias("SendDescribe"), Orleans.Concurrency.OneWay] Task SendDescribe(Guid request, Guid machine, Guid incarnation);

    [Alias("SendOpenConsole"), Orleans.Concurrency.OneWay] Task SendOpenConsole(ConsoleOrder order);

    /// <summary>The session is over: another one took its place, or the host was removed.</summary>
    [Alias("Hangup"), Orleans.Concurrency.OneWay] Task Hangup(string why);
}

/// <summary>A session's beginning.</summary>
[GenerateSerializer, Immutable, Alias("SessionOpened")]
public sealed record SessionOpened([property: Id(0)] long Epoch, [property: Id(1)] TimeSpan Lease);

/// <summary>Part of a machine's serial log.</summary>
[GenerateSerializer, Immutable, Alias("ConsolePart")]
public sealed record ConsolePart(
    [property: Id(0)] long Offset, [property: Id(1)] byte[] Data, [property: Id(2)] long Size, [property: Id(3)] string? Why);

/// <summary>Whether a host can be used. Persisted: append only.</summary>
public enum HostStatus : byte
{
    /// <summary>Enrolled, never connected.</summary>
    New = 0,

    /// <summary>Its agent is connected and its driver is healthy.</summary>
    Up = 1,

    /// <summary>Its agent is connected, its hypervisor is not well.</summary>
    Unhealthy = 2,

    /// <summary>Unheard of for longer than the lease. Its machines are unknown, not failed.</summary>
    Unreachable = 3,
}

/// <summary>A host as operators see it.</summary>
[GenerateSerializer, Immutable, Alias("HostView")]
public sealed record HostView(
    [property: Id(0)] Guid Id,
    [property: Id(1)] string Name,
    [property: Id(2)] HostStatus Status,
    [property: Id(3)] string? Why,
    [property: Id(4)] HostCapabilities? Capabilities,
    [property: Id(5)] long Epoch,
    [property: Id(6)] DateTimeOffset? LastSeen,
    [property: Id(7)] string? AgentVersion,
    [property: Id(8)] UnmanagedMachine[] Unmanaged)
{
    [Id(9)] public HostAdmission Admission { get; init; }

    [Id(10)] public HostSettings Settings { get; init; } = new();

    /// <summary>The drain that it is in, finished or not; null: it takes new machines.</summary>
    [Id(11)] public DrainView? Drain { get; init; }

    /// <summary>What is placed on it.</summary>
    [Id(12)] public HostUse? Use { get; init; }

    /// <summary>It is being removed: what was placed on it is told one by one.</summary>
    [Id(13)] public bool Removing { get; init; }

    /// <summary>The same host as an OCCI entity. In a row its members stand beside the others, so that lists of entities read it like any other.</summary>
    [Id(14), JsonIgnore] public EntityView? Entity { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Kind { get => Entity?.Kind; init => Entity = value is null ? Entity : Known with { Kind = value }; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? Project { get => Entity?.Project; init => Entity = value is { } project ? Known with { Project = project } : Entity; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Mixins { get => Entity?.Mixins; init => Entity = value is null ? Entity : Known with { Mixins = value }; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Dictionary<string, Occi.AttributeValue>? Attributes { get => Entity?.Attributes; init => Entity = value is null ? Entity : Known with { Attributes = value }; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Actions { get => Entity?.Actions; init => Entity = value is null ? Entity : Known with { Actions = value }; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Version { get => Entity?.Version; init => Entity = value is { } version ? Known with { Version = version } : Entity; }

    private EntityView Known => Entity ?? new() { Id = Id, Kind = "", Project = Guid.Empty };

    /// <summary>What is known for restarting its machines elsewhere, should it be lost.</summary>
    [Id(16)] public HostAvailability Availability { get; init; } = new();
}

/// <summary>A hypervisor host, keyed <c>host/uuid</c>: routes between entities and the agent, and knows whether it is there.</summary>
[Alias("IHostGrain")]
public interface IHostGrain : IGrainWithStringKey
{
    /// <summary>Records a new host.</summary>
    [Alias("Enrol")] Task Enrol(string name, string certificateSerial);

    /// <summary>Records a new host that waits for an operator's approval, or does not. Repeating it changes no decision that was made meanwhile.</summary>
    [Alias("Admit")] Task Admit(string name, string certificateSerial, HostAdmission admission);

    /// <summary>The same with the join token of that key. Null, or why not: it has connected already, is being removed, or was removed.</summary>
    [Alias("AdmitBy")] Task<string?> AdmitBy(string name, string certificateSerial, HostAdmission admission, string joinToken);

    /// <summary>From now on it takes machines.</summary>
    [Alias("Approve")] Task<Outcome> Approve(string by);

    /// <summary>Changes what operators decide of it.</summary>
    [Alias("Configure")] Task<Outcome> Configure(HostSettings settings, string? name);

    /// <summary>No new machines; those that are there are moved, stopped or left, as the order says. Repeating it with another order begins anew.</summary>
    [Alias("Drain")] Task<Outcome> Drain(DrainOrder order);

    /// <summary>Ends a drain, finished or not: what was moved stays where it is.</summary>
    [Alias("Undrain")] Task<Outcome> Undrain(string by);

    /// <summary>
    /// Forgets the host, also one that is gone for ever: with <paramref name="force"/>, and only while it is unreachable, the machines and volumes that were on it are lost
    /// and told so. Without: refused while any is placed on it.
    /// </summary>
    [Alias("Discard")] Task<Outcome> Discard(bool force, string by);

    /// <summary>
    /// Whether a certificate of the host, issued then, still opens anything: the host is enrolled, and has not used a newer one. Nothing is said of newer ones that it may have: it may
    /// never have got them.
    /// </summary>
    [Alias("Presents")] Task<bool> Presents(DateTimeOffset issued);

    /// <summary>A renewed certificate.</summary>
    [Alias("Renewed")] Task Renewed(string certificateSerial);

    /// <summary>Opens a session: mints the epoch, then sends the whole desired set down the stream. Null: the host is not (any more) enrolled.</summary>
    [Alias("Connect")] Task<SessionOpened?> Connect(AgentHello hello, IAgentStream stream);

    /// <summary>A sign of life. False: that session is over, hang up.</summary>
    [Alias("Heartbeat")] Task<bool> Heartbeat(long epoch, bool driverHealthy, string? why, IAgentStream stream);

    /// <summary>The agent asks that the host's lease go on. How long it may last at most is durable before this answers.</summary>
    [Alias("RenewLease")] Task<LeaseAnswer> RenewLease(long epoch, bool guarded, string? whyNot, IAgentStream stream);

    /// <summary>The epoch of the session after which the host was lost, while it is; null: it is not. Whoever acts on it must ask in the turn in which it writes down what it does.</summary>
    [Alias("LostSince"), Orleans.Concurrency.AlwaysInterleave] Task<long?> LostSince();

    /// <summary>How its power is switched off; null: in no way.</summary>
    [Alias("SetFence")] Task<Outcome> SetFence(FenceSettings? fence);

    /// <summary>A fence has answered what <see cref="IFenceGrain"/> was asked.</summary>
    [Alias("FenceAnswered")] Task FenceAnswered(Guid attempt, FenceAnswer answer);

    /// <summary>A person vouches that the host is off, and will not come on before that person has said so.</summary>
    [Alias("ConfirmOff")] Task<Outcome> ConfirmOff(string by);

    [Alias("Observe")] Task<bool> Observe(long epoch, ObservedReport report);

    [Alias("Finished")] Task<bool> Finished(long epoch, OperationFinished finished);

    /// <summary>How far an operation is.</summary>
    [Alias("Progress")] Task<bool> Progress(long epoch, OperationProgress progress);

    [Alias("ConsoleData"), Orleans.Concurrency.AlwaysInterleave] Task ConsoleData(Guid request, ConsolePart part);

    /// <summary>What the agent's ledger has of a machine; null: it is not connected, has no such machine, or did not answer in time.</summary>
    [Alias("Describe"), Orleans.Concurrency.AlwaysInterleave] Task<MachineDescription?> Describe(Guid machine, Guid incarnation);

    [Alias("Described"), Orleans.Concurrency.AlwaysInterleave] Task Described(Guid request, MachineDescription? described);

    /// <summary>A machine of those that nobody knew is a compute's now.</summary>
    [Alias("Adopted")] Task Adopted(Guid machine, Guid incarnation);

    [Alias("Disconnect")] Task Disconnect(long epoch);

    /// <summary>Sends what is wanted of objects, if the agent is connected; if not, it gets everything when it connects.</summary>
    [Alias("Send"), Orleans.Concurrency.AlwaysInterleave] Task Send(DesiredObject[] objects);

    /// <summary>Hands an operation down. False: not connected; ask again later with the same id.</summary>
    [Alias("Reboot"), Orleans.Concurrency.AlwaysInterleave] Task<bool> Reboot(Guid operation, Guid machine, Guid incarnation, RebootMethod method, TimeSpan grace);

    /// <summary>Hands an operation down. False: not connected; ask again later with the same id.</summary>
    [Alias("Save"), Orleans.Concurrency.AlwaysInterleave] Task<bool> Save(SaveOrder order);

    /// <summary>Hands an operation down. False: not connected; ask again later with the same id.</summary>
    [Alias("Migrate"), Orleans.Concurrency.AlwaysInterleave] Task<bool> Migrate(MigrateOrder order);

    /// <summary>Asks the agent to end an operation. False: not connected.</summary>
    [Alias("Cancel"), Orleans.Concurrency.AlwaysInterleave] Task<bool> Cancel(Guid operation, Guid machine);

    /// <summary>Reads a machine's serial log, waiting for more if there is none after <paramref name="offset"/>.</summary>
    [Alias("ReadConsole"), Orleans.Concurrency.AlwaysInterleave] Task<ConsolePart> ReadConsole(Guid machine, long offset, int maxBytes, TimeSpan wait);

    /// <summary>Has a console opened: <paramref name="viewer"/> hears when it is. Answers why it can't be; null: it is on its way.</summary>
    [Alias("OpenConsole"), Orleans.Concurrency.AlwaysInterleave] Task<ConsoleClosed?> OpenConsole(ConsoleOrder order, IConsoleEnd viewer);

    /// <summary>The agent has called about that console: who waits for it, once; null: nobody (any more).</summary>
    [Alias("ConsoleReached"), Orleans.Concurrency.AlwaysInterleave] Task<IConsoleEnd?> ConsoleReached(Guid console);

    [Alias("View"), Orleans.Concurrency.AlwaysInterleave] Task<HostView?> View();

    /// <summary>Looks whether its agent is still there. Called by a sweeper, so that a host is watched also when its silo died.</summary>
    [Alias("Check")] Task Check();

    /// <summary>Forgets the host and ends its session. Refused while objects are placed on it.</summary>
    [Alias("Remove")] Task<Outcome> Remove();
}
