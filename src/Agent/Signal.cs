using System.Threading.Channels;

namespace Controller.Agent;

/// <summary>"Look again": any number of calls before the waiter wakes are one.</summary>
internal sealed class Signal
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _channel.Writer.TryWrite(true);

    public async Task Wait(CancellationToken cancel) => await _channel.Reader.ReadAsync(cancel);

    /// <summary>Waits for a signal, but not beyond <paramref name="atMost"/>. True when signalled.</summary>
    public async Task<bool> Wait(TimeSpan atMost, TimeProvider time, CancellationToken cancel)
    {
        if (_channel.Reader.TryRead(out _)) return true;
        if (atMost <= TimeSpan.Zero) return false;
        using var timeout = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            await _channel.Reader.ReadAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }
}
