using System.Globalization;

namespace Controller.Bench.Measuring;

/// <summary>CPU time of processes and of their children, user and system, from <c>/proc/PID/stat</c>; those that have ended and were waited for included.</summary>
internal static class CpuTime
{
    // USER_HZ is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>The sum over the processes and whatever descends from them. A process that has ended counts as far as its parent knows.</summary>
    public static TimeSpan Of(IEnumerable<int> pids)
    {
        var all = Directory.EnumerateDirectories("/proc").Select(d => Read(Path.GetFileName(d))).OfType<Stat>().ToList();
        var children = all.ToLookup(s => s.Parent);
        var counted = new Dictionary<int, double>();
        var next = new Stack<Stat>(pids.Select(p => all.Find(s => s.Pid == p)).OfType<Stat>());
        while (next.TryPop(out var stat))
        {
            if (!counted.TryAdd(stat.Pid, stat.Ticks))
                continue;
            foreach (var child in children[stat.Pid])
                next.Push(child);
        }
        return TimeSpan.FromSeconds(counted.Values.Sum() / TicksPerSecond);
    }

    /// <summary>What a process has in memory, in bytes; 0: it is gone.</summary>
    public static long ResidentOf(int pid)
    {
        try
        {
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line["VmRSS:".Length..^"kB".Length].Trim(), CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Pid, parent, and ticks of the process and of its dead children, of a line of /proc/PID/stat; null: it is none.</summary>
    public static (int Pid, int Parent, double Ticks)? Parse(string line)
    {
        // The command's name may hold blanks and brackets; what follows its last bracket has fixed places: utime is the 12th.
        var (open, close) = (line.IndexOf('(', StringComparison.Ordinal), line.LastIndexOf(')'));
        if (open < 1 || close < open)
            return null;
        var fields = line[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 15 ? null
            : (int.Parse(line[..open], CultureInfo.InvariantCulture), int.Parse(fields[1], CultureInfo.InvariantCulture), fields[11..15].Sum(f => double.Parse(f, CultureInfo.InvariantCulture)));
    }

    private static Stat? Read(string? name)
    {
        if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            return null;
        try
        {
            return Parse(File.ReadAllText($"/proc/{pid}/stat")) is { } parsed ? new(parsed.Pid, parsed.Parent, parsed.Ticks) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;   // it has ended
        }
    }

    private sealed record Stat(int Pid, int Parent, double Ticks);
}
