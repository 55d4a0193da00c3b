using System.Diagnostics;
using System.Text.Json;
using Controller.Testing;

namespace Controller.History.Tests.Cluster;

/// <summary>A silo, an API or an agent: a process of its own that can be killed, frozen and started again with the same settings.</summary>
internal sealed class Node(string role, string name, string directory, string[] settings) : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private Process? _process;
    private int _connected;
    private StreamWriter? _log;

    public string Name => name;

    /// <summary>Where it can be reached, where that is known beforehand.</summary>
    public Uri? Url { get; init; }

    /// <summary>Of its simulated hypervisor.</summary>
    public string Hypervisor => Path.Combine(directory, name, "simulated");

    public string Clock => Path.Combine(directory, name + ".clock");

    public bool Runs => _process is { HasExited: false } && !IsFrozen;

    public bool IsFrozen { get; private set; }

    /// <summary>Whether an agent has come so far since it was started that it was connected: its hypervisor is up, and what has no lease any more has ended.</summary>
    public bool HasBeenConnected
    {
        get
        {
            if (_process is not { HasExited: false } process)
                return false;
            try
            {
                if (_connected != process.Id && JsonDocument.Parse(File.ReadAllText(Path.Combine(directory, name, "health"))).RootElement is var health
                    && health.GetProperty("pid").GetInt32() == process.Id && health.GetProperty("connected").GetBoolean())
                    _connected = process.Id;
            }
            catch (IOException)
            {
                // It has not written it yet.
            }
            return _connected == process.Id;
        }
    }

    /// <summary>When it was started or thawed last.</summary>
    public long Started { get; private set; }

    /// <summary>Whether one line of its log has both.</summary>
    public bool HasSaid(string first, string then)
    {
        using var log = new StreamReader(new FileStream(Path.Combine(directory, name + ".log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (log.ReadLine() is { } line)
        {
            if (line.Contains(first, StringComparison.Ordinal) && line.Contains(then, StringComparison.Ordinal))
                return true;
        }
        return false;
    }

    /// <summary>Starts it, unless it runs.</summary>
    public async Task Start()
    {
        await _one.WaitAsync();
        try
        {
            if (_process is { HasExited: false })
                return;
            await End();
            string Beside(string file) => Path.Combine(AppContext.BaseDirectory, file);
            var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;   // …/shared/Microsoft.NETCore.App/version
            var start = new ProcessStartInfo(
                Path.Combine(runtime, "../../../dotnet"), ["exec", "--runtimeconfig", Beside("History.Tests.runtimeconfig.json"), Beside("History.Tests.dll"), role, Clock, .. settings])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["DOTNET_gcServer"] = "0";
            start.Environment["DOTNET_TieredPGO"] = "0";
            _log = File.AppendText(Path.Combine(directory, name + ".log"));
            _log.AutoFlush = true;
            await _log.WriteLineAsync($"--- {TimeProvider.System.GetUtcNow():HH:mm:ss.fff} start");
            Started = Stopwatch.GetTimestamp();
            _process = Process.Start(start)!;
            var log = _log;
            void Keep(object sender, DataReceivedEventArgs e)
            {
                lock (log)
                {
                    if (e.Data is not null && log.BaseStream.CanWrite)
                        log.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {e.Data}");
                }
            }
            _process.OutputDataReceived += Keep;
            _process.ErrorDataReceived += Keep;
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>SIGKILL; over when it is gone.</summary>
    public async Task Kill()
    {
        await _one.WaitAsync();
        try
        {
            await End();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>It stands still until <see cref="Thaw"/>, as a machine does that swaps or is suspended.</summary>
    public void Freeze()
    {
        if (_process is not { HasExited: false } process)
            return;
        IsFrozen = true;
        Signals.Send(process.Id, Signals.Stop);
    }

    public void Thaw()
    {
        if (IsFrozen && _process is { HasExited: false } process)
        {
            Signals.Send(process.Id, Signals.Continue);
            Started = Stopwatch.GetTimestamp();
        }
        IsFrozen = false;
    }

    public void SetClock(TimeSpan ahead) => SettableClock.Set(Clock, ahead);

    public async ValueTask DisposeAsync()
    {
        await End();
        _one.Dispose();
    }

    private async Task End()
    {
        IsFrozen = false;
        if (_process is not null)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
            _process = null;
        }
        if (_log is not null)
        {
            lock (_log)
                _log.Dispose();
            _log = null;
        }
    }
}
