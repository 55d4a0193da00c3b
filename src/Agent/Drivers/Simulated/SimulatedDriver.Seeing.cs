using System.Collections.Concurrent;
using Controller.Agent.Drivers.Simulated.Consoles;
using Controller.Agent.Protocol;

namespace Controller.Agent.Drivers.Simulated;

/// <summary>What one sees of its machines: consoles and counters.</summary>
internal sealed partial class SimulatedDriver
{
    // What a machine uses in a second; whoever reads the counters can work out what they must be.
    private const ulong ReadBytesPerSecond = 4096;
    private const ulong WrittenBytesPerSecond = 8192;
    private const ulong ReceivedBytesPerSecond = 1500;
    private const ulong SentBytesPerSecond = 3000;

    private readonly ConcurrentDictionary<string, SimulatedTerminal> _terminals = new();

    public async Task<IMachineConsole> OpenConsole(string id, ConsoleKind kind, CancellationToken cancel)
    {
        await Begin(nameof(OpenConsole), cancel);
        var name = _store.Read(host => host.Machines.FirstOrDefault(known => known.Id == id && known.Power is Power.Running or Power.Paused)?.Spec.Name)
            ?? throw new DriverException("not-running", $"Machine {id} does not run, so it has no console.", retryable: false);
        if (kind == ConsoleKind.ConsoleVnc) return new SimulatedScreen(name, _store, id);
        var terminal = new SimulatedTerminal(_store, id, PowerOffGuest);
        _terminals.AddOrUpdate(id, terminal, (_, before) =>
        {
            before.Take();
            return terminal;
        });
        return terminal;
    }

    public async Task<IReadOnlyList<MachineStatistics>> Measure(CancellationToken cancel)
    {
        await Begin(nameof(Measure), cancel);
        var now = (ulong)_time.GetUtcNow().ToUnixTimeMilliseconds();
        return _store.Read(host => host.Machines.Where(machine => machine.Power == Power.Running).Select(machine => Measure(machine, now)).ToList());
    }

    private static MachineStatistics Measure(SimulatedMachine machine, ulong now)
    {
        var (running, milliseconds) = (machine.Running, now - Math.Min(now, machine.StartedUnixMilliseconds));
        var measured = new MachineStatistics
        {
            Id = machine.Id,
            Incarnation = machine.Incarnation,
            CpuNanoseconds = milliseconds * 1_000_000 * running.Cores / 10,   // every core is used to a tenth
            MemoryBytes = running.MemoryBytes,
            MemoryRssBytes = running.MemoryBytes / 2,
            MemoryAvailableBytes = running.MemoryBytes,
            MemoryUnusedBytes = running.MemoryBytes / 4 * 3,
        };
        if (running.Image is not null) measured.Disks.Add(Disk("vda", milliseconds));
        foreach (var attachment in machine.Attachments)
        {
            if (running.Disks.Any(disk => disk.LinkId == attachment.LinkId)) measured.Disks.Add(Disk(attachment.Device, milliseconds));
            else if (running.Nics.Any(nic => nic.LinkId == attachment.LinkId)) measured.Nics.Add(Nic(attachment.Device, milliseconds));
        }
        return measured;
    }

    private static DiskStatistics Disk(string device, ulong milliseconds) => new()
    {
        Device = device,
        ReadBytes = milliseconds * ReadBytesPerSecond / 1000,
        ReadOperations = milliseconds / 1000,
        WrittenBytes = milliseconds * WrittenBytesPerSecond / 1000,
        WriteOperations = milliseconds / 500,
    };

    private static NicStatistics Nic(string device, ulong milliseconds) => new()
    {
        Device = device,
        ReceivedBytes = milliseconds * ReceivedBytesPerSecond / 1000,
        ReceivedPackets = milliseconds / 1000,
        SentBytes = milliseconds * SentBytesPerSecond / 1000,
        SentPackets = milliseconds / 500,
    };
}
