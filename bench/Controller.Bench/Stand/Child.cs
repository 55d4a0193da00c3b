using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Controller.Bench.Stand;

/// <summary>A process of ours, with a log file. Its pid is the program's own.</summary>
internal sealed partial class Child : IAsyncDisposable
{
    private const int Terminate = 15;
    private const int Interrupt = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly int _ask;

    private Child(Process process, string log, int ask) => (_process, Log, _ask) = (process, log, ask);

    public int Pid => _process.Id;

    public bool Ended => _process.HasExited;

    public string Log { get; }

    /// <param name="program">What to run.</param>
    /// <param name="arguments">With what.</param>
    /// <param name="log">Where what it says goes.</param>
    /// <param name="user">As whom; null: as ourselves.</param>
    /// <param name="hasty">Whether it is asked to end at once.</param>
    public static Child Start(string program, IEnumerable<string> arguments, string log, string? user = null, bool hasty = false)
    {
        string[] own = user is null ? [] : ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"];
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1 < /dev/null", "sh", log, .. own, program, .. arguments]) { WorkingDirectory = "/" };
        return new(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start."), log, hasty ? Interrupt : Terminate);
    }

    /// <summary>Waits until it is so, or says what the process has said.</summary>
    public async Task Until(string what, Func<Task<bool>> isSo, TimeSpan patience, CancellationToken cancel)
    {
        for (var clock = Stopwatch.StartNew(); !await isSo(); await Task.Delay(20, cancel))
        {
            if (Ended || clock.Elapsed > patience)
                throw new InvalidOperationException($"{what}: not {(Ended ? "before it ended" : $"within {patience.TotalSeconds:0} s")}. The end of {Log}:\n{string.Join('\n', File.ReadLines(Log).TakeLast(20))}");
        }
    }

    /// <summary>Asks it to end, waits, and kills it where that does not help.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, _ask);
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync();
            }
        }
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
