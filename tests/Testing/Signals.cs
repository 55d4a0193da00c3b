using System.Runtime.InteropServices;

namespace Controller.Testing;

/// <summary>What ends, freezes and thaws a process.</summary>
public static partial class Signals
{
    public const int Interrupt = 2;
    public const int Killed = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>0: it was sent.</summary>
    public static int Send(int process, int signal) => Kill(process, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
