using System.Runtime.InteropServices;

namespace Controller.Cli.Processes;

/// <summary>Signal numbers of Linux (signal(7)).</summary>
internal enum Signal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
}

/// <summary>Sends signals and waits for their effect.</summary>
internal static partial class Signals
{
    /// <summary>Sends a signal to exactly that process; false when it is gone.</summary>
    public static bool Send(ProcessIdentity process, Signal signal) => process.Lives && Kill(process.Pid, (int)signal) == 0;

    /// <summary>
    /// Ends a process: asks with each of <paramref name="ask"/> in turn and waits <paramref name="patience"/> after each, then kills what is left
    /// of its session. Returns when nothing of it lives.
    /// </summary>
    public static async Task End(ProcessIdentity process, IReadOnlyList<Signal> ask, TimeSpan patience)
    {
        foreach (var signal in ask)
        {
            Send(process, signal);
            if (await Gone(() => !process.Lives, patience))
                break;
        }
        // Members may fork while they are killed, hence again and again.
        var left = process.Session();
        while (process.Lives || left.Count > 0)
        {
            Send(process, Signal.Kill);
            foreach (var member in left)
                Send(member, Signal.Kill);
            await Gone(() => !process.Lives && process.Session().Count == 0, TimeSpan.FromSeconds(1));
            left = process.Session();
        }
    }

    /// <summary>Waits until <paramref name="gone"/>; false when it is not in time.</summary>
    public static async Task<bool> Gone(Func<bool> gone, TimeSpan patience)
    {
        var deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (!gone())
        {
            if (Environment.TickCount64 >= deadline)
                return false;
            await Task.Delay(20);
        }
        return true;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
