using Controller.Agent.Ledger;
using Controller.Agent.Observing;
using Controller.Agent.Protocol;

namespace Controller.Agent.Reconciling;

/// <summary>What must be there before a machine can be, and what must be gone before a volume or a network can go.</summary>
internal sealed class Dependencies(HostLedger ledger, Observations observations)
{
    /// <summary>What keeps an object waiting; null when it may go on.</summary>
    public Failure? Missing(LedgerObject entry) => entry.Desired switch
    {
        { Absent: false, Machine: { } machine } => OfMachine(machine, entry.Desired.Generation),
        { Absent: true, Kind: ObjectKind.ObjectVolume or ObjectKind.ObjectNetwork } => OfRemoval(entry),
        _ => null,
    };

    /// <summary>Those that may wait for this object.</summary>
    public IEnumerable<string> WaitingFor(LedgerObject entry) => entry.Desired.Kind == ObjectKind.ObjectMachine
        ? ledger.All.Where(other => other.Desired is { Absent: true, Kind: not ObjectKind.ObjectMachine }).Select(other => other.Desired.Id).Distinct()
        : ledger.All.Where(other => !other.Desired.Absent && Uses(other, entry.Desired.Id)).Select(other => other.Desired.Id).Distinct();

    /// <summary>What a machine that comes from another host waits for.</summary>
    public Failure? MissingFor(MachineSpec machine, ulong generation) => OfMachine(machine, generation);

    private Failure? OfMachine(MachineSpec machine, ulong generation)
    {
        var along = machine.Incoming?.Volumes.Select(volume => volume.VolumeId).ToHashSet() ?? [];   // they come with it
        var missing = machine.Disks.Where(disk => !along.Contains(disk.VolumeId)).Select(disk => (What: "volume", Id: disk.VolumeId))
            .Concat(machine.Nics.Select(nic => (What: "network", Id: nic.NetworkId)))
            .Distinct()
            .Where(needed => !IsReady(needed.Id))
            .Select(needed => $"{needed.What} {needed.Id}")
            .ToList();
        return missing.Count == 0 ? null : Waiting($"The machine waits for {string.Join(", ", missing)}, not on this host yet.", generation);
    }

    private Failure? OfRemoval(LedgerObject entry)
    {
        var users = ledger.All.Where(other => other.Desired.Absent && !other.Removed && Uses(other, entry.Desired.Id)).Select(other => other.Desired.Id).ToList();
        return users.Count == 0 ? null : Waiting($"The removal waits for that of machine {string.Join(", ", users)}.", entry.Desired.Generation);
    }

    // Present and once brought to what is wanted; growing it further holds up no machine.
    private bool IsReady(string id) => ledger.For(id).Any(entry =>
        !entry.Desired.Absent && entry.Applied > 0 && observations.Find(ObjectKey.Of(entry.Desired)) is { IsPresent: true });

    private static bool Uses(LedgerObject entry, string id) => entry.Desired.Machine is { } machine
        && (machine.Disks.Any(disk => disk.VolumeId == id) || machine.Nics.Any(nic => nic.NetworkId == id));

    public static bool IsWaiting(Failure? failure) => failure?.Code == WaitingCode;

    private const string WaitingCode = "waiting";

    private static Failure Waiting(string message, ulong generation) =>
        new() { Code = WaitingCode, Message = message, Retryable = true, Generation = generation };
}
