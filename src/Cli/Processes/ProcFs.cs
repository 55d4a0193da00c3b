using System.Globalization;

namespace Controller.Cli.Processes;

/// <summary>What <c>/proc/PID/stat</c> says of a process (proc(5)).</summary>
/// <param name="Pid">Process id.</param>
/// <param name="State">R, S, D, Z, …</param>
/// <param name="Session">Session id: the pid of the process that called setsid.</param>
/// <param name="StartTicks">Clock ticks from the machine's boot to the start of the process.</param>
internal sealed record ProcessStat(int Pid, char State, int Session, long StartTicks)
{
    /// <summary>A zombie runs no more; its parent just has not looked yet.</summary>
    public bool Lives => State is not ('Z' or 'X' or 'x');

    /// <summary>Reads one line of that file; null when it isn't one.</summary>
    public static ProcessStat? Parse(string line)
    {
        // The second field is the command in parentheses and may hold blanks and parentheses itself: only the last one ends it.
        var open = line.IndexOf('(', StringComparison.Ordinal);
        var close = line.LastIndexOf(')');
        if (open < 1 || close < open)
            return null;
        var rest = line[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return rest.Length > 19
            && int.TryParse(line.AsSpan(0, open).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && int.TryParse(rest[3], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var session)
            && long.TryParse(rest[19], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            ? new(pid, rest[0][0], session, start)
            : null;
    }
}

/// <summary>The kernel's view of processes.</summary>
internal static class ProcFs
{
    /// <summary>Changes with every boot, so that start times of different boots are never compared.</summary>
    public static string BootId { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>A process by its id; null when there is none.</summary>
    public static ProcessStat? Find(int pid)
    {
        try
        {
            return ProcessStat.Parse(File.ReadAllText($"/proc/{pid}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;   // gone, or going between open and read
        }
    }

    /// <summary>All processes that can be seen.</summary>
    public static IEnumerable<ProcessStat> All() =>
        Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? Find(pid) : null)
            .OfType<ProcessStat>();

    /// <summary>Where the process's current directory is; null when that can't be seen.</summary>
    public static string? CurrentDirectory(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/cwd").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether the process was started with that variable in its environment.</summary>
    public static bool HasVariable(int pid, string name, string value)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ").Split('\0').Contains($"{name}={value}", StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
