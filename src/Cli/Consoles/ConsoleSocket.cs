using System.Net.WebSockets;
using System.Text.Json.Nodes;

namespace Controller.Cli.Consoles;

/// <summary>A console's WebSocket: a ticket, and what it opens.</summary>
internal sealed class ConsoleSocket(ClientWebSocket socket) : IDisposable
{
    /// <summary>Codes of docs/consoles.md after which it may be opened again.</summary>
    private const int Stopping = 1001, HostLost = 4005;

    /// <exception cref="RefusedException">The API gives no ticket.</exception>
    /// <exception cref="CliException">The ticket does not open it.</exception>
    public static async Task<ConsoleSocket> Open(ApiClient api, string machine, string type, CancellationToken cancel)
    {
        var made = await api.Json(HttpMethod.Post, $"/console/{machine}/tickets", new JsonObject { ["type"] = type }, cancel);
        var path = made?["path"]?.ToString() ?? throw new CliException("the ticket has no path");
        var url = new Uri(api.Endpoint, path);
        var socket = new ClientWebSocket();
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = api.Tls.Options() });
        try
        {
            await socket.ConnectAsync(new UriBuilder(url) { Scheme = url.Scheme == "https" ? "wss" : "ws" }.Uri, invoker, cancel);
            return new(socket);
        }
        catch (WebSocketException e)
        {
            socket.Dispose();
            throw new CliException($"the console does not open: {e.Message}");
        }
    }

    /// <summary>Whether the other end says that opening it again may help.</summary>
    public bool MayReopen => (int?)socket.CloseStatus is null or Stopping or HostLost;

    /// <summary>Why it was closed.</summary>
    public string Why => socket.CloseStatusDescription is { Length: > 0 } why ? why : "the connection is lost";

    public bool EndedWithMachine => (int?)socket.CloseStatus == 4001;

    /// <summary>0: it is closed.</summary>
    public async Task<int> Receive(Memory<byte> buffer, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                var read = await socket.ReceiveAsync(buffer, cancel);
                if (read.MessageType == WebSocketMessageType.Close)
                    return 0;
                if (read.Count > 0)
                    return read.Count;
            }
        }
        catch (WebSocketException)
        {
            return 0;
        }
    }

    public async Task Send(ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        try
        {
            await socket.SendAsync(data, WebSocketMessageType.Binary, true, cancel);
        }
        catch (WebSocketException)
        {
            // Who receives hears that it is closed.
        }
    }

    /// <summary>Says goodbye, if anybody is there.</summary>
    public async Task Close()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or InvalidOperationException)
        {
            // It has been closed already.
        }
    }

    public void Dispose() => socket.Dispose();
}
