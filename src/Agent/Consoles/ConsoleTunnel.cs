using Controller.Agent.Drivers;
using Controller.Agent.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace Controller.Agent.Consoles;

/// <summary>One open console and the call that carries it. It reads from the machine what the viewer has asked for, and no more.</summary>
/// <param name="call">The call.</param>
/// <param name="id">The console.</param>
/// <param name="cancel">Ends the call. What ends the console alone must not reach it: gRPC gives a call up whose reader or writer is cancelled.</param>
internal sealed class ConsoleTunnel(AsyncDuplexStreamingCall<TunnelFrame, TunnelFrame> call, string id, CancellationToken cancel) : IDisposable
{
    /// <summary>What a viewer may have on its way to the machine.</summary>
    public const int Window = 64 * 1024;

    private const int PartBytes = 16 * 1024;

    private readonly Credit _credit = new();
    private readonly SemaphoreSlim _turn = new(1, 1);   // a call takes one write at a time
    private Task<Failure?>? _down;

    public void Dispose() => _turn.Dispose();

    /// <summary>Until one of the two has had enough. Answers why, where the viewer has yet to be told.</summary>
    public async Task<Failure?> Run(IMachineConsole console, CancellationToken over)
    {
        await Send(new TunnelFrame { ConsoleId = id, Credit = Window });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(over, cancel);
        var up = Up(console, stop.Token);
        _down = Down(console, stop.Token);
        try
        {
            return await await Task.WhenAny(up, _down);
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)up).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The last word.</summary>
    public async Task Close(Failure why)
    {
        await Send(new TunnelFrame { ConsoleId = id, Closed = why });
        await call.RequestStream.CompleteAsync();
        // Until the gateway has heard it, also where reading ended with what the viewer did wrong: a call that is let go of earlier takes the last word with it.
        await (_down is { IsCompleted: false } reading ? reading : Down(null, cancel));
    }

    private async Task<Failure?> Up(IMachineConsole console, CancellationToken over)
    {
        var buffer = new byte[PartBytes];
        while (true)
        {
            var most = (int)Math.Min(PartBytes, await _credit.Wait(over));
            var read = await console.Read(buffer.AsMemory(0, most), over);
            if (read == 0)
                return new Failure { Code = "ended", Message = "The machine has stopped, or somebody on its host has taken the console." };
            _credit.Use(read);
            await Send(new TunnelFrame { Data = ByteString.CopyFrom(buffer, 0, read) });
        }
    }

    private async Task<Failure?> Down(IMachineConsole? console, CancellationToken over)
    {
        var granted = Window;
        while (await call.ResponseStream.MoveNext(cancel))
        {
            var frame = call.ResponseStream.Current;
            if (frame.Credit > 0) _credit.Add(frame.Credit);
            if (frame.Closed is not null) return null;
            if (frame.Data.IsEmpty || console is null || over.IsCancellationRequested) continue;
            granted -= frame.Data.Length;
            if (granted < 0) return new Failure { Code = "flow", Message = $"More than the {Window} bytes came that a viewer may have under way." };
            try
            {
                await console.Write(frame.Data.Memory, over);
            }
            catch (Exception ended) when (over.IsCancellationRequested && ended is OperationCanceledException or DriverException or ObjectDisposedException)
            {
                continue;   // nobody types into a console that is over, but the gateway is heard to its end
            }
            granted += frame.Data.Length;
            await Send(new TunnelFrame { Credit = (uint)frame.Data.Length });
        }
        return null;
    }

    private async Task Send(TunnelFrame frame)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            await call.RequestStream.WriteAsync(frame, cancel);
        }
        finally
        {
            _turn.Release();
        }
    }
}
