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
