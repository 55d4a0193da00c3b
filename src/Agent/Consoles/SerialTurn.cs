namespace Controller.Agent.Consoles;

/// <summary>A viewer's time with a serial console, until it leaves or the next one comes.</summary>
internal sealed class SerialTurn : IDisposable
{
    private readonly CancellationTokenSource _over;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _wasTaken;

    public SerialTurn(CancellationToken cancel)
    {
        _over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Token = _over.Token;
    }

    public CancellationToken Token { get; }

    public bool WasTaken => _wasTaken;

    /// <summary>The next one is there, and waits until this one has let go.</summary>
    public async Task Taken()
    {
        _wasTaken = true;
        try
        {
            // Whoever waits on the token goes on elsewhere: here it would run all of the other viewer's end before ours begins.
            await _over.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It has let go already.
        }
        await _ended.Task;
    }

    public void Ended() => _ended.TrySetResult();

    public void Dispose()
    {
        Ended();
        _over.Dispose();
    }
}
