using Controller.Contracts;

namespace Controller.Api.Metrics;

/// <summary>Machines and hosts as Prometheus sees them.</summary>
internal static class MachineMetrics
{
    /// <param name="text">Where to.</param>
    /// <param name="machines">The newest sample of each.</param>
    /// <param name="withHosts">Whether the reader may know where machines are.</param>
    public static void Write(Exposition text, IReadOnlyList<NewestSample> machines, bool withHosts)
    {
        (string, string)[] Labels(NewestSample m, params (string, string)[] more) =>
            [("machine", m.Machine.ToString("D")), ("project", m.Project.ToString("D")), .. withHosts ? ((string, string)[])[("host", m.Host.ToString("D"))] : [], .. more];

        void One(string name, string type, string help, Func<MachineSample, double?> value) =>
            text.Metric(name, type, help, machines.Select(m => (Labels(m), value(m.Sample))));

        void EachDisk(string name, string help, Func<DiskSample, double> value) =>
            text.Metric(name, "counter", help, machines.SelectMany(m => m.Sample.Disks.Select(d => (Labels(m, ("device", d.Device)), (double?)value(d)))));

        void EachNic(string name, string help, Func<NicSample, double> value) =>
            text.Metric(name, "counter", help, machines.SelectMany(m => m.Sample.Interfaces.Select(n => (Labels(m, ("device", n.Device)), (double?)value(n)))));

        text.Metric("controller_machine_info", "gauge", "The title of a machine.", machines.Select(m => (Labels(m, ("title", m.Title ?? "")), (double?)1)));
        One("controller_machine_cpu_seconds_total", "counter", "CPU time of all cores of a machine.", s => s.CpuSeconds);
        One("controller_machine_memory_bytes", "gauge", "Memory that a machine has.", s => s.MemoryBytes);
        One("controller_machine_memory_used_bytes", "gauge", "Memory that a guest uses, as its balloon driver tells.", s => s.MemoryUsedBytes);
        One("controller_machine_memory_resident_bytes", "gauge", "Host memory that a machine takes.", s => s.MemoryRssBytes);
        EachDisk("controller_machine_disk_read_bytes_total", "Bytes read.", d => d.ReadBytes);
        EachDisk("controller_machine_disk_reads_total", "Read operations.", d => d.ReadOperations);
        EachDisk("controller_machine_disk_written_bytes_total", "Bytes written.", d => d.WrittenBytes);
        EachDisk("controller_machine_disk_writes_total", "Write operations.", d => d.WriteOperations);
        EachNic("controller_machine_network_received_bytes_total", "Bytes that came to a machine.", n => n.ReceivedBytes);
        EachNic("controller_machine_network_received_packets_total", "Packets that came to a machine.", n => n.ReceivedPackets);
        EachNic("controller_machine_network_received_drops_total", "Packets to a machine that were dropped.", n => n.ReceivedDrops);
        EachNic("controller_machine_network_sent_bytes_total", "Bytes that a machine sent.", n => n.SentBytes);
        EachNic("controller_machine_network_sent_packets_total", "Packets that a machine sent.", n => n.SentPackets);
        EachNic("controller_machine_network_sent_drops_total", "Packets of a machine that were dropped.", n => n.SentDrops);
    }

    public static void Write(Exposition text, IReadOnlyList<HostUse> hosts)
    {
        void One(string name, string help, Func<HostUse, double?> value) =>
            text.Metric(name, "gauge", help, hosts.Select(h => (((string, string)[])[("host", h.Host.ToString("D")), ("name", h.Name)], value(h))));

        One("controller_host_up", "Whether its agent is connected and its hypervisor well.", h => h.State == "up" ? 1 : 0);
        One("controller_host_cores", "Cores that a host has.", h => h.Capabilities?.Cores);
        One("controller_host_memory_bytes", "Memory that a host has.", h => h.Capabilities?.MemoryBytes);
        One("controller_host_disk_bytes", "Size of a host's pool.", h => h.Capabilities?.DiskBytes);
        One("controller_host_machines", "Machines that are placed on a host.", h => h.Machines);
        One("controller_host_claimed_cores", "Virtual cores of the machines on a host.", h => h.Cores);
        One("controller_host_claimed_memory_bytes", "Memory of the machines on a host.", h => h.MemoryBytes);
        One("controller_host_claimed_disk_bytes", "Disks of what is on a host.", h => h.DiskBytes);
    }
}
