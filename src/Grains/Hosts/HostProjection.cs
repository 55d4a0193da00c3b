using System.Globalization;
using Controller.Contracts;
using Controller.Grains.Persistence;
using Occi;
using Occi.Core;
using Model = Occi.Extension.Host;

namespace Controller.Grains.Hosts;

/// <summary>What operators see of a host, over their endpoints and over OCCI: pure functions of its record.</summary>
internal static class HostProjection
{
    private const decimal Gibibyte = 1L << 30;

    public static readonly Func<HostRecord, long, HostView?> View = (record, version) => new(
        record.Id, record.Name, record.Status, record.Why, record.Capabilities, record.Epoch, record.LastHeartbeat ?? record.Since, record.AgentVersion, record.Unmanaged)
    {
        Admission = record.Admission,
        Settings = record.Settings,
        Drain = record.Drain is { } drain ? new(drain.Id, drain.Method, drain.Stop, drain.By, drain.Since, drain.Finished, drain.Objects) : null,
        Use = record.Use,
        Removing = record.Removing,
        Entity = Entity(record, version),
        Availability = new()
        {
            LeaseUntil = record.LeaseUntil, Guarded = record.Guarded, Unguarded = record.Unguarded, Fence = record.Fence, FenceSays = record.FenceSays, Loss = record.Loss, Waits = record.Waits,
        },
    };

    public static readonly Func<HostRecord, EntityIndex> Index = record => new()
    {
        EntityId = record.Id,
        State = Word(record.Status),
        Title = record.Name,
        Cores = record.Capabilities?.Cores,
        Memory = record.Capabilities?.MemoryBytes,
        Disk = record.Capabilities?.DiskBytes,
        Listed = !record.Removing,
        Due = record.Due,
        Operations = UnderWay(record),
        Facts = new(record.Admission == HostAdmission.Approved && !record.Removing, record.Drain is not null)
        {
            Zone = record.Settings.Zone,
            Architecture = record.Capabilities?.Architecture,
            Driver = record.Capabilities?.Driver,
            Peers = record.Capabilities?.PeerEndpoint is not null,
            Features = record.Capabilities?.Features ?? [],
            CoresRatio = record.Settings.CoresRatio,
            MemoryRatio = record.Settings.MemoryRatio,
            DiskRatio = record.Settings.DiskRatio,
            ReservedCores = record.Settings.ReservedCores,
            ReservedMemory = record.Settings.ReservedMemoryBytes,
            ReservedDisk = record.Settings.ReservedDiskBytes,
        },
    };

    /// <summary>Neither a drain nor a removal is given up by itself: after a day somebody should have a look.</summary>
    private static ExplainedOperation[]? UnderWay(HostRecord record) =>
        record.Due is not { } due ? null
        : record.Removing ? [new(record.Id, "remove", record.Since, record.Since.AddDays(1), due, 0, null)]
        : record.Drain is { Finished: null } drain ? [new(drain.Id, "drain", drain.Since, drain.Since.AddDays(1), due, 0, Summary(drain)) { By = drain.By }]
        : null;

    /// <summary>It belongs to no project: only who steers hosts may see it, and that is for its grain to ask.</summary>
    public static EntityView Entity(HostRecord record, long version) => new()
    {
        Id = record.Id,
        Kind = Model.Kind.ToString(),
        Project = Guid.Empty,
        Attributes = Attributes(record),
        Actions = [.. ActionsIn(record).Select(a => a.ToString())],
        Version = version,
    };

    public static IEnumerable<ActionType> ActionsIn(HostRecord record) => record switch
    {
        { Removing: true } => [],
        { Admission: HostAdmission.Pending } => [Model.Approve],
        { Drain: null } => [Model.Drain],
        _ => [Model.Drain, Model.Undrain],
    };

    /// <summary>What became of a drain's objects, in numbers: "3 moved, 1 left."</summary>
    public static string? Summary(HostDrain drain) => drain.Objects.Length == 0
        ? null
        : string.Join(", ", drain.Objects.GroupBy(o => o.State).OrderBy(g => g.Key).Select(g => $"{g.Count()} {Word(g.Key)}")) + ".";

    private static Dictionary<string, AttributeValue> Attributes(HostRecord record)
    {
        var shown = new Dictionary<string, AttributeValue>
        {
            [CoreKinds.Title.Name] = AttributeValue.Of(record.Name),
            [Model.State.Name] = AttributeValue.Of(Word(record.Status)),
            [Model.Admission.Name] = AttributeValue.Of(Word(record.Admission)),
            [Model.DrainState.Name] = AttributeValue.Of(record.Drain switch { null => "no", { Finished: null } => "draining", _ => "drained" }),
            [Model.Unmanaged.Name] = AttributeValue.Of(record.Unmanaged.Length),
            [Model.DriverHealthy.Name] = AttributeValue.Of(record.Status == HostStatus.Up),
            [Model.LastHeartbeat.Name] = AttributeValue.Of((record.LastHeartbeat ?? record.Since).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
            [Model.ReservedCores.Name] = AttributeValue.Of(record.Settings.ReservedCores),
            [Model.ReservedMemory.Name] = Gib(record.Settings.ReservedMemoryBytes),
            [Model.ReservedDisk.Name] = Gib(record.Settings.ReservedDiskBytes),
        };
        Add(Model.StateMessage, record.Why);
        Add(Model.DrainMessage, record.Drain is { } drain ? Summary(drain) : null);
        Add(Model.Zone, record.Settings.Zone);
        Add(Model.Agent, record.AgentVersion);
        AddRatio(Model.CoresRatio, record.Settings.CoresRatio);
        AddRatio(Model.MemoryRatio, record.Settings.MemoryRatio);
        AddRatio(Model.DiskRatio, record.Settings.DiskRatio);
        if (record.Capabilities is { } can)
        {
            shown[Model.Cores.Name] = AttributeValue.Of(can.Cores);
            shown[Model.Memory.Name] = Gib(can.MemoryBytes);
            shown[Model.Disk.Name] = Gib(can.DiskBytes);
            Add(Model.Driver, can.Driver);
            Add(Model.Hypervisor, can.Hypervisor);
            Add(Model.Kernel, can.Kernel);
            Add(Model.Architecture, can.Architecture);
            Add(Model.Features, string.Join(' ', can.Features));
        }
        if (record.Use is { } use)
        {
            shown[Model.Computes.Name] = AttributeValue.Of(use.Computes);
            shown[Model.Storages.Name] = AttributeValue.Of(use.Volumes);
            shown[Model.UsedCores.Name] = AttributeValue.Of(use.Cores);
            shown[Model.UsedMemory.Name] = Gib(use.MemoryBytes);
            shown[Model.UsedDisk.Name] = Gib(use.DiskBytes);
            shown[Model.FreeCores.Name] = AttributeValue.Of(Math.Max(0, use.UsableCores - use.Cores));
            shown[Model.FreeMemory.Name] = Gib(Math.Max(0, use.UsableMemoryBytes - use.MemoryBytes));
            shown[Model.FreeDisk.Name] = Gib(Math.Max(0, use.UsableDiskBytes - use.DiskBytes));
        }
        return shown;

        void Add(Attr attribute, string? text)
        {
            if (!string.IsNullOrEmpty(text))
                shown[attribute.Name] = AttributeValue.Of(text);
        }

        void AddRatio(Attr attribute, double? ratio)
        {
            if (ratio is { } set)
                shown[attribute.Name] = AttributeValue.Of((decimal)set);
        }
    }

    private static AttributeValue Gib(long bytes) => AttributeValue.Of(Math.Round(bytes / Gibibyte, 3));

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
