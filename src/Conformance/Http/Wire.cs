using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Controller.Conformance.Http;

/// <summary>Sends a request line by line as it is written: HttpClient joins a header's values into one line.</summary>
internal static class Wire
{
    /// <summary>The status and the headers that come back.</summary>
    public static async Task<Response> Send(Uri endpoint, string request, IEnumerable<string> headers, RemoteCertificateValidationCallback? trust)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(endpoint.Host, endpoint.Port);
        await using var stream = endpoint.Scheme == Uri.UriSchemeHttps ? await Secure(socket, endpoint.Host, trust) : socket.GetStream();
        string[] lines = [$"{request} HTTP/1.1", $"Host: {endpoint.Authority}", "Connection: close", "Content-Length: 0", .. headers, "", ""];
        await stream.WriteAsync(Encoding.UTF8.GetBytes(string.Join("\r\n", lines)));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var status = await reader.ReadLineAsync();
        if (status?.Split(' ', 3) is not [_, var code, .. var reason])
            throw new CheckFailedException($"{request}: a status line was wanted, found '{status}'");
        var found = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync() is { Length: > 0 } line && line.Split(':', 2) is [var name, var value])
            found[name] = [.. found.GetValueOrDefault(name, []), value.Trim()];
        return new(request, int.Parse(code, System.Globalization.CultureInfo.InvariantCulture), string.Concat(reason), found, "");
    }

    private static async Task<Stream> Secure(TcpClient socket, string host, RemoteCertificateValidationCallback? trust)
    {
        var secured = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, trust);
        await secured.AuthenticateAsClientAsync(host);
        return secured;
    }
}
