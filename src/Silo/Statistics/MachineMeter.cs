using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Controller.Contracts;

namespace Controller.Silo.Statistics;

/// <summary>A machine's newest measure.</summary>
internal sealed record MeasuredMachine(Guid Id, Guid Project, Guid Host, MachineSample Sample);

/// <summary>What machines use, for OpenTelemetry: of the hosts whose sessions this silo has, with machine, project and host as attributes.</summary>
internal sealed class MachineMeter : IDisposable
{
    public const string Name = "Controller.Machines";

    /// <summary>Time series that a machine has of one instrument at most; the SDK gets this many places for each.</summary>
    public const int SeriesPerMachine = 16;

    private readonly Meter _meter = new(Name);
    private readonly ConcurrentDictionary<Guid, IReadOnlyList<MeasuredMachine>> _byHost = new();
    private readonly int _most;

    public MachineMeter(SiloSettings settings)
    {
        _most = settings.Metrics.MaxMachines;
        if (_most == 0)
            return;
        _meter.CreateObservableCounter("controller.machine.cpu.time", () => Each<double>(s => s.CpuSeconds), "s", "CPU time of all cores of a machine");
        _meter.CreateObservableUpDownCounter("controller.machine.memory.size", () => Each<long>(s => s.MemoryBytes), "By", "Memory that a machine has");
        _meter.CreateObservableUpDownCounter("controller.machine.memory.used", () => Each(s => s.MemoryUsedBytes), "By", "Memory that a guest uses, as it tells");
        _meter.CreateObservableUpDownCounter("controller.machine.memory.resident", () => Each(s => s.MemoryRssBytes), "By", "Host memory that a machine's process takes");
        Both("controller.machine.disk.io", "By", "Bytes read and written", s => s.Disks.Select(d => (d.Device, "read", d.ReadBytes, "write", d.WrittenBytes)));
        Both("controller.machine.disk.operations", "{operation}", "Reads and writes", s => s.Disks.Select(d => (d.Device, "read", d.ReadOperations, "write", d.WriteOperations)));
        Both("controller.machine.network.io", "By", "Bytes received and sent", s => s.Interfaces.Select(n => (n.Device, "receive", n.ReceivedBytes, "transmit", n.SentBytes)));
        Both("controller.machine.network.packets", "{packet}", "Packets received and sent", s => s.Interfaces.Select(n => (n.Device, "receive", n.ReceivedPackets, "transmit", n.SentPackets)));
        Both("controller.machine.network.dropped", "{packet}", "Packets dropped", s => s.Interfaces.Select(n => (n.Device, "receive", n.ReceivedDrops, "transmit", n.SentDrops)));
    }

    /// <summary>The newest of a host, all of it.</summary>
    public void Replace(Guid host, IReadOnlyList<MeasuredMachine> machines)
    {
        if (machines.Count == 0)
            _byHost.TryRemove(host, out _);
        else
            _byHost[host] = machines;
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<MeasuredMachine> Newest => _byHost.Values.SelectMany(machines => machines).Take(_most);

    private IEnumerable<Measurement<T>> Each<T>(Func<MachineSample, T?> value)
        where T : struct => from machine in Newest where value(machine.Sample) is not null select new Measurement<T>(value(machine.Sample)!.Value, Tags(machine));

    private void Both(string name, string unit, string description, Func<MachineSample, IEnumerable<(string Device, string One, long In, string Other, long Out)>> values) =>
        _meter.CreateObservableCounter(
            name,
            () =>
                from machine in Newest
                from value in values(machine.Sample)
                from way in new[] { (value.One, value.In), (value.Other, value.Out) }
                select new Measurement<long>(way.Item2, [.. Tags(machine), new("device", value.Device), new("direction", way.Item1)]),
            unit, description);

    private static KeyValuePair<string, object?>[] Tags(MeasuredMachine machine) =>
        [new("machine", machine.Id.ToString("D")), new("project", machine.Project.ToString("D")), new("host", machine.Host.ToString("D"))];
}
