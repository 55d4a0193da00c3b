using System.Buffers.Text;
using System.Net.Sockets;

namespace Controller.Bench.Measuring;

/// <summary>
/// One keep-alive HTTP/1.1 connection that sends prepared bytes and reads whole responses. As little as possible, so that the load tool takes
/// little of the CPU that it measures.
/// </summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[64 * 1024];

    public static async Task<Connection> Open(Uri url, CancellationToken cancel)
    {
        var connection = new Connection();
        await connection._socket.ConnectAsync(url.Host, url.Port, cancel);
        return connection;
    }

    /// <summary>Sends a request and answers the status code; the response is read to its end.</summary>
    public async Task<int> Send(ReadOnlyMemory<byte> request, CancellationToken cancel)
    {
        await _socket.SendAsync(request, cancel);
        var have = 0;
        int head;
        while ((head = _buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8)) < 0)
            have += await Receive(have, cancel);
        var body = head + 4;
        if (LengthIn(_buffer.AsSpan(0, body)) is { } length)
        {
            while (have < body + length)
                have += await Receive(have, cancel);
        }
        else
        {
            while (!_buffer.AsSpan(0, have).EndsWith("0\r\n\r\n"u8))   // chunked
                have += await Receive(have, cancel);
        }
        return Utf8Parser.TryParse(_buffer.AsSpan(9, 3), out int status, out _) ? status : throw new InvalidDataException("No HTTP status line.");
    }

    public void Dispose() => _socket.Dispose();

    private async Task<int> Receive(int have, CancellationToken cancel)
    {
        if (have == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = await _socket.ReceiveAsync(_buffer.AsMemory(have), cancel);
        return read > 0 ? read : throw new EndOfStreamException("The server closed the connection.");
    }

    private static int? LengthIn(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf("Content-Length: "u8);
        return at >= 0 && Utf8Parser.TryParse(head[(at + 16)..], out int length, out _) ? length : null;
    }
}
