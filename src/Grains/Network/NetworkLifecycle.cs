using System.Collections.Frozen;
using static Controller.Grains.Network.NetworkPhase;

namespace Controller.Grains.Network;

/// <summary>Where a network is in its life. Persisted: append only, never renumber.</summary>
internal enum NetworkPhase : byte
{
    None = 0,

    /// <summary>Its subnet is being claimed; nobody has been told that it exists.</summary>
    Creating = 1,
    Inactive = 2,
    Activating = 3,
    Active = 4,
    Deactivating = 5,
    Failed = 6,

    /// <summary>Invisible; waiting for its hosts to say that it is gone.</summary>
    Deleting = 7,
}

/// <summary>What happens to a network.</summary>
internal enum NetworkTrigger : byte
{
    Up,
    Down,
    Delete,

    /// <summary>Every host that has it has what is wanted now (also where no host has it).</summary>
    SawApplied,
    SawFailure,

    /// <summary>No host has it any more.</summary>
    SawAbsent,
    Overdue,
}

internal abstract record NetworkDecision
{
    public sealed record Move(NetworkPhase To, bool TellHosts = false, bool Release = false) : NetworkDecision;

    public sealed record AlreadyDone : NetworkDecision;

    public sealed record Refused(string Why) : NetworkDecision;
}

/// <summary>
/// GFD.224 §3.2, with the ways between its states drawn out. A network is up as soon as it exists; hosts have it as soon as a machine there needs it.
/// <code>
/// Creating ──Up──▶ Activating ──SawApplied──▶ Active ──Down──▶ Deactivating ──SawApplied──▶ Inactive ──Up──▶ Activating
///                  Activating, Active ──SawFailure──▶ Failed ──Up──▶ Activating
///        any of them ──Delete──▶ Deleting ──SawAbsent──▶ (gone)
/// </code>
/// </summary>
internal static class NetworkLifecycle
{
    private static readonly NetworkDecision Already = new NetworkDecision.AlreadyDone();

    private static readonly FrozenDictionary<(NetworkPhase, NetworkTrigger), NetworkDecision> Table =
        new Dictionary<(NetworkPhase, NetworkTrigger), NetworkDecision>
        {
            [(Creating, NetworkTrigger.Up)] = To(Activating, tell: true),
            [(Creating, NetworkTrigger.Delete)] = To(Deleting, tell: true),

            [(Inactive, NetworkTrigger.Up)] = To(Activating, tell: true),
            [(Inactive, NetworkTrigger.Down)] = Already,
            [(Inactive, NetworkTrigger.Delete)] = To(Deleting, tell: true),

            [(Activating, NetworkTrigger.Up)] = Already,
            [(Activating, NetworkTrigger.Down)] = To(Deactivating, tell: true),
            [(Activating, NetworkTrigger.Delete)] = To(Deleting, tell: true),
            [(Activating, NetworkTrigger.SawApplied)] = To(Active),
            [(Activating, NetworkTrigger.SawFailure)] = To(Failed),
            [(Activating, NetworkTrigger.Overdue)] = To(Failed),

            [(Active, NetworkTrigger.Up)] = Already,
            [(Active, NetworkTrigger.Down)] = To(Deactivating, tell: true),
            [(Active, NetworkTrigger.Delete)] = To(Deleting, tell: true),
            [(Active, NetworkTrigger.SawFailure)] = To(Failed),

            [(Deactivating, NetworkTrigger.Down)] = Already,
            [(Deactivating, NetworkTrigger.Up)] = To(Activating, tell: true),
            [(Deactivating, NetworkTrigger.Delete)] = To(Deleting, tell: true),
            [(Deactivating, NetworkTrigger.SawApplied)] = To(Inactive),
            [(Deactivating, NetworkTrigger.SawFailure)] = To(Failed),
            [(Deactivating, NetworkTrigger.Overdue)] = To(Failed),

            [(Failed, NetworkTrigger.Up)] = To(Activating, tell: true),
            [(Failed, NetworkTrigger.Down)] = To(Deactivating, tell: true),
            [(Failed, NetworkTrigger.Delete)] = To(Deleting, tell: true),
            [(Failed, NetworkTrigger.SawApplied)] = To(Active),

            [(Deleting, NetworkTrigger.Delete)] = Already,
            [(Deleting, NetworkTrigger.SawAbsent)] = To(Deleting, release: true),
        }.ToFrozenDictionary();

    public static NetworkDecision Decide(NetworkPhase phase, NetworkTrigger trigger) =>
        Table.GetValueOrDefault((phase, trigger)) ?? new NetworkDecision.Refused($"{trigger} is not possible while the network is {phase.ToString().ToLowerInvariant()}.");

    /// <summary>Whether somebody owes a step.</summary>
    public static bool IsUnderWay(NetworkPhase phase) => phase is Creating or Activating or Deactivating or Deleting;

    private static NetworkDecision.Move To(NetworkPhase to, bool tell = false, bool release = false) => new(to, tell, release);
}
