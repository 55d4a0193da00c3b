using System.Collections.Frozen;
using static Controller.Grains.Storage.StoragePhase;

namespace Controller.Grains.Storage;

/// <summary>Where a storage is in its life. Persisted: append only, never renumber.</summary>
internal enum StoragePhase : byte
{
    None = 0,

    /// <summary>Placed on a host, its volume is being made.</summary>
    Creating = 1,
    Online = 2,
    Offline = 3,

    /// <summary>Online, and its volume is growing.</summary>
    Resizing = 4,
    Failed = 5,

    /// <summary>Invisible; waiting for the host to say that the volume is gone.</summary>
    Deleting = 6,

    /// <summary>Online, and its content is being replaced by a snapshot's.</summary>
    Reverting = 7,
}

/// <summary>What happens to a storage.</summary>
internal enum StorageTrigger : byte
{
    Online,
    Offline,
    Resize,
    Revert,
    Delete,

    /// <summary>The volume is there, as large as wanted.</summary>
    SawReady,
    SawFailure,
    SawAbsent,
    Overdue,
}

internal abstract record StorageDecision
{
    public sealed record Move(StoragePhase To, bool TellHost = false, bool Release = false) : StorageDecision;

    public sealed record AlreadyDone : StorageDecision;

    public sealed record Refused(string Why) : StorageDecision;
}

/// <summary>
/// GFD.224 §3.3, with the ways between its states drawn out:
/// <code>
/// Creating ──SawReady──▶ Online ◀──Online── Offline       Online ──Resize──▶ Resizing ──SawReady──▶ Online ──Revert──▶ Reverting ──SawReady──▶ Online
///                        Online ──Offline──▶ Offline      Creating, Resizing, Reverting ──SawFailure, Overdue──▶ Failed ──Online, Resize──▶ Resizing
///        any of them ──Delete──▶ Deleting ──SawAbsent──▶ (gone)
/// </code>
/// </summary>
internal static class StorageLifecycle
{
    private static readonly StorageDecision Already = new StorageDecision.AlreadyDone();

    private static readonly FrozenDictionary<(StoragePhase, StorageTrigger), StorageDecision> Table =
        new Dictionary<(StoragePhase, StorageTrigger), StorageDecision>
        {
            [(Creating, StorageTrigger.Online)] = Already,
            [(Creating, StorageTrigger.Delete)] = To(Deleting, tell: true),
            [(Creating, StorageTrigger.SawReady)] = To(StoragePhase.Online),
            [(Creating, StorageTrigger.SawFailure)] = To(Failed),
            [(Creating, StorageTrigger.Overdue)] = To(Failed),

            [(StoragePhase.Online, StorageTrigger.Online)] = Already,
            [(StoragePhase.Online, StorageTrigger.Offline)] = To(StoragePhase.Offline),
            [(StoragePhase.Online, StorageTrigger.Resize)] = To(Resizing, tell: true),
            [(StoragePhase.Online, StorageTrigger.Revert)] = To(Reverting, tell: true),
            [(StoragePhase.Online, StorageTrigger.Delete)] = To(Deleting, tell: true),

            [(StoragePhase.Offline, StorageTrigger.Offline)] = Already,
            [(StoragePhase.Offline, StorageTrigger.Online)] = To(StoragePhase.Online),
            [(StoragePhase.Offline, StorageTrigger.Delete)] = To(Deleting, tell: true),

            [(Resizing, StorageTrigger.Online)] = Already,
            [(Resizing, StorageTrigger.Resize)] = To(Resizing, tell: true),
            [(Resizing, StorageTrigger.Delete)] = To(Deleting, tell: true),
            [(Resizing, StorageTrigger.SawReady)] = To(StoragePhase.Online),
            [(Resizing, StorageTrigger.SawFailure)] = To(Failed),
            [(Resizing, StorageTrigger.Overdue)] = To(Failed),

            [(Reverting, StorageTrigger.Online)] = Already,
            [(Reverting, StorageTrigger.Delete)] = To(Deleting, tell: true),
            [(Reverting, StorageTrigger.SawReady)] = To(StoragePhase.Online),
            [(Reverting, StorageTrigger.SawFailure)] = To(Failed),
            [(Reverting, StorageTrigger.Overdue)] = To(Failed),

            [(Failed, StorageTrigger.Online)] = To(Resizing, tell: true),
            [(Failed, StorageTrigger.Resize)] = To(Resizing, tell: true),
            [(Failed, StorageTrigger.Delete)] = To(Deleting, tell: true),
            [(Failed, StorageTrigger.SawReady)] = To(StoragePhase.Online),

            [(Deleting, StorageTrigger.Delete)] = Already,
            [(Deleting, StorageTrigger.SawAbsent)] = To(Deleting, release: true),
        }.ToFrozenDictionary();

    public static StorageDecision Decide(StoragePhase phase, StorageTrigger trigger) =>
        Table.GetValueOrDefault((phase, trigger)) ?? new StorageDecision.Refused($"{trigger} is not possible while the storage is {phase.ToString().ToLowerInvariant()}.");

    /// <summary>Whether somebody owes a step.</summary>
    public static bool IsUnderWay(StoragePhase phase) => phase is Creating or Resizing or Reverting or Deleting;

    private static StorageDecision.Move To(StoragePhase to, bool tell = false, bool release = false) => new(to, tell, release);
}
