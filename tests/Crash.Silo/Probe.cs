using System.Diagnostics;
using System.Globalization;

namespace Controller.Crash.Silo;

/// <summary>When a step is told of.</summary>
internal enum Moment
{
    Before,
    After,
}

/// <summary>Is told of each durable step; tells its test of them, or ends this process at one of them as a power failure would.</summary>
/// <param name="mark">The file in which it says where that was.</param>
internal sealed class Probe(string mark)
{
    private readonly Lock _lock = new();
    private (Moment Moment, string Step, int Nth)? _armed;
    private bool _recording;

    /// <summary><c>record</c>, <c>arm before|after NTH STEP</c>, or <c>rest</c>.</summary>
    public void Obey(string line)
    {
        var words = line.Split(' ', 4);
        lock (_lock)
        {
            _recording = words[0] == "record";
            _armed = words[0] == "arm" ? (Enum.Parse<Moment>(words[1], ignoreCase: true), words[3], int.Parse(words[2], CultureInfo.InvariantCulture)) : null;
        }
        Say(words[0]);
    }

    /// <summary>One line to the test.</summary>
    public void Say(string what)
    {
        lock (_lock)
            Console.Out.WriteLine("@" + what);
    }

    /// <summary>The step is done between its two moments.</summary>
    public async Task Around(string? step, Func<Task> write)
    {
        Reach(Moment.Before, step);
        await write();
        Reach(Moment.After, step);
    }

    /// <inheritdoc cref="Around(string?, Func{Task})"/>
    public async Task<T> Around<T>(string step, Func<Task<T>> write)
    {
        Reach(Moment.Before, step);
        var result = await write();
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
            if (_armed is not { } armed || armed.Moment != moment || armed.Step != step)
                return;
            if (armed.Nth > 1)
            {
                _armed = armed with { Nth = armed.Nth - 1 };
                return;
            }
            Die($"{moment} {step}");
        }
    }

    /// <summary>SIGKILL: nothing is flushed, closed or told. The lock is held, so that no other step begins meanwhile.</summary>
    private void Die(string where)
    {
        using (var file = new FileStream(mark, FileMode.Create, FileAccess.Write))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(where));
            file.Flush(flushToDisk: true);
        }
        using var own = Process.GetCurrentProcess();
        own.Kill();
        using var never = new ManualResetEventSlim();
        never.Wait();   // for the moment until it has arrived
    }
}
