namespace Controller.History.Tests.Cluster;

/// <summary>What happens to messages between one host and the silos, both ways.</summary>
internal sealed class Link
{
    private CancellationTokenSource _connections = new();
    private TaskCompletionSource? _stalled;

    /// <summary>Shares of messages, 0 to 1.</summary>
    public double Drop { get; set; }

    public double Duplicate { get; set; }

    /// <summary>Messages that the next one overtakes.</summary>
    public double Reorder { get; set; }

    /// <summary>The most that a message is kept.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Nobody reaches anybody: connections break, new ones are refused.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Ends with the connections of now.</summary>
    public CancellationToken Connections => _connections.Token;

    /// <summary>Over at once, unless messages are swallowed at present.</summary>
    public Task Passable => _stalled?.Task ?? Task.CompletedTask;

    public void Cut()
    {
        IsCut = true;
        Break();
    }

    /// <summary>Connections break, and may be made anew.</summary>
    public void Break()
    {
        var old = Interlocked.Exchange(ref _connections, new());
        old.Cancel();
    }

    /// <summary>What is sent arrives when the link is whole again, as when packets get lost for a while.</summary>
    public void Stall() => _stalled ??= new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Mend()
    {
        (IsCut, Drop, Duplicate, Reorder, Delay) = (false, 0, 0, 0, TimeSpan.Zero);
        Interlocked.Exchange(ref _stalled, null)?.SetResult();
    }
}
