using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Controller.Crash.Silo;

/// <summary>When a step is told of.</summary>
internal enum Moment
{
    Before,
    After,
}

/// <summary>Is told of each durable step; tells its test of them, or ends this process at one of them as a power failure would.</summary>
/// <param name="mark">The file in which it says where that was.</param>
internal sealed partial class Probe(string mark)
{
    private const int Stop = 19;

    private readonly Lock _lock = new();
    private Armed? _armed;
    private bool _recording;

    /// <summary>
    /// <c>record</c>; <c>arm before|after NTH STEP</c>: it dies there; <c>freeze before|after NTH STEP</c>: it stops there until somebody lets it go on (SIGCONT); or <c>rest</c>. A step that
    /// ends with an asterisk is any that begins so.
    /// </summary>
    public void Obey(string line)
    {
        var words = line.Split(' ', 4);
        lock (_lock)
        {
            _recording = words[0] == "record";
            _armed = words[0] is "arm" or "freeze"
                ? new(Enum.Parse<Moment>(words[1], ignoreCase: true), words[3], int.Parse(words[2], CultureInfo.InvariantCulture), Freezes: words[0] == "freeze")
                : null;
        }
        Say(words[0]);
    }

    /// <summary>One line to the test.</summary>
    public void Say(string what)
    {
        lock (_lock)
            Console.Out.WriteLine("@" + what);
    }

    /// <summary>The step is done between its two moments. One that fails is told of, too: <c>refused STEP EXCEPTION</c>.</summary>
    public Task Around(string? step, Func<Task> write) => Around(step, async () =>
    {
        await write();
        return true;
    });

    /// <inheritdoc cref="Around(string?, Func{Task})"/>
    public async Task<T> Around<T>(string? step, Func<Task<T>> write)
    {
        Reach(Moment.Before, step);
        T result;
        try
        {
            result = await write();
        }
        catch (Exception e)
        {
            Say($"refused {step} {e.GetType().Name}");
            throw;
        }
        Reach(Moment.After, step);
        return result;
    }

    private void Reach(Moment moment, string? step)
    {
        if (step is null)
            return;
        lock (_lock)
        {
            if (_recording && moment == Moment.After)
                Say("step " + step);
            if (_armed is not { } armed || armed.Moment != moment || !armed.Is(step))
                return;
            if (armed.Nth > 1)
            {
                _armed = armed with { Nth = armed.Nth - 1 };
                return;
            }
            _armed = null;
            Mark($"{moment} {step}");
            if (armed.Freezes)
                Freeze();
            else
                Die();
        }
    }

    private void Mark(string where)
    {
        using var file = new FileStream(mark, FileMode.Create, FileAccess.Write);
        file.Write(System.Text.Encoding.UTF8.GetBytes(where));
        file.Flush(flushToDisk: true);
    }

    private static void Freeze()
    {
        if (Kill(Environment.ProcessId, Stop) != 0)
            throw new InvalidOperationException("This process cannot be stopped.");
    }

    /// <summary>SIGKILL: nothing is flushed, closed or told. The lock is held, so that no other step begins meanwhile.</summary>
    private static void Die()
    {
        using var own = Process.GetCurrentProcess();
        own.Kill();
        using var never = new ManualResetEventSlim();
        never.Wait();   // for the moment until it has arrived
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);

    private sealed record Armed(Moment Moment, string Step, int Nth, bool Freezes)
    {
        public bool Is(string step) => Step.EndsWith('*') ? step.StartsWith(Step[..^1], StringComparison.Ordinal) : step == Step;
    }
}
