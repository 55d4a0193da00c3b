using System.Runtime.InteropServices;

namespace Controller.Cli.Processes;

/// <summary>execv(3): this process becomes another program, with the same pid, terminal and exit code.</summary>
internal static partial class Exec
{
    private const int BrokenPipe = 13;

    /// <summary>Returns only where it can't be run: with the reason.</summary>
    /// <param name="path">The program's file.</param>
    /// <param name="words">All words, the program's name first.</param>
    public static string Become(string path, IReadOnlyList<string> words)
    {
        // The runtime ignores this one, and what is ignored stays so in the other program.
        _ = Signal(BrokenPipe, 0);
        _ = Execv(path, [.. words, null]);
        return Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execv(string path, string?[] words);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint Signal(int number, nint handler);
}
