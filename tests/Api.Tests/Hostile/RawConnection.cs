using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Controller.Api.Tests.Hostile;

/// <summary>A connection on which nobody corrects what is sent. Text stands for bytes: a character is the byte of that value.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    /// <summary>Within this every connection has been answered or closed, however busy the machine is.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Socket _socket;
    private readonly StringBuilder _received = new();

    private RawConnection(Socket socket) => _socket = socket;

    /// <summary>Whether the other side ended the connection in a way that may have lost its answer.</summary>
    public bool WasReset { get; private set; }

    public string Received => _received.ToString();

    public static async Task<RawConnection> Open(Uri url)
    {
        // Without lingering no port is kept busy afterwards: there are more connections than ports.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new(true, 0) };
        await socket.ConnectAsync(IPAddress.Loopback, url.Port);
        return new(socket);
    }

    public async Task Send(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        try
        {
            for (var sent = 0; sent < bytes.Length;)
                sent += await _socket.SendAsync(bytes.AsMemory(sent));
        }
        catch (SocketException)
        {
            WasReset = true;   // it was refused before it was read; the answer may be there nevertheless
        }
    }

    /// <summary>No more will be sent.</summary>
    public void HalfClose()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            WasReset = true;
        }
    }

    /// <summary>Reads until the other side closes. Where nothing comes for <paramref name="idle"/> (if given), sends no more either.</summary>
    public async Task<List<RawResponse>> ReadToEnd(Func<int, bool> isHead, TimeSpan patience, TimeSpan? idle = null)
    {
        var buffer = new byte[16 * 1024];
        using var late = new CancellationTokenSource(patience);
        while (true)
        {
            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(late.Token);
            if (idle is { } time)
                quiet.CancelAfter(time);
            try
            {
                var read = await _socket.ReceiveAsync(buffer, quiet.Token);
                if (read == 0)
                    break;
                _received.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
            catch (OperationCanceledException) when (!late.IsCancellationRequested)
            {
                HalfClose();
                idle = null;
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Neither answered nor closed. Received so far: {RawRequest.Escape(Received)}");
            }
            catch (SocketException)
            {
                WasReset = true;
                break;
            }
        }
        return RawResponse.ParseAll(Received, isHead, WasReset);
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
