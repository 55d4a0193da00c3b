using System.Runtime.InteropServices;

namespace Controller.Cli.Consoles;

/// <summary>
/// The terminal without line editing, echo and signals, so that the guest gets every key; as it was before when this is disposed of or the process ends, whatever
/// ends it short of a kill.
/// </summary>
internal sealed unsafe partial class RawTerminal : IDisposable
{
    private const int Input = 0;
    private const int Now = 0;
    private const int LargestTermios = 256;   // of any Linux; nobody here looks inside

    private readonly byte[] _before;
    private readonly List<PosixSignalRegistration> _signals = [];
    private int _isRestored;

    private RawTerminal(byte[] before)
    {
        _before = before;
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT, PosixSignal.SIGINT])
            _signals.Add(PosixSignalRegistration.Create(signal, _ => Restore()));
    }

    /// <summary>Null: standard input is no terminal.</summary>
    public static RawTerminal? Enter()
    {
        var (before, raw) = (new byte[LargestTermios], new byte[LargestTermios]);
        fixed (byte* old = before, @new = raw)
        {
            if (tcgetattr(Input, old) != 0)
                return null;
            before.CopyTo(raw, 0);
            cfmakeraw(@new);
            var terminal = new RawTerminal(before);
            _ = tcsetattr(Input, Now, @new);
            return terminal;
        }
    }

    public void Dispose()
    {
        Restore();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        _signals.ForEach(signal => signal.Dispose());
    }

    private void OnExit(object? sender, EventArgs e) => Restore();

    private void Restore()
    {
        if (Interlocked.Exchange(ref _isRestored, 1) == 1)
            return;
        fixed (byte* old = _before)
            _ = tcsetattr(Input, Now, old);
    }

    [LibraryImport("libc")]
    private static partial int tcgetattr(int file, byte* settings);

    [LibraryImport("libc")]
    private static partial int tcsetattr(int file, int when, byte* settings);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* settings);
}
