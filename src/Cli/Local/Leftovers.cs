using Controller.Cli.Processes;

namespace Controller.Cli.Local;

/// <summary>
/// Ends what an earlier <c>up</c> started and nobody supervises any more: whatever was killed, in whatever order. Never anything else: a process
/// is ours when its pid and start time were written down, when it carries our mark, or when it is a PostgreSQL that works in our directory.
/// </summary>
internal static class Leftovers
{
    /// <summary>Ends all of them in order; the names of those that were still there. The caller holds the cluster's lock.</summary>
    public static async Task<IReadOnlyList<string>> End(DataDirectory data)
    {
        var ended = new List<string>();
        var records = ProcessTable.Load(data).Where(r => r.Role != Role.Supervisor).ToList();
        foreach (var group in records.GroupBy(r => r.Role).OrderBy(g => g.Key))
        {
            ended.AddRange(group.Where(r => r.Process.Lives).Select(r => r.Name));
            await Task.WhenAll(group.Select(r => Signals.End(r.Process, Ending.Signals(r.Role), Ending.Patience(r.Role))));
        }

        foreach (var stray in Strays(data))
        {
            ended.Add($"pid {stray.Pid}");
            await Signals.End(stray, [Signal.Interrupt], TimeSpan.FromSeconds(5));
        }

        ProcessTable.Delete(data);
        return ended;
    }

    private static IEnumerable<ProcessIdentity> Strays(DataDirectory data) =>
        ProcFs.All()
            .Where(p => p.Lives && p.Pid != Environment.ProcessId)
            // A server process of PostgreSQL outlives a killed postmaster for a moment; it writes its title over its environment.
            .Where(p => ProcFs.HasVariable(p.Pid, ProcessSpec.Marker, data.Root) || ProcFs.CurrentDirectory(p.Pid) == data.Postgres && IsPostgres(p.Pid))
            .Select(p => new ProcessIdentity(p.Pid, p.StartTicks, ProcFs.BootId));

    private static bool IsPostgres(int pid) => SafeFile.Read($"/proc/{pid}/comm") == "postgres";
}
