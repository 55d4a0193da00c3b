using System.Net;
using System.Net.Sockets;

namespace Controller.Silo.Outward;

/// <summary>For a <see cref="SocketsHttpHandler.ConnectCallback"/> that has judged addresses: these are connected to, and no name is resolved again.</summary>
internal static class OutwardConnection
{
    public static async ValueTask<Stream> To(IPAddress[] addresses, int port, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
