using System.Diagnostics;
using Controller.Testing;

namespace Controller.Api.Tests.Cloud;

/// <summary>One of the programs as a process of its own, gone with the test.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _output = [];
    private string? _end;

    private readonly int _most;

    private ChildProcess(Process process, int most)
    {
        (_process, _most) = (process, most);
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public DateTimeOffset Started { get; } = TimeProvider.System.GetUtcNow();

    /// <summary>What it said.</summary>
    public string[] Output
    {
        get
        {
            lock (_output)
                return [.. _output];
        }
    }

    /// <summary>What it said, and whether it runs.</summary>
    public string Story
    {
        get
        {
            lock (_output)
                return $"{_process.StartInfo.ArgumentList.First(a => a.EndsWith(".dll", StringComparison.Ordinal))} {_end ?? (_process.HasExited ? $"ended with {_process.ExitCode}" : "runs")}:\n{string.Join('\n', _output)}";
        }
    }

    /// <summary>Starts a program that lies beside the tests, with their copy of its libraries. Of what it says so many lines are kept.</summary>
    public static ChildProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, int lines = 500)
    {
        string Beside(string file) => Path.Combine(AppContext.BaseDirectory, file);
        return Start(["exec", "--depsfile", Beside("Api.Tests.deps.json"), "--runtimeconfig", Beside("Api.Tests.runtimeconfig.json"), Beside(program), .. arguments], environment, lines);
    }

    /// <summary>Starts a program where another build has put it, with its own libraries.</summary>
    public static ChildProcess StartBuilt(string program, IEnumerable<string> arguments) => Start([program, .. arguments], new Dictionary<string, string>(), lines: 500);

    private static ChildProcess Start(IEnumerable<string> words, IReadOnlyDictionary<string, string> environment, int lines)
    {
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;   // …/shared/Microsoft.NETCore.App/version
        var start = new ProcessStartInfo(Path.Combine(runtime, "../../../dotnet"), words) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new(Process.Start(start) ?? throw new InvalidOperationException($"{string.Join(' ', words)} did not start."), lines);
    }

    /// <summary>Asks it to end, as a service's stop does, and waits until it has.</summary>
    public Task<int> Terminate()
    {
        Assert.Equal(0, Signals.Send(Id, Signals.Terminate));
        return Ended();
    }

    /// <summary>Its exit code, once it has ended by itself and said all.</summary>
    public async Task<int> Ended()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_end is not null)
            return;
        var ended = _process.HasExited;
        if (!ended)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _end = ended ? $"ended with {_process.ExitCode}" : "ran until the test ended it";
        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs e)
    {
        lock (_output)
        {
            if (e.Data is not null && _output.Count < _most)
                _output.Add(e.Data);
        }
    }
}
