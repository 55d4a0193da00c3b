using System.Xml.Linq;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>
/// How large a machine is, and how much of it can be added while it runs. Processors are declared up to a maximum and plugged in; memory comes in modules, into slots. Taking
/// either away would need the guest's help and often does not get it: what is smaller takes effect at the next start.
/// </summary>
internal readonly record struct MachineSize(int Cores, int MostCores, ulong MemoryKiB, ulong MostMemoryKiB, int FreeSlots, bool MayPlugCores)
{
    /// <summary>Linux takes memory in blocks of this size and leaves the rest of a module lie.</summary>
    private const ulong BlockKiB = 128 << 10;

    /// <summary>
    /// A guest that may get memory above 4 GiB keeps 64 MiB for devices that cannot reach it (Linux' swiotlb). Smaller machines cannot afford that.
    /// </summary>
    private const ulong LeastKiBWithSlots = 1 << 20;

    private const int Slots = 16;
    private const int LeastMostCores = 8;
    private const int MostOfQ35 = 240;
    private const ulong LeastMostKiB = 16UL << 20;
    private const ulong FarMostKiB = 256UL << 20;

    /// <summary>QEMU 7.2 crashes when a processor is added to one that emulates with a smaller cache.</summary>
    private const ulong LeastTranslationCacheKiB = 64 << 10;

    /// <summary>The elements that a definition has of it.</summary>
    public static IEnumerable<XElement> Write(MachineSpec spec)
    {
        var (kib, cores) = (KiB(spec), Wanted(spec));
        if (HasSlots(kib))
            yield return new("maxMemory", new XAttribute("slots", Slots), new XAttribute("unit", "KiB"), Most(kib));
        yield return new("memory", new XAttribute("unit", "KiB"), kib);
        yield return new("vcpu", new XAttribute("current", cores), Most(cores));
    }

    /// <summary>Slots belong to a NUMA node: there is one, which has everything.</summary>
    public static XElement? Numa(MachineSpec spec)
    {
        var (kib, cores) = (KiB(spec), Wanted(spec));
        return HasSlots(kib)
            ? new("numa", new XElement("cell", new XAttribute("id", 0), new XAttribute("cpus", $"0-{Most(cores) - 1}"), new XAttribute("memory", kib), new XAttribute("unit", "KiB")))
            : null;
    }

    /// <summary>Of a definition as libvirt has it, running or stored.</summary>
    public static MachineSize Of(XElement domain)
    {
        var processors = domain.Element("vcpu")!;
        // libvirt writes all amounts in KiB.
        var cache = (ulong?)domain.Element("features")?.Element("tcg")?.Element("tb-cache");
        return new(
            (int?)processors.Attribute("current") ?? (int)processors,
            (int)processors,
            (ulong)domain.Element("memory")!,
            (ulong?)domain.Element("maxMemory") ?? 0,
            ((int?)domain.Element("maxMemory")?.Attribute("slots") ?? 0) - domain.Element("devices")!.Elements("memory").Count(),
            cache is null or >= LeastTranslationCacheKiB);
    }

    /// <summary>How many processors it is to have in all, where they can be added now.</summary>
    public uint? CoresToHave(MachineSpec spec) => Wanted(spec) > Cores && Wanted(spec) <= MostCores && MayPlugCores ? (uint)Wanted(spec) : null;

    /// <summary>The module that makes it as large as is wanted, where one can be added now.</summary>
    public XElement? ModuleToAdd(MachineSpec spec)
    {
        var wanted = KiB(spec);
        if (wanted <= MemoryKiB || wanted > MostMemoryKiB || FreeSlots < 1 || (wanted - MemoryKiB) % BlockKiB != 0)
            return null;
        return new(
            "memory", new XAttribute("model", "dimm"),
            new XElement("target", new XElement("size", new XAttribute("unit", "KiB"), wanted - MemoryKiB), new XElement("node", 0)));
    }

    private static ulong KiB(MachineSpec spec) => Math.Max(spec.MemoryBytes / 1024, 1024);

    private static int Wanted(MachineSpec spec) => (int)Math.Max(spec.Cores, 1);

    private static bool HasSlots(ulong kib) => kib >= LeastKiBWithSlots;

    private static int Most(int cores) => Math.Max(cores, Math.Min(MostOfQ35, Math.Max(LeastMostCores, 4 * cores)));

    private static ulong Most(ulong kib) => Math.Max(kib, Math.Min(FarMostKiB, Math.Max(LeastMostKiB, 4 * kib)));
}
