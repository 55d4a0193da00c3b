using System.Net.Http.Headers;
using System.Net.Security;
using System.Text;

namespace Controller.Conformance.Http;

/// <summary>Sends requests to the endpoint as somebody, or as nobody.</summary>
public sealed class Caller : IDisposable
{
    private readonly HttpClient _http;
    private readonly string? _token;
    private readonly RemoteCertificateValidationCallback? _trust;

    /// <param name="endpoint">The API's root.</param>
    /// <param name="token">The token; null: nobody.</param>
    /// <param name="anyCertificate">Whether any certificate will do: a test cloud's is signed by itself.</param>
    public Caller(Uri endpoint, string? token, bool anyCertificate = false)
    {
        (Endpoint, _token) = (endpoint, token);
        _trust = anyCertificate ? (_, certificate, _, _) => certificate is not null : null;
        _http = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            SslOptions = { RemoteCertificateValidationCallback = _trust },
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            MaxResponseHeadersLength = 128,
        })
        {
            BaseAddress = endpoint,
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public Uri Endpoint { get; }

    /// <summary>Scheme and authority.</summary>
    public string Authority => Endpoint.GetLeftPart(UriPartial.Authority);

    public Task<Response> Get(string path, string? accept = null, params (string Name, string Value)[] headers) => Send("GET", path, accept: accept, headers: headers);

    public Task<Response> Post(string path, string body, string type = "text/plain", string? accept = null) => Send("POST", path, body, type, accept);

    public Task<Response> Put(string path, string body, string type = "text/plain", string? accept = null) => Send("PUT", path, body, type, accept);

    public Task<Response> Delete(string path, string? body = null, string? accept = null) => Send("DELETE", path, body, body is null ? null : "text/plain", accept);

    /// <summary>Sends it as it is: an absolute URL or a path, nothing added but the token.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">Path or URL.</param>
    /// <param name="body">The body; null: none.</param>
    /// <param name="type">Content-Type; null: none.</param>
    /// <param name="accept">Accept; null: none.</param>
    /// <param name="headers">More of them; a name may come twice.</param>
    public async Task<Response> Send(
        string method, string path, string? body = null, string? type = null, string? accept = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Endpoint, path));
        if (_token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null || type is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body ?? ""));
            if (type is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using var response = await _http.SendAsync(request);
            var found = response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => h.Value.ToArray(), StringComparer.OrdinalIgnoreCase);
            return new(Describe(method, path, accept, headers), (int)response.StatusCode, response.ReasonPhrase, found, await response.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException e)
        {
            throw new CheckFailedException($"{method} {path}: the connection ended without an answer: {e.InnerException?.Message ?? e.Message}");
        }
        catch (TaskCanceledException)
        {
            throw new CheckFailedException($"{method} {path}: no answer within {_http.Timeout.TotalSeconds:0} seconds");
        }
    }

    /// <summary>A text/occi request: the fields of a text/plain body, as headers.</summary>
    public Task<Response> SendOcci(string method, string path, string fields, string accept = "text/occi") => Send(
        method, path, type: "text/occi", accept: accept, headers:
        [
            .. fields.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(": ", 2)).Select(l => (l[0], l[1])),
        ]);

    /// <summary>Sends headers line by line, as they are. The answer comes without its body.</summary>
    public async Task<Response> SendLines(string method, string path, params IEnumerable<string> headers)
    {
        try
        {
            return await Wire.Send(Endpoint, $"{method} {path}", _token is null ? headers : headers.Prepend("Authorization: Bearer " + _token), _trust);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or System.Security.Authentication.AuthenticationException)
        {
            throw new CheckFailedException($"{method} {path}: the connection ended without an answer: {e.Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    private static string Describe(string method, string path, string? accept, (string Name, string Value)[] headers) =>
        $"{method} {path}{(accept is null ? "" : $" (Accept: {accept})")}{string.Concat(headers.Select(h => $" ({h.Name}: {(h.Value.Length > 80 ? h.Value[..80] + "…" : h.Value)})"))}";
}
