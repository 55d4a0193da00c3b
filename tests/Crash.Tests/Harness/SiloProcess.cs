using System.Diagnostics;
using System.Threading.Channels;
using Controller.Testing;

namespace Controller.Crash.Tests.Harness;

/// <summary>A silo in a process of its own (Crash.Silo), gone with the test.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly Process _process;
    private readonly Channel<string> _said = Channel.CreateUnbounded<string>();
    private readonly List<string> _output = [];
    private readonly List<string> _steps = [];
    private readonly string _mark;

    private SiloProcess(Process process, string mark)
    {
        (_process, _mark) = (process, mark);
        process.OutputDataReceived += Hear;
        process.ErrorDataReceived += Hear;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Ended = End();
    }

    public int Id => _process.Id;

    /// <summary>When the process is gone.</summary>
    public Task Ended { get; }

    public bool Runs => !Ended.IsCompleted;

    /// <summary>Where it killed or stopped itself, in its own words; null: it did not.</summary>
    public string? Mark => File.Exists(_mark) ? File.ReadAllText(_mark) : null;

    /// <summary>What it said that was no answer.</summary>
    public string Story
    {
        get
        {
            lock (_output)
                return string.Join('\n', _output);
        }
    }

    /// <summary>Starts one that waits to be told to go.</summary>
    public static SiloProcess Spare(string directory, string[] settings)
    {
        var mark = Path.Combine(directory, $"mark-{Guid.NewGuid():N}");
        var start = Programs.Beside("Crash.Silo.dll", [mark, .. settings]);
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        start.Environment["DOTNET_TieredPGO"] = "0";   // it does not live long enough to pay for it
        return new(Process.Start(start) ?? throw new InvalidOperationException("Crash.Silo did not start."), mark);
    }

    /// <summary>Waits until it has said something that begins so; answers that.</summary>
    public async Task<string> Says(string word)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (true)
            {
                if (await _said.Reader.ReadAsync(patience.Token) is var said && said.StartsWith(word, StringComparison.Ordinal))
                    return said;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            throw new InvalidOperationException($"The silo has not said \"{word}\". It {(Runs ? "runs" : $"ended with {_process.ExitCode}")}:\n{Story}", e);
        }
    }

    /// <summary>Lets it go on until it learns that it was declared dead; answers what was refused to it meanwhile, which may be nothing: it may learn of it first.</summary>
    public async Task<string[]> Wakes()
    {
        Thaw();
        await Ended.WaitAsync(Patience);
        var refused = new List<string>();
        while (_said.Reader.TryRead(out var said))
        {
            if (said.StartsWith("refused ", StringComparison.Ordinal))
                refused.Add(said);
        }
        return [.. refused];
    }

    /// <summary>Tells it something, and waits for its answer.</summary>
    public async Task Tell(string line, string? answer = null)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        await Says(answer ?? line.Split(' ')[0]);
    }

    /// <summary>Has it tell of the steps that come now.</summary>
    public async Task Record()
    {
        lock (_steps)
            _steps.Clear();
        await Tell("record");
    }

    /// <summary>The steps that it has told of, in their order.</summary>
    public async Task<string[]> Recorded()
    {
        await Tell("rest");   // its answer comes behind them
        lock (_steps)
            return [.. _steps];
    }

    /// <summary>It stops at that step, until it is thawed.</summary>
    public Task FreezeAt(string step) => Tell("freeze before 1 " + step);

    private void Thaw() => Assert.Equal(0, Signals.Send(Id, Signals.Continue));

    public async ValueTask DisposeAsync()
    {
        if (Runs)
        {
            _process.Kill(entireProcessTree: true);
            await Ended;
        }
        _process.Dispose();
    }

    /// <summary>Whoever waits for what it says waits no longer.</summary>
    private async Task End()
    {
        await _process.WaitForExitAsync();
        _said.Writer.TryComplete();
    }

    private void Hear(object sender, DataReceivedEventArgs e)
    {
        switch (e.Data)
        {
            case null:
                break;   // Ended comes behind it
            case var step when step.StartsWith("@step ", StringComparison.Ordinal):
                lock (_steps)
                    _steps.Add(step["@step ".Length..]);
                break;
            case var said when said.StartsWith('@'):
                _said.Writer.TryWrite(said[1..]);
                break;
            case var text:
                lock (_output)
                {
                    if (_output.Count < 500)
                        _output.Add(text);
                }
                break;
        }
    }
}
