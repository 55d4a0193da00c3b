using System.Runtime.InteropServices;

namespace Controller.Crash.Tests.Harness;

/// <summary>What freezes a process, and thaws it.</summary>
internal static partial class Signals
{
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>0: it was sent.</summary>
    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Send(int process, int signal);
}
