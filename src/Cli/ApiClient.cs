using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Controller.Cli;

/// <summary>The server's refusal of a request.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">The server's words.</param>
/// <param name="type">The name of the refusal (docs/errors.md); null: it said none.</param>
internal sealed class RefusedException(int status, string message, string? type = null) : Exception(message)
{
    public int Status { get; } = status;

    public string? Type { get; } = type;
}

/// <summary>HTTP to the API, with the token. Errors come as the server's own message.</summary>
internal sealed class ApiClient : IDisposable
{
    public const string OcciJson = "application/occi+json";

    private readonly HttpClient _http;

    /// <param name="endpoint">The API.</param>
    /// <param name="token">The token; null: a client certificate says who it is.</param>
    /// <param name="project">The project that requests act in; null: the token's, or the only one.</param>
    /// <param name="tls">Of an https endpoint.</param>
    public ApiClient(Uri endpoint, string? token, string? project = null, ClientTls? tls = null)
    {
        (Endpoint, Tls) = (endpoint, tls ?? new(null, null));
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = Tls.Options() })
        {
            BaseAddress = endpoint,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestHeaders = { Authorization = token is null ? null : new("Bearer", token), UserAgent = { new("controller-cli", typeof(ApiClient).Assembly.GetName().Version?.ToString(3)) } },
        };
        if (project is not null)
            _http.DefaultRequestHeaders.Add("X-Project", project);
    }

    public Uri Endpoint { get; }

    public ClientTls Tls { get; }

    /// <summary>That an endpoint can't be reached, and why.</summary>
    public static CliException Unreached(Uri endpoint, HttpRequestException e) =>
        // That of the handshake is said by what is in it.
        new($"{endpoint} can't be reached: {e.Message}{(e.InnerException is System.Security.Authentication.AuthenticationException inner ? " " + inner.Message : "")}", e.HttpRequestError == HttpRequestError.SecureConnectionError ? Hints.Untrusted : Hints.Unreachable);

    /// <summary>Sends a request.</summary>
    /// <exception cref="RefusedException">The server refuses.</exception>
    /// <exception cref="CliException">It can't be reached.</exception>
    public async Task<HttpResponseMessage> Send(HttpMethod method, string path, HttpContent? content, string accept, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException e)
        {
            throw Unreached(Endpoint, e);
        }
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
        {
            var (message, type) = Message(answer, await answer.Content.ReadAsStringAsync(cancel));
            throw new RefusedException((int)answer.StatusCode, message, type);
        }
    }

    /// <summary>The whole body of an answer.</summary>
    public async Task<string> Text(HttpMethod method, string path, HttpContent? content, string accept, CancellationToken cancel)
    {
        using var answer = await Send(method, path, content, accept, cancel);
        return await answer.Content.ReadAsStringAsync(cancel);
    }

    /// <summary>JSON in, JSON out; null for an empty answer.</summary>
    public async Task<JsonNode?> Json(HttpMethod method, string path, JsonNode? body, CancellationToken cancel)
    {
        using var content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        var text = await Text(method, path, content, "application/json", cancel);
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException e)
        {
            throw new CliException($"{method} {path} was answered with something that is no JSON: {e.Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    private static (string Message, string? Type) Message(HttpResponseMessage answer, string body)
    {
        var status = $"{(int)answer.StatusCode} {answer.ReasonPhrase}";
        try
        {
            if (JsonNode.Parse(body) is JsonObject error && (error["message"] ?? error["detail"] ?? error["title"])?.ToString() is { } message)
                return ($"{message} ({status}){string.Concat((error["details"] as JsonArray ?? []).Select(d => $"\n  {d}"))}", error["type"] is JsonValue type ? type.ToString() : null);
        }
        catch (JsonException)
        {
            // Not JSON, then: it is the message itself.
        }
        return (body.Trim().Length > 0 ? $"{body.Trim()} ({status})" : status, null);
    }
}
