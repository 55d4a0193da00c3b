using System.Diagnostics;
using System.Globalization;

namespace Controller.Cli.Local;

/// <summary>A step that failed, and the log that tells more.</summary>
internal sealed class StepFailedException(string message, string? log) : Exception(message)
{
    public string? Log { get; } = log;
}

/// <summary>Shows steps as they go, each with its time. On a terminal the running ones are shown too; elsewhere a line a finished step.</summary>
internal sealed class Progress(TextWriter output, bool live)
{
    private const int TailLines = 15;
    private readonly Lock _lock = new();
    private readonly List<(string Title, Stopwatch Clock)> _running = [];

    public static Progress ToConsole() => new(Console.Out, live: !Console.IsOutputRedirected);

    /// <summary>Runs a step. What it returns is shown behind its title.</summary>
    public async Task Step(string title, Func<Task<string>> work)
    {
        var clock = Stopwatch.StartNew();
        lock (_lock) _running.Add((title, clock));
        // What throws before its first await is a failed step, too.
        var running = Task.Run(work);
        while (live && !running.IsCompleted)
        {
            ShowRunning();
            await Task.WhenAny(running, Task.Delay(100));
        }
        string note;
        try
        {
            note = await running;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Finish("fail", clock.Elapsed, title, e.Message);
            throw;
        }
        finally
        {
            lock (_lock) _running.Remove((title, clock));
        }
        Finish(" ok ", clock.Elapsed, title, note);
    }

    /// <summary>A line between the steps.</summary>
    public void Line(string text) => Write((live ? "\r\u001b[K" : "") + text + "\n");

    /// <summary>Shows the end of the log that belongs to a failure.</summary>
    public void Explain(StepFailedException failure)
    {
        if (failure.Log is not { } log)
            return;
        foreach (var line in Tail(log, TailLines))
            Line("        | " + line);
        Line("        the whole log: " + log);
    }

    /// <summary>The last lines of a file; none when there is no file.</summary>
    public static IReadOnlyList<string> Tail(string path, int lines)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Seek(-Math.Min(stream.Length, 64 * 1024), SeekOrigin.End);
            using var reader = new StreamReader(stream);
            return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(lines)];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private void ShowRunning()
    {
        lock (_lock)
            Write("\r\u001b[K   …" + string.Concat(_running.Select(step => $"  {Seconds(step.Clock.Elapsed)}  {step.Title}")));
    }

    private void Finish(string mark, TimeSpan took, string title, string note) =>
        Line($" {mark} {Seconds(took)}  {title}{(note.Length > 0 ? ": " + note : "")}");

    private void Write(string text)
    {
        lock (_lock)
        {
            output.Write(text);
            output.Flush();
        }
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture).PadLeft(6) + " s";
}
