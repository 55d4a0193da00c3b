using System.Globalization;

namespace Controller.SystemTests.Harness;

/// <summary>The kernel's view of the processes that work on a data directory: ours, PostgreSQL's, libvirt's, machines.</summary>
internal static class Processes
{
    private const string Listening = "0A";

    // As /proc/net/tcp and tcp6 print them: 127.0.0.1, ::1, and 127.0.0.1 as an IPv6 address.
    private static readonly string[] Local = ["0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"];

    /// <summary>Pid and command line of each process that has the directory in its command line, environment or working directory.</summary>
    public static IReadOnlyList<(int Pid, string Command)> Of(string directory)
    {
        var found = new List<(int, string)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
                continue;
            try
            {
                var command = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
                if (command.Contains(directory, StringComparison.Ordinal)
                    || File.ReadAllText(Path.Combine(folder, "environ")).Contains(directory, StringComparison.Ordinal)
                    || new FileInfo(Path.Combine(folder, "cwd")).LinkTarget?.StartsWith(directory, StringComparison.Ordinal) == true)
                {
                    found.Add((pid, command));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked, or belongs to somebody else.
            }
        }
        return found;
    }

    /// <summary>The QEMUs that run with the machine's UUID, in whatever namespaces.</summary>
    public static IReadOnlyList<int> Machines(Entity compute) =>
        [.. Of(compute.Id).Where(p => p.Command.Contains($"-uuid {compute.Id}", StringComparison.Ordinal)).Select(p => p.Pid)];

    /// <summary>TCP sockets of these processes in this network namespace that listen on more than the loopback address.</summary>
    public static IReadOnlyList<string> Exposed(IEnumerable<int> pids)
    {
        var inodes = pids.SelectMany(Sockets).ToHashSet();
        return
        [
            .. from file in (string[])["/proc/net/tcp", "/proc/net/tcp6"]
               from line in File.ReadLines(file).Skip(1)
               let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
               where fields[3] == Listening && inodes.Contains($"socket:[{fields[9]}]") && !Local.Contains(fields[1].Split(':')[0])
               select fields[1],
        ];
    }

    private static IEnumerable<string> Sockets(int pid)
    {
        try
        {
            return [.. Directory.EnumerateFiles($"/proc/{pid}/fd").Select(file => new FileInfo(file).LinkTarget).OfType<string>()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
