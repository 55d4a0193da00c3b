using System.Runtime.InteropServices;

namespace Controller.Agent.Leases;

/// <summary>
/// Ends machines' QEMU processes without asking libvirtd. A process counts only if it is a QEMU, runs with that machine's UUID, and lives in the process namespace of this
/// host's libvirtd: where several hosts are namespaces of one machine, the next one may have the machine's new placement, under the same UUID.
/// </summary>
internal sealed partial class QemuProcesses(string? namespacePidFile)
{
    private const long PidfdSendSignal = 424;
    private const long PidfdOpen = 434;
    private const int Kill = 9;

    /// <summary>Why it cannot be told now whose process is whose; null: it can.</summary>
    public string? Blind => Namespace() is null ? $"The process namespace of libvirtd is not known: {namespacePidFile} names no process." : null;

    /// <summary>Whether libvirtd is in the namespace that we look into. Where it is elsewhere, that no machine is seen here says nothing.</summary>
    public bool Sees => Namespace() is { } ours && Processes().Any(pid => IsDaemon(pid) && LinkOf(pid.ToString(System.Globalization.CultureInfo.InvariantCulture)) == ours);

    /// <summary>The machine's processes: none once it is certain that it does not run.</summary>
    public IReadOnlyList<int> Of(string machine)
    {
        // When the namespace's first process is gone, so is all that was in it.
        if (Namespace() is not { } ours) return [];
        return [.. Processes().Where(pid => IsMachine(pid, machine, ours))];
    }

    /// <summary>Kills them; they may need a moment to be gone.</summary>
    public int End(string machine)
    {
        if (Namespace() is not { } ours) return 0;
        var ended = 0;
        foreach (var pid in Processes())
        {
            if (!IsMachine(pid, machine, ours)) continue;
            // The handle is of one process, whatever becomes of its number; so it is looked at again once it is held.
            var handle = (int)syscall(PidfdOpen, pid, 0, 0, 0);
            if (handle < 0) continue;
            try
            {
                if (IsMachine(pid, machine, ours) && syscall(PidfdSendSignal, handle, Kill, 0, 0) == 0) ended++;
            }
            finally
            {
                _ = close(handle);
            }
        }
        return ended;
    }

    private string? Namespace()
    {
        if (namespacePidFile is null) return LinkOf("self");
        try
        {
            return LinkOf(File.ReadAllText(namespacePidFile).Trim());
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string? LinkOf(string process)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{process}/ns/pid", returnFinalTarget: false)?.Name;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static IEnumerable<int> Processes() => Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(int.Parse!);

    private static bool IsMachine(int pid, string machine, string ours)
    {
        try
        {
            var arguments = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');   // empty for one that has ended and was not reaped
            var uuid = Array.IndexOf(arguments, "-uuid");
            return uuid >= 0 && uuid + 1 < arguments.Length && arguments[uuid + 1] == machine
                && Path.GetFileName(arguments[0]).StartsWith("qemu", StringComparison.Ordinal) && LinkOf(pid.ToString(System.Globalization.CultureInfo.InvariantCulture)) == ours;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsDaemon(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim() is "libvirtd" or "virtqemud";
        }
        catch (IOException)
        {
            return false;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long first, long second, long third, long fourth);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int handle);
}
