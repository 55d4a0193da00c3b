using System.Threading.Channels;
using Controller.Agent.Protocol;
using Controller.Contracts;
using Google.Protobuf;
using Grpc.Core;

namespace Controller.Silo.Gateway;

/// <summary>
/// An open console between its agent, whose call ends here, and its viewer's process. What may wait here is what the receiver has given credit for, and who sends
/// more is hung up on: one that reads nothing fills no memory.
/// </summary>
internal sealed class ConsoleRelay(
    IAsyncStreamReader<TunnelFrame> from, IServerStreamWriter<TunnelFrame> to, IConsoleEnd viewer, TimeProvider time) : IConsoleEnd
{
    /// <summary>A viewer that nothing was sent to for so long is asked whether it is there.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(5);

    private static readonly ConsoleFrame Question = new([]);

    private readonly Channel<TunnelFrame> _down = Channel.CreateUnbounded<TunnelFrame>(new() { SingleReader = true });
    private long _upLeft;
    private long _downLeft;

    /// <summary>Until one of the two has had enough. The viewer is told why, where it can be.</summary>
    public async Task Run(IConsoleEnd self, TunnelFrame first, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<ConsoleClosed?>[] ways = [Up(self, first, stop.Token), Down(stop.Token)];
        ConsoleClosed? last = new("host-lost", "The host's agent is gone, or its session has ended.");
        try
        {
            last = await await Task.WhenAny(ways);   // whichever ends first takes the other with it
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // the agent's, or this silo's end
        }
        catch (Exception gone) when (gone is OrleansException or TimeoutException)
        {
            last = null;   // the viewer's
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(ways.Cast<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (last is not null)
            await Tell(last);
    }

    public Task Opened(IConsoleEnd other) => throw new InvalidOperationException("This is the agent's end.");

    /// <summary>The viewer says something.</summary>
    public Task Take(ConsoleFrame frame)
    {
        if (frame.Credit > 0)
            Interlocked.Add(ref _upLeft, frame.Credit);
        if (frame.Data.Length > 0 && Interlocked.Add(ref _downLeft, -frame.Data.Length) < 0)
            _down.Writer.TryComplete();
        else if (frame.Closed is not null)
            _down.Writer.TryComplete();
        else if (frame.Data.Length > 0 || frame.Credit > 0)
            _down.Writer.TryWrite(new() { Data = UnsafeByteOperations.UnsafeWrap(frame.Data), Credit = (uint)frame.Credit });
        return _down.Reader.Completion.IsCompleted ? throw new UnavailableException("The console is closed.") : Task.CompletedTask;
    }

    private async Task<ConsoleClosed?> Up(IConsoleEnd self, TunnelFrame first, CancellationToken cancel)
    {
        if (first.Closed is { } refused)
            return new(refused.Code, refused.Message);
        Interlocked.Add(ref _downLeft, first.Credit);
        await viewer.Opened(self);
        await viewer.Take(new([], (int)first.Credit));
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var next = from.MoveNext(reading.Token);
        try
        {
            while (true)
            {
                try
                {
                    if (!await next.WaitAsync(AskEvery, time, cancel))
                        return new("host-lost", "The host's agent has hung up.");
                }
                catch (TimeoutException) when (!next.IsCompleted)
                {
                    await viewer.Take(Question);
                    continue;
                }
                var frame = from.Current;
                if (frame.Closed is { } closed)
                    return new(closed.Code, closed.Message);
                if (Interlocked.Add(ref _upLeft, -frame.Data.Length) < 0)
                    throw new RpcException(new(StatusCode.ResourceExhausted, "More was sent than the viewer gave credit for."));
                Interlocked.Add(ref _downLeft, frame.Credit);
                await viewer.Take(new(frame.Data.ToByteArray(), (int)frame.Credit));
                next = from.MoveNext(reading.Token);
            }
        }
        finally
        {
            // Kestrel uses a call's stream again: a read that outlives this call would spoil another one ("Reading is already in progress").
            await reading.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<ConsoleClosed?> Down(CancellationToken cancel)
    {
        await foreach (var frame in _down.Reader.ReadAllAsync(cancel))
            await to.WriteAsync(frame, cancel);
        return Interlocked.Read(ref _downLeft) < 0 ? new("flow", "More was sent than the agent gave credit for.") : null;
    }

    private async Task Tell(ConsoleClosed last)
    {
        try
        {
            await viewer.Take(new([], 0, last));
        }
        catch (Exception gone) when (gone is OrleansException or TimeoutException)
        {
            // It asks by itself every few seconds, and finds nobody.
        }
    }
}
