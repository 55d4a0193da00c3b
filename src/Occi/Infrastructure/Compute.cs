using Occi.Core;

namespace Occi.Infrastructure;

/// <summary>A virtual machine (GFD.224 §3.1; <see cref="Speed"/> is of 1.1, GFD.184 §3.1).</summary>
public static class Compute
{
    private const string ActionScheme = Scheme.Root + "/compute/action#";

    /// <summary><c>occi.compute.architecture</c></summary>
    public static readonly Attr Architecture = new("occi.compute.architecture", AttrType.Enumeration, "CPU architecture.") { Values = ["x86", "x64"] };

    /// <summary><c>occi.compute.cores</c></summary>
    public static readonly Attr Cores = new("occi.compute.cores", AttrType.Whole, "Virtual CPU cores.") { Min = 1 };

    /// <summary><c>occi.compute.hostname</c>: it ends up in DNS and in the guest, hence the alphabet.</summary>
    public static readonly Attr Hostname = new("occi.compute.hostname", AttrType.Text, "Fully qualified host name.")
    {
        Pattern = "[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?",
    };

    /// <summary><c>occi.compute.share</c></summary>
    public static readonly Attr Share = new("occi.compute.share", AttrType.Whole, "CPU shares relative to other instances.") { Min = 0 };

    /// <summary><c>occi.compute.memory</c>, in GiB of 2^30 bytes (the specification prints "10^9 (GiB)", D-43).</summary>
    public static readonly Attr Memory = new("occi.compute.memory", AttrType.Decimal, "RAM in GiB (2^30 bytes).") { MinExclusive = 0 };

    /// <summary><c>occi.compute.speed</c>: of OCCI 1.1, still expected by its clients (D-37).</summary>
    public static readonly Attr Speed = new("occi.compute.speed", AttrType.Decimal, "CPU clock in GHz.") { MinExclusive = 0 };

    /// <summary><c>occi.compute.state</c></summary>
    public static readonly Attr State = new("occi.compute.state", AttrType.Enumeration, "Current state.")
    {
        Mutable = false, Values = ["active", "inactive", "suspended", "error"],
    };

    /// <summary><c>occi.compute.state.message</c></summary>
    public static readonly Attr StateMessage = new("occi.compute.state.message", AttrType.Text, "Why the state is what it is.") { Mutable = false };

    /// <summary>How <see cref="Stop"/> stops.</summary>
    public static readonly Attr StopMethod = new("method", AttrType.Enumeration, "How to stop.") { Values = ["graceful", "acpioff", "poweroff"] };

    /// <summary>How <see cref="Restart"/> restarts.</summary>
    public static readonly Attr RestartMethod = new("method", AttrType.Enumeration, "How to restart.") { Values = ["graceful", "warm", "cold"] };

    /// <summary>How <see cref="Suspend"/> suspends.</summary>
    public static readonly Attr SuspendMethod = new("method", AttrType.Enumeration, "How to suspend.") { Values = ["hibernate", "suspend"] };

    /// <summary>How <see cref="Save"/> saves.</summary>
    public static readonly Attr SaveMethod = new("method", AttrType.Enumeration, "How to save.") { Values = ["hot", "deferred"] };

    /// <summary>The name that <see cref="Save"/> shall give.</summary>
    public static readonly Attr SaveName = new("name", AttrType.Text, "Wished name of the new OS template.");

    /// <summary>→ active</summary>
    public static readonly ActionType Start = new(new(ActionScheme, "start")) { Title = "Start the compute instance" };

    /// <summary>→ inactive</summary>
    public static readonly ActionType Stop = new(new(ActionScheme, "stop")) { Title = "Stop the compute instance", Attributes = [StopMethod] };

    /// <summary>→ active, through stop and start</summary>
    public static readonly ActionType Restart = new(new(ActionScheme, "restart")) { Title = "Restart the compute instance", Attributes = [RestartMethod] };

    /// <summary>→ suspended</summary>
    public static readonly ActionType Suspend = new(new(ActionScheme, "suspend")) { Title = "Suspend the compute instance", Attributes = [SuspendMethod] };

    /// <summary>Makes an OS template of the instance.</summary>
    public static readonly ActionType Save = new(new(ActionScheme, "save"))
    {
        Title = "Save the compute instance as a new OS template", Attributes = [SaveMethod, SaveName],
    };

    /// <summary>The kind.</summary>
    public static readonly Kind Kind = new(new(Scheme.Kinds, "compute"), CoreKinds.Resource)
    {
        Title = "Compute Resource",
        Location = "/compute/",
        Attributes = [Architecture, Cores, Hostname, Share, Memory, Speed, State, StateMessage],
        Actions = [Start, Stop, Restart, Suspend, Save],
    };
}
