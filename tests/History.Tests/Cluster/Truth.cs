using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Controller.Agent.Drivers.Simulated;
using Controller.Agent.Protocol;

namespace Controller.History.Tests.Cluster;

/// <summary>
/// What is on the hosts, by the files that are the simulated hypervisors' memory: neither agents nor silos are asked. It looks at every change, and tells of a machine that runs on
/// two hosts at the same time.
/// </summary>
internal sealed class Truth : IAsyncDisposable
{
    private readonly World _world;
    private readonly Action<string> _violation;
    private readonly List<FileSystemWatcher> _watchers = [];
    private readonly Channel<int> _changes = Channel.CreateUnbounded<int>(new() { SingleReader = true });
    private readonly Dictionary<int, SimulatedHost> _hosts = [];
    private readonly ConcurrentDictionary<string, bool> _told = new();
    private readonly Task _looking;

    public Truth(World world, Action<string> violation)
    {
        (_world, _violation) = (world, violation);
        for (var i = 0; i < world.Agents.Count; i++)
        {
            var host = i;
            var watcher = new FileSystemWatcher(world.Agents[i].Hypervisor) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite, InternalBufferSize = 1 << 16 };
            void Tell(object sender, FileSystemEventArgs e)
            {
                if (e.Name == "host")
                    _changes.Writer.TryWrite(host);
            }
            watcher.Renamed += (s, e) => Tell(s, e);
            watcher.Created += Tell;
            watcher.Changed += Tell;
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
        _looking = Look();
    }

    /// <summary>How often hosts were looked at.</summary>
    public long Looks { get; private set; }

    /// <summary>One host as it is now.</summary>
    public static SimulatedHost Read(Node agent)
    {
        var file = Path.Combine(agent.Hypervisor, "host");
        return File.Exists(file) ? SimulatedHost.Parser.ParseFrom(File.ReadAllBytes(file)) : new();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var watcher in _watchers)
            watcher.Dispose();
        _changes.Writer.TryComplete();
        await _looking;
    }

    private async Task Look()
    {
        while (await _changes.Reader.WaitToReadAsync())
        {
            var changed = new HashSet<int>();
            while (_changes.Reader.TryRead(out var host))
                changed.Add(host);
            foreach (var host in changed)
            {
                _hosts[host] = Read(_world.Agents[host]);
                Looks++;
                foreach (var machine in Running(host))
                {
                    foreach (var other in _hosts.Keys.Where(k => k != host))
                    {
                        if (Running(other).Any(m => m.Id == machine.Id))
                            Confirm(machine, host, other);
                    }
                }
            }
        }
    }

    /// <summary>Here, there and here again: what ran both times here has run while it ran there.</summary>
    private void Confirm(SimulatedMachine machine, int host, int other)
    {
        if (_told.ContainsKey(machine.Id) || !Lives(host) || !Lives(other))
            return;
        bool Runs(int on, out SimulatedMachine? found) => (found = Read(_world.Agents[on]).Machines.FirstOrDefault(m => m.Id == machine.Id && m.Power == Power.Running)) is not null;
        if (!Runs(host, out var first) || !Runs(other, out var there) || !Runs(host, out var last) || first!.Incarnation != last!.Incarnation
            || first.StartedUnixMilliseconds != last.StartedUnixMilliseconds || !Lives(host) || !Lives(other))
            return;
        if (_told.TryAdd(machine.Id, true))
        {
            _violation(
                $"machine {machine.Id} runs twice: incarnation {first.Incarnation} on {_world.Agents[host].Name} since {first.StartedUnixMilliseconds}, incarnation {there!.Incarnation} on "
                + $"{_world.Agents[other].Name} since {there.StartedUnixMilliseconds}");
        }
    }

    private IEnumerable<SimulatedMachine> Running(int host) => _hosts[host].Machines.Where(m => m.Power == Power.Running);

    // A simulated machine runs only while its agent does; one that has just come back first ends what has no lease any more.
    private bool Lives(int host) => _world.Agents[host] is { Runs: true, HasBeenConnected: true } agent && Stopwatch.GetElapsedTime(agent.Started) > TimeSpan.FromSeconds(5);
}
