using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>One domain, as libvirt has it now.</summary>
/// <param name="Id">The domain's uuid.</param>
/// <param name="Name">The domain's name.</param>
/// <param name="Label">Null: foreign.</param>
/// <param name="Stored">The definition that the next start takes.</param>
/// <param name="Running">What it runs with; null when it does not run.</param>
/// <param name="State">And why it is so.</param>
/// <param name="Saved">There is a managed save image that the next start continues from.</param>
/// <param name="Moving">It is not whole: libvirt is bringing it here, or has it stand still while the last of it goes elsewhere.</param>
internal sealed record MachineView(string Id, string Name, MachineLabel? Label, XElement Stored, XElement? Running, DomainState State, bool Saved, bool Moving = false)
{
    private const uint StoredXml = 2;
    private const int ReasonCrashed = 3;
    private const int ReasonMigration = 2;
    private const int ReasonStartingUp = 11;
    private const int NoJob = 0;

    public bool Active => Running is not null;

    /// <summary>The file of the disk that is the machine's own; null: it has none.</summary>
    public string? RootDisk => Stored.Element("devices")?.Elements("disk")
        .Where(disk => (string?)disk.Element("target")?.Attribute("dev") == "vda" && Devices.LinkOf(disk) is null)
        .Select(disk => (string?)disk.Element("source")?.Attribute("file")).FirstOrDefault();

    /// <summary>A definition was stored that differs from what runs, beyond the devices that are fitted live.</summary>
    public bool RestartPending => Running is not null && Fixed(Running) != Fixed(Stored);

    /// <summary>The agent in the guest has its end of the channel open.</summary>
    public bool AgentConnected => Running?.Element("devices")!.Elements("channel").Elements("target")
        .Any(end => (string?)end.Attribute("name") == GuestAgents.Channel && (string?)end.Attribute("state") == "connected") == true;

    public Power Power => (State.State, Saved) switch
    {
        (DomainStates.Running or DomainStates.Blocked or DomainStates.ShuttingDown, _) => Power.Running,
        (DomainStates.Paused or DomainStates.SleepingInMemory, _) => Power.Paused,
        (DomainStates.Crashed, _) => Power.Crashed,
        (DomainStates.Off, true) => Power.Saved,
        (DomainStates.Off, false) when State.Reason == ReasonCrashed && Label?.Wanted != Power.Off => Power.Crashed,
        (DomainStates.Off, false) => Power.Off,
        _ => Power.Unknown,
    };

    /// <summary>Null when there is no such domain.</summary>
    public static MachineView? Find(ConnectHandle connect, string id)
    {
        using var domain = Checked.OrNone(Native.virDomainLookupByUUIDString(connect, id), LibvirtError.NoDomain);
        try
        {
            return domain is null ? null : Read(domain);
        }
        catch (LibvirtException error) when (error.Code == LibvirtError.NoDomain)
        {
            return null;
        }
    }

    public static MachineView Read(DomainHandle domain)
    {
        Checked.Ok(Native.virDomainGetState(domain, out var state, out var reason, 0));
        var current = XElement.Parse(Checked.Ok(Native.virDomainGetXMLDesc(domain, 0)));
        // libvirt numbers a domain only while it runs.
        var active = current.Attribute("id") is not null;
        var stored = active ? XElement.Parse(Checked.Ok(Native.virDomainGetXMLDesc(domain, StoredXml))) : current;
        return new(
            (string)current.Element("uuid")!,
            (string)current.Element("name")!,
            MachineLabel.Read(stored),
            stored,
            active ? current : null,
            new((DomainStates)state, reason),
            !active && Native.virDomainHasManagedSaveImage(domain, 0) == 1,
            IsMoving(domain, (DomainStates)state, reason, active));
    }

    /// <summary>One that comes has no definition of its own before it is here. One that goes stands still for a moment; when that is over and libvirt has not resumed it, it only looks so.</summary>
    private static unsafe bool IsMoving(DomainHandle domain, DomainStates state, int reason, bool active)
    {
        if (Native.virDomainIsPersistent(domain) == 0)
            return !active || (state == DomainStates.Paused && reason is ReasonMigration or ReasonStartingUp);
        if (state != DomainStates.Paused || reason != ReasonMigration)
            return false;
        if (Native.virDomainGetJobStats(domain, out var type, out var parameters, out var count, 0) < 0)
            return true;
        Native.virTypedParamsFree(parameters, count);
        return type != NoJob;
    }

    public ObservedMachine Observe()
    {
        var observed = new ObservedMachine
        {
            Id = Id,
            Incarnation = Label?.Incarnation ?? "",
            Generation = Label?.Generation ?? 0,
            Power = Power,
            RestartPending = RestartPending,
            AgentConnected = AgentConnected,
            Transfer = Moving ? new MachineTransfer { State = MachineTransfer.Types.State.UnderWay } : null,
        };
        observed.Attachments.AddRange(
            from device in Devices.Of(Running ?? Stored)
            select new ObservedAttachment { LinkId = device.Link, Attached = true, Device = device.Target });
        return observed;
    }

    private static string Fixed(XElement domain) => string.Join(
        ' ',
        MachineSize.Of(domain).MemoryKiB,
        MachineSize.Of(domain).Cores,
        (string?)domain.Attribute("type"),
        (string?)domain.Element("cputune")?.Element("shares"));
}

internal readonly record struct DomainState(DomainStates State, int Reason);

/// <summary><c>virDomainState</c>.</summary>
internal enum DomainStates
{
    None = 0,
    Running = 1,
    Blocked = 2,
    Paused = 3,
    ShuttingDown = 4,
    Off = 5,
    Crashed = 6,
    SleepingInMemory = 7,
}
