using System.Collections.Concurrent;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>
/// A few threads of our own for calls that block, each with a connection of its own: libvirt's would starve the thread pool. A thread whose
/// call takes long is replaced, up to <see cref="Most"/>, and ends when libvirt has returned from the call.
/// </summary>
internal sealed class Workers : IAsyncDisposable
{
    /// <summary>libvirtd has twenty threads for calls that wait for machines.</summary>
    private const int Most = 16;

    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(5);

    private readonly BlockingCollection<Errand> _queue = [];
    private readonly Lock _lock = new();
    private readonly Dictionary<Errand, Line> _running = [];
    private readonly HashSet<Errand> _relieved = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _name;
    private readonly Func<Line> _newLine;
    private int _threads;

    public Workers(string name, int count, Func<Line> newLine)
    {
        (_name, _newLine) = (name, newLine);
        for (var i = 0; i < count; i++)
            Hire();
    }

    public void Add(Errand errand) => _queue.Add(errand);

    /// <summary>Another thread takes the place of the one that this keeps.</summary>
    public void Relieve(Errand errand)
    {
        lock (_lock)
        {
            if (!_queue.IsAddingCompleted && _threads < Most && _running.ContainsKey(errand) && _relieved.Add(errand))
                Hire();
        }
    }

    /// <summary>Ends what runs and fits, with an error.</summary>
    public void Cut(Func<Errand, bool> which)
    {
        lock (_lock)
        {
            foreach (var (errand, line) in _running)
            {
                if (which(errand))
                    line.Cut();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _queue.CompleteAdding();
        Cut(errand => errand.IsStuck);
        // Connections are closed by their threads; one that libvirt does not let go of ends with the process.
        await _ended.Task.WaitAsync(EndsWithin).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Hire()
    {
        lock (_lock) _threads++;
        new Thread(Work) { IsBackground = true, Name = _name }.Start();
    }

    private void Work()
    {
        using (var line = _newLine())
        {
            foreach (var errand in _queue.GetConsumingEnumerable())
            {
                lock (_lock) _running[errand] = line;
                if (errand.Begin())
                    errand.Run(line);
                lock (_lock)
                {
                    _running.Remove(errand);
                    if (_relieved.Remove(errand))
                        break;
                }
            }
        }
        lock (_lock)
        {
            if (--_threads == 0 && _queue.IsAddingCompleted)
                _ended.TrySetResult();
        }
    }
}
