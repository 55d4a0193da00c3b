using System.Diagnostics;
using Controller.Cli.Processes;

namespace Controller.Cli.Local;

/// <summary>
/// Starts the cluster's processes, writes them down, starts those again that die, and ends all in order. While the cluster comes up a death is
/// a failure of the step that waits for it; from <see cref="Watch"/> on it is repaired.
/// </summary>
internal sealed class Supervisor(DataDirectory data, ProcessTable table, Progress progress) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(30), Stable = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly HostPower _power = new(data);
    private readonly Dictionary<string, Child> _children = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _guards = [];

    /// <summary>Starts a process and writes it down.</summary>
    public ProcessRecord Start(ProcessSpec spec)
    {
        lock (_lock)
        {
            var process = spec.Start(data);
            var identity = ProcessIdentity.Of(process.Id) ?? new(process.Id, 0, ProcFs.BootId);
            var record = new ProcessRecord(spec.Name, spec.Role, identity, spec.Address, spec.Health);
            table.Put(record);
            _children[spec.Name] = new(spec, process, record);
            return record;
        }
    }

    /// <summary>Waits until a process that was started is well.</summary>
    /// <exception cref="StepFailedException">It ended, or isn't well in time.</exception>
    public async Task Ready(string name, TimeSpan patience, CancellationToken cancel)
    {
        Child child;
        lock (_lock)
            child = _children[name];
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (child.Process.HasExited)
                throw new StepFailedException($"{name} ended with exit code {child.Process.ExitCode}", data.Log(name));
            var trouble = await Health.Trouble(child.Record, cancel) ?? await (child.Spec.Ready?.Invoke(cancel) ?? Task.FromResult<string?>(null));
            if (trouble is null)
                return;
            if (clock.Elapsed > patience)
                throw new StepFailedException($"{name} is not ready after {patience.TotalSeconds:0} s: {trouble}", data.Log(name));
            await Task.Delay(100, cancel);
        }
    }

    /// <summary>From now on processes that die are started again.</summary>
    public void Watch()
    {
        lock (_lock)
            _guards.AddRange(_children.Keys.Select(name => Task.Run(() => Guard(name))));
    }

    /// <summary>Ends one process and forgets it.</summary>
    public async Task End(string name)
    {
        Child? child;
        lock (_lock)
            _children.Remove(name, out child);
        if (child is null)
            return;
        await Signals.End(child.Record.Process, Ending.Signals(child.Spec.Role), Ending.Patience(child.Spec.Role));
        table.Remove(name);
    }

    /// <summary>Ends all: APIs, agents, silos, libvirt, PostgreSQL; those of one role at the same time.</summary>
    public async Task EndAll()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_guards).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        List<IGrouping<Role, string>> groups;
        lock (_lock)
            groups = [.. _children.Values.GroupBy(c => c.Spec.Role, c => c.Spec.Name).OrderBy(g => g.Key)];
        foreach (var group in groups)
            await Task.WhenAll(group.Select(End));
    }

    public void Dispose() => _ending.Dispose();

    private async Task Guard(string name)
    {
        var pause = FirstPause;
        while (true)
        {
            Child child;
            lock (_lock)
                child = _children[name];
            var clock = Stopwatch.StartNew();
            await child.Process.WaitForExitAsync(_ending.Token);
            // A program that ran for a while does not pay for the crashes of long ago.
            if (clock.Elapsed > Stable)
                pause = FirstPause;
            var off = _power.Holds(name);
            Tell($"{name} (pid {child.Process.Id}) ended with exit code {child.Process.ExitCode}; {(off ? child.Spec.Role is Role.Silo or Role.Api ? "the database is being restored" : "its host is switched off" : $"starting it again in {pause.TotalSeconds:0} s. Its log: {data.Log(name)}")}");
            // What it started goes with it: the new one would find its ports and files taken.
            await Signals.End(child.Record.Process, [], TimeSpan.Zero);
            while (_power.Holds(name))
                await Task.Delay(FirstPause, _ending.Token);
            if (off)
                Tell($"{name}: starting it again, nothing is in its way any more");
            await Task.Delay(pause, _ending.Token);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            _ending.Token.ThrowIfCancellationRequested();
            Start(child.Spec);
            child.Process.Dispose();
        }
    }

    private void Tell(string news) => progress.Line($"{TimeProvider.System.GetLocalNow():HH:mm:ss}  {news}");

    private sealed record Child(ProcessSpec Spec, Process Process, ProcessRecord Record);
}
