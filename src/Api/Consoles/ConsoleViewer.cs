using System.Net.WebSockets;
using System.Threading.Channels;
using Controller.Api.Http;
using Controller.Contracts;

namespace Controller.Api.Consoles;

/// <summary>
/// A viewer's end of a console: between its WebSocket and the gateway that has the agent. What waits here for a slow viewer is never more than
/// <see cref="Window"/>, the credit that the other end gets.
/// </summary>
internal sealed class ConsoleViewer(WebSocket socket, TimeProvider time) : IConsoleEnd, IDisposable
{
    /// <summary>What may be under way to a viewer.</summary>
    public const int Window = 256 * 1024;

    private const int PartBytes = 16 * 1024;
    private static readonly TimeSpan OpensWithin = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ByeWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(5);
    private static readonly ConsoleFrame Question = new([]);
    private static readonly ConsoleClosed HostLost = new("host-lost", "The silo or the agent between is gone; open the console again.");
    private static long _buffered;

    private readonly Channel<byte[]> _inbox = Channel.CreateUnbounded<byte[]>(new() { SingleReader = true });
    private readonly TaskCompletionSource<IConsoleEnd?> _other = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _turn = new(1, 1);        // one call at a time keeps frames in order
    private readonly SemaphoreSlim _moreCredit = new(0, 1);
    private readonly CancellationTokenSource _over = new();
    private long _credit;
    private long _granted;
    private volatile ConsoleClosed? _closed;
    private Task<ConsoleClosed?> _typing = Task.FromResult<ConsoleClosed?>(null);

    /// <summary>Bytes that wait for viewers in this process.</summary>
    public static long Buffered => Interlocked.Read(ref _buffered);

    public Task Opened(IConsoleEnd other)
    {
        _other.TrySetResult(other);
        return Task.CompletedTask;
    }

    /// <summary>The agent says something.</summary>
    public Task Take(ConsoleFrame frame)
    {
        if (_over.IsCancellationRequested)
            throw new UnavailableException("The viewer has left.");
        if (frame.Credit > 0)
            GiveCredit(frame.Credit);
        if (frame.Data.Length > 0)
        {
            if (Interlocked.Add(ref _granted, -frame.Data.Length) < 0)
                Close(new("flow", "More was sent than the viewer gave credit for."));
            else if (_inbox.Writer.TryWrite(frame.Data))
                Interlocked.Add(ref _buffered, frame.Data.Length);
        }
        if (frame.Closed is { } closed)
            Close(closed);
        return Task.CompletedTask;
    }

    /// <summary>Until one of the two has had enough. Null: the viewer has; else why it is over.</summary>
    public async Task<ConsoleClosed?> Run(CancellationToken cancel)
    {
        IConsoleEnd? other = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ways = new List<Task<ConsoleClosed?>>();
        try
        {
            other = await _other.Task.WaitAsync(OpensWithin, time, cancel);
            if (other is null)
                return _closed;
            _typing = Type(other, stop.Token);
            ways.AddRange([Show(other, stop.Token), Ask(other, stop.Token)]);
            return await await Task.WhenAny([_typing, .. ways]);
        }
        catch (TimeoutException) when (other is null)
        {
            return new("host-lost", $"The host's agent has not opened the console within {OpensWithin.TotalSeconds:0} seconds.");
        }
        catch (Exception away) when (Problems.IsClusterAway(away) || away is UnavailableException)
        {
            return _closed ?? HostLost;
        }
        catch (Exception left) when (left is WebSocketException or OperationCanceledException or IOException)
        {
            return null;
        }
        finally
        {
            await _over.CancelAsync();
            await stop.CancelAsync();
            await Task.WhenAll(ways.Cast<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Leave(_closed is null ? other : null);   // who said that it is over needs not hear so
            while (_inbox.Reader.TryRead(out var left))
                Interlocked.Add(ref _buffered, -left.Length);
        }
    }

    /// <summary>Says why it is over, and hears the viewer out: a WebSocket whose reading is cancelled can't say anything any more.</summary>
    public async Task Bye(ConsoleClosed? closed)
    {
        try
        {
            var (code, reason) = closed is null ? ((int)WebSocketCloseStatus.NormalClosure, "") : (CloseCodes.Of(closed.Code), CloseCodes.Reason(closed));
            using var patience = new CancellationTokenSource(ByeWithin, time);
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, patience.Token);
            await _typing.WaitAsync(patience.Token);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
        {
            // It does not say goodbye.
        }
        socket.Dispose();
        await ((Task)_typing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _turn.Dispose();
        _moreCredit.Dispose();
        _over.Dispose();
    }

    private async Task<ConsoleClosed?> Show(IConsoleEnd other, CancellationToken cancel)
    {
        await Grant(other, Window, cancel);
        var shown = 0;
        await foreach (var part in _inbox.Reader.ReadAllAsync(cancel))
        {
            try
            {
                await socket.SendAsync(part, WebSocketMessageType.Binary, true, cancel);
            }
            finally
            {
                Interlocked.Add(ref _buffered, -part.Length);
            }
            shown += part.Length;
            if (shown < Window / 4)
                continue;
            await Grant(other, shown, cancel);
            shown = 0;
        }
        return _closed;
    }

    private async Task<ConsoleClosed?> Type(IConsoleEnd other, CancellationToken over)
    {
        var buffer = new byte[PartBytes];
        while (true)
        {
            var typed = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (typed.MessageType == WebSocketMessageType.Close)
                return null;
            try
            {
                await Type(other, buffer.AsMemory(0, typed.Count), over);
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                // Nobody is typed to any more, and the viewer has yet to hang up.
            }
        }
    }

    private async Task Type(IConsoleEnd other, ReadOnlyMemory<byte> typed, CancellationToken over)
    {
        while (!typed.IsEmpty)
        {
            while (Interlocked.Read(ref _credit) <= 0)
                await _moreCredit.WaitAsync(over);
            var count = (int)Math.Min(typed.Length, Interlocked.Read(ref _credit));
            Interlocked.Add(ref _credit, -count);
            await Tell(other, new(typed[..count].ToArray()), over);
            typed = typed[count..];
        }
    }

    /// <summary>Nobody else would notice that the other end is gone while nothing is said.</summary>
    private async Task<ConsoleClosed?> Ask(IConsoleEnd other, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(AskEvery, time);
        while (await timer.WaitForNextTickAsync(cancel))
            await Tell(other, Question, cancel);
        return null;
    }

    private async Task Grant(IConsoleEnd other, int bytes, CancellationToken cancel)
    {
        Interlocked.Add(ref _granted, bytes);
        await Tell(other, new([], bytes), cancel);
    }

    private async Task Tell(IConsoleEnd other, ConsoleFrame frame, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            await other.Take(frame).WaitAsync(cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static async Task Leave(IConsoleEnd? other)
    {
        if (other is null)
            return;
        try
        {
            await other.Take(new([], 0, new("left", "The viewer has left.")));
        }
        catch (Exception away) when (Problems.IsClusterAway(away) || away is UnavailableException)
        {
            // It is over there already.
        }
    }

    private void GiveCredit(int bytes)
    {
        Interlocked.Add(ref _credit, bytes);
        try
        {
            _moreCredit.Release();
        }
        catch (SemaphoreFullException)
        {
            // It has been told.
        }
    }

    private void Close(ConsoleClosed closed)
    {
        _closed ??= closed;
        _inbox.Writer.TryComplete();
        _other.TrySetResult(null);
    }
}
