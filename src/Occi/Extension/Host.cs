using Occi.Core;

namespace Occi.Extension;

/// <summary>A hypervisor host: what machines run on. Of the provider's own; only operators know of it. It comes by joining, never by a POST.</summary>
public static class Host
{
    private const string ActionScheme = Scheme.Infrastructure + "/host/action#";
    private const string Name = "local.controller.host.";

    /// <summary>Whether it can be used.</summary>
    public static readonly Attr State = Seen("state", AttrType.Enumeration, "Whether its agent is there and its hypervisor well.") with
    {
        Values = ["new", "up", "unhealthy", "unreachable"],
    };

    /// <summary>Why its state is what it is.</summary>
    public static readonly Attr StateMessage = Seen("state.message", AttrType.Text, "Why the state is what it is.");

    /// <summary>Whether an operator has let it in.</summary>
    public static readonly Attr Admission = Seen("admission", AttrType.Enumeration, "Whether an operator has let it in.") with { Values = ["approved", "pending"] };

    /// <summary>How far a drain is; <c>no</c>: it takes new machines.</summary>
    public static readonly Attr DrainState = Seen("drain", AttrType.Enumeration, "Whether it is being drained of machines.") with { Values = ["no", "draining", "drained"] };

    /// <summary>What a drain did in numbers.</summary>
    public static readonly Attr DrainMessage = Seen("drain.message", AttrType.Text, "What became of the machines that were on it.");

    /// <summary>Availability zone.</summary>
    public static readonly Attr Zone = new(Name + "zone", AttrType.Text, "Availability zone; none when absent.") { Pattern = Extension.Zone.TermPattern };

    /// <summary>Virtual cores per core.</summary>
    public static readonly Attr CoresRatio = Ratio("cores", "Virtual cores per core; the silo's setting when absent.");

    /// <summary>Bytes of machines' memory per byte.</summary>
    public static readonly Attr MemoryRatio = Ratio("memory", "Memory of machines per memory of the host; the silo's setting when absent.");

    /// <summary>Bytes of volumes' sizes per byte.</summary>
    public static readonly Attr DiskRatio = Ratio("disk", "Sizes of volumes per size of the pool; the silo's setting when absent.");

    /// <summary>Cores kept for the host itself.</summary>
    public static readonly Attr ReservedCores = new(Name + "reserved.cores", AttrType.Whole, "Cores kept for the host itself.") { Min = 0, Max = 100_000 };

    /// <summary>Memory kept for the host itself.</summary>
    public static readonly Attr ReservedMemory = Reserved("memory", "Memory kept for the host itself in GiB (2^30 bytes).");

    /// <summary>Disk kept for the host itself.</summary>
    public static readonly Attr ReservedDisk = Reserved("disk", "Disk kept for the host itself in GiB (2^30 bytes).");

    /// <summary>Cores that the host has.</summary>
    public static readonly Attr Cores = Seen("cores", AttrType.Whole, "Cores that it has.");

    /// <summary>Memory that the host has.</summary>
    public static readonly Attr Memory = Seen("memory", AttrType.Decimal, "Memory that it has in GiB (2^30 bytes).");

    /// <summary>Disk that the host has.</summary>
    public static readonly Attr Disk = Seen("disk", AttrType.Decimal, "Disk that it has in GiB (2^30 bytes).");

    /// <summary>Virtual cores that machines have taken.</summary>
    public static readonly Attr UsedCores = Seen("used.cores", AttrType.Whole, "Virtual cores that are claimed.");

    /// <summary>Memory that machines have taken.</summary>
    public static readonly Attr UsedMemory = Seen("used.memory", AttrType.Decimal, "Memory that is claimed in GiB (2^30 bytes).");

    /// <summary>Disk that volumes have taken.</summary>
    public static readonly Attr UsedDisk = Seen("used.disk", AttrType.Decimal, "Disk that is claimed in GiB (2^30 bytes).");

    /// <summary>Virtual cores that can be taken.</summary>
    public static readonly Attr FreeCores = Seen("free.cores", AttrType.Whole, "Virtual cores that can be claimed.");

    /// <summary>Memory that can be taken.</summary>
    public static readonly Attr FreeMemory = Seen("free.memory", AttrType.Decimal, "Memory that can be claimed in GiB (2^30 bytes).");

    /// <summary>Disk that can be taken.</summary>
    public static readonly Attr FreeDisk = Seen("free.disk", AttrType.Decimal, "Disk that can be claimed in GiB (2^30 bytes).");

    /// <summary>How many computes are on it.</summary>
    public static readonly Attr Computes = Seen("computes", AttrType.Whole, "Computes that are placed on it.");

    /// <summary>How many storages are on it.</summary>
    public static readonly Attr Storages = Seen("storages", AttrType.Whole, "Storages that are placed on it.");

    /// <summary>How many domains are not ours.</summary>
    public static readonly Attr Unmanaged = Seen("unmanaged", AttrType.Whole, "Domains of its hypervisor that are none of ours: listed and never touched.");

    /// <summary>What drives its hypervisor.</summary>
    public static readonly Attr Driver = Seen("driver", AttrType.Text, "Driver of its agent.");

    /// <summary>Whether the driver is well.</summary>
    public static readonly Attr DriverHealthy = Seen("driver.healthy", AttrType.Boolean, "Whether its agent reaches its hypervisor.");

    /// <summary>Versions of the hypervisor.</summary>
    public static readonly Attr Hypervisor = Seen("hypervisor", AttrType.Text, "Its hypervisor and the versions of that.");

    /// <summary>Release of the kernel.</summary>
    public static readonly Attr Kernel = Seen("kernel", AttrType.Text, "Release of its kernel.");

    /// <summary>Version of the agent.</summary>
    public static readonly Attr Agent = Seen("agent", AttrType.Text, "Version of its agent.");

    /// <summary>CPU architecture.</summary>
    public static readonly Attr Architecture = Seen("architecture", AttrType.Text, "CPU architecture.");

    /// <summary>What its driver can do.</summary>
    public static readonly Attr Features = Seen("features", AttrType.Text, "What its driver can do: words with blanks between them.");

    /// <summary>When its agent was last heard of.</summary>
    public static readonly Attr LastHeartbeat = Seen("heartbeat", AttrType.Text, "When its agent was last heard of, to half a minute.") with { Format = TextFormat.DateTime };

    /// <summary>How <see cref="Drain"/> moves.</summary>
    public static readonly Attr DrainMethod = new("method", AttrType.Enumeration, "How machines leave: auto is live where that is possible and cold where not.")
    {
        Values = ["auto", "live", "cold"], Default = AttributeValue.Of("auto"),
    };

    /// <summary>What <see cref="Drain"/> does with what cannot be moved.</summary>
    public static readonly Attr DrainStop = new("stop", AttrType.Enumeration, "How a machine that cannot leave is stopped; never: it is left as it is.")
    {
        Values = ["never", "graceful", "poweroff"], Default = AttributeValue.Of("never"),
    };

    /// <summary>Takes no new machines, and moves, stops or leaves those that are there.</summary>
    public static readonly ActionType Drain = new(new(ActionScheme, "drain")) { Title = "Drain the host of its machines", Attributes = [DrainMethod, DrainStop] };

    /// <summary>Takes machines again.</summary>
    public static readonly ActionType Undrain = new(new(ActionScheme, "undrain")) { Title = "Let the host take machines again" };

    /// <summary>Lets a host in that waits for it.</summary>
    public static readonly ActionType Approve = new(new(ActionScheme, "approve")) { Title = "Let a host in that waits for approval" };

    /// <summary>The kind.</summary>
    public static readonly Kind Kind = new(new(Scheme.Kinds, "host"), CoreKinds.Resource)
    {
        Title = "Hypervisor Host",
        Location = "/host/",
        Attributes =
        [
            State, StateMessage, Admission, DrainState, DrainMessage, Zone, CoresRatio, MemoryRatio, DiskRatio, ReservedCores, ReservedMemory, ReservedDisk,
            Cores, Memory, Disk, UsedCores, UsedMemory, UsedDisk, FreeCores, FreeMemory, FreeDisk, Computes, Storages, Unmanaged,
            Driver, DriverHealthy, Hypervisor, Kernel, Agent, Architecture, Features, LastHeartbeat,
        ],
        Actions = [Drain, Undrain, Approve],
        ForOperators = true,
        ComesBy = "hosts join with a token (controller host token)",
    };

    private static Attr Seen(string name, AttrType type, string description) => new(Name + name, type, description) { Mutable = false };

    private static Attr Ratio(string name, string description) => new($"{Name}overcommit.{name}", AttrType.Decimal, description) { Min = 0.1m, Max = 100 };

    private static Attr Reserved(string name, string description) => new($"{Name}reserved.{name}", AttrType.Decimal, description) { Min = 0, Max = 1_000_000 };
}
