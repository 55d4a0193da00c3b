namespace Controller.Agent.Consoles;

/// <summary>A viewer's time with a serial console, until it leaves or the next one comes.</summary>
internal sealed class SerialTurn : IDisposable
{
    private readonly CancellationTokenSource _over;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private bool _isDisposed;

    public SerialTurn(CancellationToken cancel)
    {
        _over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Token = _over.Token;
    }

    public CancellationToken Token { get; }

    public bool WasTaken { get; private set; }

    /// <summary>The next one is there, and waits until this one has let go.</summary>
    public Task Taken()
    {
        lock (_lock)
        {
            WasTaken = true;
            if (!_isDisposed) _over.Cancel();
        }
        return _ended.Task;
    }

    public void Ended() => _ended.TrySetResult();

    public void Dispose()
    {
        Ended();
        lock (_lock)
        {
            _isDisposed = true;
            _over.Dispose();
        }
    }
}
