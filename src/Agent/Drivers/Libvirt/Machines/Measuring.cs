using System.Globalization;
using System.Runtime.InteropServices;
using System.Xml.Linq;
using Controller.Agent.Drivers.Libvirt.Interop;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Libvirt.Machines;

/// <summary>The counters of all machines of ours, in one call.</summary>
internal static unsafe class Measuring
{
    private const uint Cpu = 2, Balloon = 4, Interface = 16, Block = 32;
    private const uint Active = 1, NoWait = 1u << 29;   // a machine that is busy tells what is known without asking its QEMU

    private const ulong KiB = 1024;

    public static List<MachineStatistics> All(ConnectHandle connect)
    {
        var count = Checked.Ok(Native.virConnectGetAllDomainStats(connect, Cpu | Balloon | Interface | Block, out var records, Active | NoWait));
        try
        {
            var measured = new List<MachineStatistics>(count);
            for (var i = 0; i < count; i++)
            {
                // Null: it has gone meanwhile.
                if (Native.BorrowedDomainGetXMLDesc(records[i]->Domain, 0) is { } xml && Of(XElement.Parse(xml), Numbers(records[i])) is { } machine)
                    measured.Add(machine);
            }
            return measured;
        }
        finally
        {
            Native.virDomainStatsRecordListFree(records);
        }
    }

    /// <summary>Null for a foreign domain.</summary>
    private static MachineStatistics? Of(XElement domain, Dictionary<string, ulong> numbers)
    {
        if (MachineLabel.Read(domain) is not { } label)
            return null;
        ulong Number(string name) => numbers.GetValueOrDefault(name);
        var usable = numbers.TryGetValue("balloon.usable", out var given) ? given : Number("balloon.unused");   // caches that it would give up are not in use
        var machine = new MachineStatistics
        {
            Id = (string)domain.Element("uuid")!,
            Incarnation = label.Incarnation,
            CpuNanoseconds = Number("cpu.time"),
            MemoryBytes = Number("balloon.current") * KiB,
            MemoryRssBytes = Number("balloon.rss") * KiB,
            MemoryAvailableBytes = Number("balloon.available") * KiB,
            MemoryUnusedBytes = usable * KiB,
        };
        // libvirt numbers them in the order of the definition.
        var (disks, nics) = (domain.Element("devices")!.Elements("disk").ToList(), domain.Element("devices")!.Elements("interface").Count());
        for (var n = 0; n < disks.Count; n++)
        {
            var prefix = string.Create(CultureInfo.InvariantCulture, $"block.{n}.");
            if ((string?)disks[n].Attribute("device") != "disk" || !numbers.ContainsKey(prefix + "rd.bytes"))
                continue;
            machine.Disks.Add(new DiskStatistics
            {
                Device = (string?)disks[n].Element("target")?.Attribute("dev") ?? "",
                ReadBytes = Number(prefix + "rd.bytes"),
                ReadOperations = Number(prefix + "rd.reqs"),
                WrittenBytes = Number(prefix + "wr.bytes"),
                WriteOperations = Number(prefix + "wr.reqs"),
            });
        }
        for (var n = 0; n < nics; n++)
        {
            var prefix = string.Create(CultureInfo.InvariantCulture, $"net.{n}.");
            if (!numbers.ContainsKey(prefix + "rx.bytes"))
                continue;
            machine.Nics.Add(new NicStatistics
            {
                Device = $"eth{n}",
                ReceivedBytes = Number(prefix + "rx.bytes"),
                ReceivedPackets = Number(prefix + "rx.pkts"),
                ReceivedDrops = Number(prefix + "rx.drop"),
                SentBytes = Number(prefix + "tx.bytes"),
                SentPackets = Number(prefix + "tx.pkts"),
                SentDrops = Number(prefix + "tx.drop"),
            });
        }
        return machine;
    }

    private static Dictionary<string, ulong> Numbers(VirDomainStatsRecord* record)
    {
        const int UInt = 2, ULong = 4;
        var numbers = new Dictionary<string, ulong>(record->Count, StringComparer.Ordinal);
        for (var i = 0; i < record->Count; i++)
        {
            var parameter = &record->Parameters[i];
            if (parameter->Type is UInt or ULong)
                numbers[Marshal.PtrToStringUTF8((nint)parameter->Field)!] = parameter->Type == UInt ? (uint)parameter->Value : parameter->Value;
        }
        return numbers;
    }
}
