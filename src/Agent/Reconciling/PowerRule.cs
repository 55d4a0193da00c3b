using Controller.Agent.Ledger;
using Controller.Agent.Protocol;

namespace Controller.Agent.Reconciling;

internal enum PowerVerdict
{
    /// <summary>Bring it to what is wanted.</summary>
    Converge = 0,

    /// <summary>The guest powered itself off, or crashed, before our eyes: remember that, report it, leave it.</summary>
    StoppedNow = 1,

    /// <summary>It did so earlier: leave it.</summary>
    StoppedEarlier = 2,

    /// <summary>Its lease is over, or ran out and nobody has wanted it since: it may not run, and that says nothing of its guest.</summary>
    Fenced = 3,
}

/// <summary>
/// May a machine that should run, and does not, be started?
/// <para>
/// A guest that powered itself off made a decision, and a crash is news; both belong to the control plane, which answers with a new
/// generation. So a machine that ran under its generation and was <em>seen to stop</em> stays as it is. Seen to stop means: this process
/// saw it run under this incarnation and generation, and has watched a healthy driver in the same life of the host ever since.
/// </para>
/// <para>
/// Every other stop was done to the machine and not by it, and it is started again: the host rebooted, the hypervisor was started anew,
/// the agent was away or could not see, or our own request to shut down, meanwhile taken back, was obeyed late. An earlier stop stays
/// valid over a restart of the agent, and ends with the host's life: an orderly shutdown of the host makes each guest power off before
/// our eyes, and none of them may stay down after it.
/// </para>
/// <para>
/// A machine with a lease is another matter: without one it may not run at all, and once that ran out it waits for a session that began afterwards to want it
/// (<see cref="Leases.Lease"/>). What was seen of its end meanwhile is our doing and no decision of its guest's.
/// </para>
/// </summary>
internal static class PowerRule
{
    /// <summary>Whether it is off although it should not be.</summary>
    public static bool IsDown(LedgerObject entry, Power now) =>
        !entry.Desired.Absent && entry.Desired.Machine?.Power is Power.Running or Power.Paused && now is (Power.Off or Power.Crashed);

    /// <summary>Whether it may not run, whatever is wanted.</summary>
    public static bool IsFenced(LedgerObject entry, bool hasLease) =>
        entry.Desired is { Absent: false, Machine: { Leased: true, Power: Power.Running or Power.Paused } } && (entry.Fenced is not null || !hasLease);

    public static PowerVerdict Decide(LedgerObject entry, Power now, string hostLife, bool watchedItRun, bool stopWasAsked, bool hasLease = true)
    {
        if (IsFenced(entry, hasLease)) return PowerVerdict.Fenced;
        if (!IsDown(entry, now)) return PowerVerdict.Converge;
        if (entry.Stopped is { } stopped && stopped.Generation == entry.Desired.Generation && stopped.HostLife == hostLife)
            return PowerVerdict.StoppedEarlier;
        return watchedItRun && !stopWasAsked ? PowerVerdict.StoppedNow : PowerVerdict.Converge;
    }
}
