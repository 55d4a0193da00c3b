using Controller.Agent.Ledger;

namespace Controller.Agent.Operations;

/// <summary>The machines that are leaving at this moment. Nothing else is done to one before its departure has ended.</summary>
internal sealed class Departures
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (string Incarnation, string Operation, CancellationTokenSource Cancel, Task Ended)> _underWay = [];

    public bool IsUnderWay(ObjectKey machine)
    {
        lock (_lock) return _underWay.TryGetValue(machine.Id, out var departure) && departure.Incarnation == machine.Incarnation;
    }

    /// <summary>Runs one; false, and nothing is done, while another one of the machine is under way.</summary>
    public async Task<bool> Run(ObjectKey machine, string operation, Func<CancellationToken, Task> depart)
    {
        using var cancel = new CancellationTokenSource();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (!_underWay.TryAdd(machine.Id, (machine.Incarnation, operation, cancel, ended.Task))) return false;
        }
        try
        {
            await depart(cancel.Token);
            return true;
        }
        finally
        {
            lock (_lock) _underWay.Remove(machine.Id);
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

    /// <summary>Something else is wanted of the incarnation: its departure is called off, and waited for.</summary>
    public async Task End(ObjectKey machine, CancellationToken cancel)
    {
        Task ended;
        lock (_lock)
        {
            if (!_underWay.TryGetValue(machine.Id, out var departure) || departure.Incarnation != machine.Incarnation) return;
            _ = departure.Cancel.CancelAsync();
            ended = departure.Ended;
        }
        await ended.WaitAsync(cancel);
    }
}
