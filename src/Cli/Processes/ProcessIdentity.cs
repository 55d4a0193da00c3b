namespace Controller.Cli.Processes;

/// <summary>
/// One run of one process. A pid alone is not enough: after kill -9, a reboot or a container's restart it may belong to somebody else.
/// </summary>
/// <param name="Pid">Process id.</param>
/// <param name="StartTicks">As in <see cref="ProcessStat"/>.</param>
/// <param name="BootId">The boot that the ticks count from.</param>
internal sealed record ProcessIdentity(int Pid, long StartTicks, string BootId)
{
    /// <summary>The process of that id as it is now; null when there is none that lives.</summary>
    public static ProcessIdentity? Of(int pid) => ProcFs.Find(pid) is { Lives: true } stat ? new(pid, stat.StartTicks, ProcFs.BootId) : null;

    /// <summary>Whether that very process still runs.</summary>
    public bool Lives => BootId == ProcFs.BootId && ProcFs.Find(Pid) is { Lives: true } stat && stat.StartTicks == StartTicks;

    /// <summary>
    /// Who lives in the session that this process leads, itself included. Session ids are pids: when another process has the pid by now, the
    /// session is not ours any more (the kernel gives no pid out again while it names a session).
    /// </summary>
    public IReadOnlyList<ProcessIdentity> Session()
    {
        if (BootId != ProcFs.BootId || (ProcFs.Find(Pid) is { } leader && leader.StartTicks != StartTicks))
            return [];
        return [.. ProcFs.All().Where(p => p.Lives && p.Session == Pid && p.StartTicks >= StartTicks).Select(p => new ProcessIdentity(p.Pid, p.StartTicks, BootId))];
    }
}
