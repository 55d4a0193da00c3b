namespace Controller.Agent.Operations;

/// <summary>The machines that are leaving at this moment. Nothing else is done to one before its departure has ended.</summary>
internal sealed class Departures
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string Operation, CancellationTokenSource Cancel, Task Ended)> _underWay = [];

    public bool IsUnderWay(string machine)
    {
        lock (_lock) return _underWay.ContainsKey(machine);
    }

    /// <summary>Runs one; false, and nothing is done, while another one of the machine is under way.</summary>
    public async Task<bool> Run(string machine, string operation, Func<CancellationToken, Task> depart)
    {
        using var cancel = new CancellationTokenSource();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (!_underWay.TryAdd(machine, (operation, cancel, ended.Task))) return false;
        }
        try
        {
            await depart(cancel.Token);
            return true;
        }
        finally
        {
            lock (_lock) _underWay.Remove(machine);
            ended.SetResult();
        }
    }

    /// <summary>False when that operation is not under way.</summary>
    public bool Cancel(string machine, string operation)
    {
        lock (_lock)
        {
            if (!_underWay.TryGetValue(machine, out var departure) || departure.Operation != operation) return false;
            _ = departure.Cancel.CancelAsync();
            return true;
        }
    }

    /// <summary>Something else is wanted of the machine: its departure is called off, and waited for.</summary>
    public async Task End(string machine, CancellationToken cancel)
    {
        Task ended;
        lock (_lock)
        {
            if (!_underWay.TryGetValue(machine, out var departure)) return;
            _ = departure.Cancel.CancelAsync();
            ended = departure.Ended;
        }
        await ended.WaitAsync(cancel);
    }
}
