using System.Collections.Frozen;
using static Controller.Grains.Compute.ComputePhase;
using Model = Occi.Infrastructure.Compute;

namespace Controller.Grains.Compute;

/// <summary>Where a compute is in its life. Persisted: append only, never renumber.</summary>
internal enum ComputePhase : byte
{
    None = 0,

    /// <summary>Asked for; its links and its place are being arranged. Nobody has been told that it exists.</summary>
    Placing = 1,
    Inactive = 2,
    Starting = 3,
    Active = 4,
    Stopping = 5,
    Suspending = 6,
    Suspended = 7,
    Restarting = 8,
    Failed = 9,

    /// <summary>Invisible; waiting for the host to say that the machine is gone.</summary>
    Deleting = 10,

    /// <summary>An active one is being saved as an OS template. The host does all of it, a stop and a start included where the method is deferred.</summary>
    Saving = 11,

    /// <summary>An inactive one is being saved as an OS template.</summary>
    SavingInactive = 12,
}

/// <summary>What happens to a compute: a client's action or a host's news, alike.</summary>
internal enum ComputeTrigger : byte
{
    Placed,
    Start,
    Stop,
    Suspend,
    Restart,
    Save,
    Delete,
    SawRunning,
    SawOff,
    SawSuspended,
    SawCrashed,
    SawAbsent,

    /// <summary>The host says that it cannot, and that trying again will not help.</summary>
    SawFailure,

    /// <summary>It is not there, and its host says that it cannot be made.</summary>
    SawMissing,

    /// <summary>The reboot was carried out.</summary>
    Rebooted,

    /// <summary>The disk was copied, and the image store has it.</summary>
    Saved,

    /// <summary>The host could not save it, and trying again will not help.</summary>
    NotSaved,

    /// <summary>The operation's deadline passed while the host was reachable.</summary>
    Overdue,
}

/// <summary>What is owed to the host after a move. Written before it is done: a crash repeats it, never loses it.</summary>
internal enum HostCommand : byte
{
    None,

    /// <summary>Tell the host what is wanted now.</summary>
    Ensure,
    Reboot,

    /// <summary>Register the template, then let the host save the machine.</summary>
    Save,

    /// <summary>The machine is gone: give back everything that it held and forget it.</summary>
    Release,
}

internal abstract record ComputeDecision
{
    public sealed record Move(ComputePhase To, HostCommand Tell = HostCommand.None) : ComputeDecision;

    public sealed record AlreadyDone : ComputeDecision;

    public sealed record Refused(string Why) : ComputeDecision;
}

/// <summary>
/// GFD.224 figure 3, with the ways between its states drawn out:
/// <code>
/// Placing ──Placed──▶ Starting ──SawRunning──▶ Active ──Stop──▶ Stopping ──SawOff──▶ Inactive ──Start──▶ Starting
///                                              Active ──Suspend──▶ Suspending ──SawSuspended──▶ Suspended ──Start──▶ Starting
///                                              Active ──Restart──▶ Restarting ──Rebooted──▶ Active
///                                              Active ──Save──▶ Saving ──Saved──▶ Active
///                                            Inactive ──Save──▶ SavingInactive ──Saved──▶ Inactive
///                    Starting ──SawFailure, Overdue──▶ Failed ──Start──▶ Starting      Starting, Stopping, Suspending, Restarting ──SawMissing──▶ Failed
///        any of them ──Delete──▶ Deleting ──SawAbsent──▶ (gone)
/// </code>
/// The newest wish wins: Stop and Start are accepted while the other is under way, Delete always; a save that they come across is given up.
/// </summary>
internal static class ComputeLifecycle
{
    private static readonly ComputeDecision Already = new ComputeDecision.AlreadyDone();

    private static readonly FrozenDictionary<(ComputePhase, ComputeTrigger), ComputeDecision> Table =
        new Dictionary<(ComputePhase, ComputeTrigger), ComputeDecision>
        {
            [(Placing, ComputeTrigger.Placed)] = To(Starting, HostCommand.Ensure),
            [(Placing, ComputeTrigger.Start)] = Already,
            [(Placing, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Release),

            [(Inactive, ComputeTrigger.Start)] = To(Starting, HostCommand.Ensure),
            [(Inactive, ComputeTrigger.Stop)] = Already,
            [(Inactive, ComputeTrigger.Save)] = To(SavingInactive, HostCommand.Save),
            [(Inactive, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Ensure),

            [(Starting, ComputeTrigger.Start)] = Already,
            [(Starting, ComputeTrigger.Stop)] = To(Stopping, HostCommand.Ensure),
            [(Starting, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Ensure),
            [(Starting, ComputeTrigger.SawRunning)] = To(Active),
            [(Starting, ComputeTrigger.SawOff)] = To(Inactive, HostCommand.Ensure),   // it ran, and powered itself off at once
            [(Starting, ComputeTrigger.SawCrashed)] = To(Failed, HostCommand.Ensure),
            [(Starting, ComputeTrigger.SawFailure)] = To(Failed, HostCommand.Ensure),
            [(Starting, ComputeTrigger.SawMissing)] = To(Failed, HostCommand.Ensure),
            [(Starting, ComputeTrigger.Overdue)] = To(Failed, HostCommand.Ensure),

            [(Active, ComputeTrigger.Start)] = Already,
            [(Active, ComputeTrigger.Stop)] = To(Stopping, HostCommand.Ensure),
            [(Active, ComputeTrigger.Suspend)] = To(Suspending, HostCommand.Ensure),
            [(Active, ComputeTrigger.Restart)] = To(Restarting, HostCommand.Reboot),
            [(Active, ComputeTrigger.Save)] = To(Saving, HostCommand.Save),
            [(Active, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Ensure),
            [(Active, ComputeTrigger.SawOff)] = To(Inactive, HostCommand.Ensure),     // the guest powered itself off: so be it
            [(Active, ComputeTrigger.SawCrashed)] = To(Failed, HostCommand.Ensure),

            [(Stopping, ComputeTrigger.Stop)] = To(Stopping, HostCommand.Ensure),     // a harder method is never blocked by a soft one
            [(Stopping, ComputeTrigger.Start)] = To(Starting, HostCommand.Ensure),
            [(Stopping, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Ensure),
            [(Stopping, ComputeTrigger.SawOff)] = To(Inactive),
            [(Stopping, ComputeTrigger.SawCrashed)] = To(Inactive),
            [(Stopping, ComputeTrigger.SawFailure)] = To(Active, HostCommand.Ensure),
            [(Stopping, ComputeTrigger.SawMissing)] = To(Failed, HostCommand.Ensure),
            [(Stopping, ComputeTrigger.Overdue)] = To(Active, HostCommand.Ensure),    // the guest would not: say so, and let it run

            [(Suspending, ComputeTrigger.Suspend)] = Already,
            [(Suspending, ComputeTrigger.Start)] = To(Starting, HostCommand.Ensure),
            [(Suspending, ComputeTrigger.Stop)] = To(Stopping, HostCommand.Ensure),
            [(Suspending, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Ensure),
            [(Suspending, ComputeTrigger.SawSuspended)] = To(Suspended),
            [(Suspending, ComputeTrigger.SawOff)] = To(Inactive, HostCommand.Ensure),
            [(Suspending, ComputeTrigger.SawCrashed)] = To(Failed, HostCommand.Ensure),
            [(Suspending, ComputeTrigger.SawFailure)] = To(Active, HostCommand.Ensure),
            [(Suspending, ComputeTrigger.SawMissing)] = To(Failed, HostCommand.Ensure),
            [(Suspending, ComputeTrigger.Overdue)] = To(Active, HostCommand.Ensure),

            [(Suspended, ComputeTrigger.Suspend)] = Already,
            [(Suspended, ComputeTrigger.Start)] = To(Starting, HostCommand.Ensure),
            [(Suspended, ComputeTrigger.Stop)] = To(Stopping, HostCommand.Ensure),
            [(Suspended, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Ensure),
            [(Suspended, ComputeTrigger.SawOff)] = To(Inactive, HostCommand.Ensure),
            [(Suspended, ComputeTrigger.SawCrashed)] = To(Failed, HostCommand.Ensure),

            [(Restarting, ComputeTrigger.Restart)] = Already,
            [(Restarting, ComputeTrigger.Start)] = Already,
            [(Restarting, ComputeTrigger.Stop)] = To(Stopping, HostCommand.Ensure),
            [(Restarting, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Ensure),
            [(Restarting, ComputeTrigger.Rebooted)] = To(Active),
            [(Restarting, ComputeTrigger.SawFailure)] = To(Active, HostCommand.Ensure),
            [(Restarting, ComputeTrigger.SawMissing)] = To(Failed, HostCommand.Ensure),
            [(Restarting, ComputeTrigger.Overdue)] = To(Active, HostCommand.Ensure),

            [(Saving, ComputeTrigger.Start)] = Already,
            [(Saving, ComputeTrigger.Stop)] = To(Stopping, HostCommand.Ensure),
            [(Saving, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Ensure),
            [(Saving, ComputeTrigger.Saved)] = To(Active),
            [(Saving, ComputeTrigger.NotSaved)] = To(Active),                         // where it was stopped for it, the host starts it again by itself
            [(Saving, ComputeTrigger.SawOff)] = To(SavingInactive, HostCommand.Ensure),   // the guest powered itself off: the save goes on
            [(Saving, ComputeTrigger.SawCrashed)] = To(Failed, HostCommand.Ensure),
            [(Saving, ComputeTrigger.Overdue)] = To(Active, HostCommand.Ensure),

            [(SavingInactive, ComputeTrigger.Stop)] = Already,
            [(SavingInactive, ComputeTrigger.Start)] = To(Starting, HostCommand.Ensure),
            [(SavingInactive, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Ensure),
            [(SavingInactive, ComputeTrigger.Saved)] = To(Inactive),
            [(SavingInactive, ComputeTrigger.NotSaved)] = To(Inactive),
            [(SavingInactive, ComputeTrigger.Overdue)] = To(Inactive, HostCommand.Ensure),

            [(Failed, ComputeTrigger.Start)] = To(Starting, HostCommand.Ensure),
            [(Failed, ComputeTrigger.Stop)] = To(Stopping, HostCommand.Ensure),
            [(Failed, ComputeTrigger.Delete)] = To(Deleting, HostCommand.Ensure),

            [(Deleting, ComputeTrigger.Delete)] = Already,
            [(Deleting, ComputeTrigger.SawAbsent)] = To(Deleting, HostCommand.Release),
        }.ToFrozenDictionary();

    public static ComputeDecision Decide(ComputePhase phase, ComputeTrigger trigger) =>
        Table.GetValueOrDefault((phase, trigger)) ?? new ComputeDecision.Refused(
            phase == Failed ? $"{trigger} is not possible after a failure: start it, stop it or delete it." : $"{trigger} is not possible while {Words(phase)}.");

    /// <summary>What an action does to the state; null: it is no change of state.</summary>
    public static ComputeTrigger? TriggerOf(string action) =>
        action == Model.Start.ToString() ? ComputeTrigger.Start
        : action == Model.Stop.ToString() ? ComputeTrigger.Stop
        : action == Model.Restart.ToString() ? ComputeTrigger.Restart
        : action == Model.Suspend.ToString() ? ComputeTrigger.Suspend
        : null;

    /// <summary>Whether somebody owes a step: such a phase has an operation with a deadline.</summary>
    public static bool IsUnderWay(ComputePhase phase) =>
        phase is Placing or Starting or Stopping or Suspending or Restarting or Deleting || IsSaving(phase);

    /// <summary>Whether an OS template is being made of it.</summary>
    public static bool IsSaving(ComputePhase phase) => phase is Saving or SavingInactive;

    public static string Words(ComputePhase phase) => phase switch
    {
        Active => "it is active",
        Inactive => "it is inactive",
        Suspended => "it is suspended",
        Saving or SavingInactive => "it is being saved",
        _ => "it is " + phase.ToString().ToLowerInvariant(),
    };

    private static ComputeDecision.Move To(ComputePhase to, HostCommand tell = HostCommand.None) => new(to, tell);
}
