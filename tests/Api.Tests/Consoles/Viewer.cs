using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;

namespace Controller.Api.Tests.Consoles;

/// <summary>A console's viewer: a WebSocket like any browser's.</summary>
internal sealed class Viewer(WebSocket socket) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>Opens the path of a ticket. A refusal is the HTTP status.</summary>
    public static async Task<(Viewer? Viewer, int Status)> Open(Uri api, string path)
    {
        var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            using var http = new HttpMessageInvoker(new SocketsHttpHandler { ConnectCallback = Connect });
            await socket.ConnectAsync(new UriBuilder(new Uri(api, path)) { Scheme = "ws" }.Uri, http, CancellationToken.None);
            return (new(socket), 101);
        }
        catch (WebSocketException)
        {
            return (null, (int)socket.HttpStatusCode);
        }
    }

    /// <summary>With a small buffer, so that what nobody reads is not in the kernel.</summary>
    private static async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 16 * 1024 };
        await socket.ConnectAsync(context.DnsEndPoint, cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public Task Send(byte[] data) => socket.SendAsync(data, WebSocketMessageType.Binary, true, CancellationToken.None);

    public Task Type(string text) => Send(Encoding.UTF8.GetBytes(text));

    /// <summary>What comes, until there is enough of it.</summary>
    public async Task<string> Read(Func<string, bool> enough)
    {
        var text = new StringBuilder();
        while (!enough(text.ToString()))
            text.Append(Encoding.Latin1.GetString(await Part() ?? throw new InvalidOperationException($"Closed with {socket.CloseStatus} {socket.CloseStatusDescription} after: {text}")));
        return text.ToString();
    }

    public async Task<long> Count(long atLeast)
    {
        var count = 0L;
        while (count < atLeast)
            count += (await Part() ?? throw new InvalidOperationException($"Closed with {socket.CloseStatus} {socket.CloseStatusDescription} after {count} bytes")).Length;
        return count;
    }

    /// <summary>How the server closes it, whatever it says before.</summary>
    public async Task<(int Code, string Reason)> Closed()
    {
        while (await Part() is not null)
        {
            // What was said before.
        }
        return ((int)socket.CloseStatus!.Value, socket.CloseStatusDescription ?? "");
    }

    public void Dispose() => socket.Dispose();

    private async Task<byte[]?> Part()
    {
        using var patience = new CancellationTokenSource(Patience);
        var read = await socket.ReceiveAsync(_buffer, patience.Token);
        return read.MessageType == WebSocketMessageType.Close ? null : _buffer[..read.Count];
    }
}
