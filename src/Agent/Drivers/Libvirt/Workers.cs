using System.Collections.Concurrent;

namespace Controller.Agent.Drivers.Libvirt;

/// <summary>A few threads of our own for calls that block: libvirt's would starve the thread pool.</summary>
internal sealed class Workers : IDisposable
{
    private readonly BlockingCollection<Action> _queue = [];

    public Workers(string name, int count)
    {
        for (var i = 0; i < count; i++)
            new Thread(Work) { IsBackground = true, Name = $"{name} {i}" }.Start();
    }

    /// <summary>Runs it on one of the threads. Once begun it cannot be cancelled; before that it can.</summary>
    public Task<T> Run<T>(Func<T> call, CancellationToken cancel)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Add(
            () =>
            {
                if (cancel.IsCancellationRequested)
                {
                    result.TrySetCanceled(cancel);
                    return;
                }
                try
                {
                    result.SetResult(call());
                }
#pragma warning disable CA1031 // Whatever it threw is the caller's.
                catch (Exception error)
#pragma warning restore CA1031
                {
                    result.SetException(error);
                }
            },
            CancellationToken.None);
        return result.Task;
    }

    public void Dispose() => _queue.CompleteAdding();

    private void Work()
    {
        foreach (var call in _queue.GetConsumingEnumerable())
            call();
    }
}
