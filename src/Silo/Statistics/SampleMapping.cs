using Controller.Contracts;
using Proto = Controller.Agent.Protocol;

namespace Controller.Silo.Statistics;

/// <summary>From the agent's words to what is kept.</summary>
internal static class SampleMapping
{
    private const double Nanoseconds = 1e9;

    public static MachineSample ToSample(this Proto.MachineStatistics m, DateTimeOffset taken) => new()
    {
        Taken = taken,
        Incarnation = Guid.Parse(m.Incarnation),
        CpuSeconds = m.CpuNanoseconds / Nanoseconds,
        MemoryBytes = (long)m.MemoryBytes,
        MemoryRssBytes = m.MemoryRssBytes > 0 ? (long)m.MemoryRssBytes : null,
        MemoryAvailableBytes = m.MemoryAvailableBytes > 0 ? (long)m.MemoryAvailableBytes : null,
        MemoryUsedBytes = m.MemoryAvailableBytes > 0 ? (long)(m.MemoryAvailableBytes - Math.Min(m.MemoryUnusedBytes, m.MemoryAvailableBytes)) : null,
        Disks = [.. m.Disks.Select(d => new DiskSample(d.Device, (long)d.ReadBytes, (long)d.ReadOperations, (long)d.WrittenBytes, (long)d.WriteOperations))],
        Interfaces =
        [
            .. m.Nics.Select(n => new NicSample(
                n.Device, (long)n.ReceivedBytes, (long)n.ReceivedPackets, (long)n.ReceivedDrops, (long)n.SentBytes, (long)n.SentPackets, (long)n.SentDrops)),
        ],
    };
}
