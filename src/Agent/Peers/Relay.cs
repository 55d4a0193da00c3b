using System.Net.Security;
using System.Net.Sockets;

namespace Controller.Agent.Peers;

/// <summary>Carries bytes between two streams in both directions until both are at their ends, or one breaks.</summary>
internal static class Relay
{
    public static async Task Run(Stream one, Stream other, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task[] ways = [Way(one, other, stop.Token), Way(other, one, stop.Token)];
        try
        {
            var first = await Task.WhenAny(ways);
            if (first.IsCompletedSuccessfully)
                await Task.WhenAll(ways);
        }
        catch (Exception broken) when (broken is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Whoever uses it notices.
        }
        finally
        {
            await stop.CancelAsync();
            await one.DisposeAsync();
            await other.DisposeAsync();
            await Task.WhenAll(ways).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The end of what came is passed on: what a QEMU has sent last must be read, and it must be seen that it was the last.</summary>
    private static async Task Way(Stream from, Stream to, CancellationToken cancel)
    {
        await from.CopyToAsync(to, 256 * 1024, cancel);
        if (to is SslStream tls) await tls.ShutdownAsync();
        else if (to is NetworkStream { Socket: var socket }) socket.Shutdown(SocketShutdown.Send);
    }
}
