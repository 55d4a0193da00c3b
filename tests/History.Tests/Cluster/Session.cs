using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Controller.History.Tests.Cluster;

/// <summary>What came of a request: a status, or nothing at all.</summary>
internal sealed record Reply(int? Status, string Body, string? ETag, string? Location)
{
    /// <summary>What was asked for is done, or as good as: it must not get lost.</summary>
    public bool Acknowledged => Status is >= 200 and < 300;

    /// <summary>It was not done and will not be.</summary>
    public bool Refused => Status is >= 400 and < 500;

    /// <summary>Nobody knows.</summary>
    public bool Unknown => !Acknowledged && !Refused;

    /// <summary>Nobody listened.</summary>
    public bool WasNotSent { get; init; }

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public override string ToString() => $"{Status?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "no answer"} {(Body.Length > 300 ? Body[..300] : Body).ReplaceLineEndings(" ")}";
}

/// <summary>Sends requests as somebody, to any of the APIs.</summary>
internal sealed class Session(string secret, World world)
{
    public const string OcciJson = "application/occi+json";
    public const string PlainJson = "application/json";
    private const int Tries = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(25);

    // A connection for each request: on one that was there before, HttpClient itself sends again what may have been done.
    private static readonly HttpClient Http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = Patience };

    public static async Task<bool> IsReady(Uri url)
    {
        try
        {
            using var response = await Http.GetAsync(new Uri(url, "/health/ready"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <param name="method">HTTP's.</param>
    /// <param name="path">Path and query.</param>
    /// <param name="body">Null: none.</param>
    /// <param name="contentType">Of the body.</param>
    /// <param name="api">Which API is tried first. Where nobody listens, nothing was asked: then it is the other.</param>
    /// <param name="accept">A media type.</param>
    /// <param name="headers">More of them.</param>
    public async Task<Reply> Send(
        string method, string path, string? body = null, string contentType = "text/plain", int api = 0, string accept = OcciJson, params (string Name, string Value)[] headers)
    {
        Reply reply;
        for (var tries = 0; (reply = await Once(method, path, body, contentType, (api + tries) % world.Apis.Count, accept, headers)).WasNotSent && tries < Tries; tries++)
            await Task.Delay(tries % world.Apis.Count == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(200));
        return reply;
    }

    private async Task<Reply> Once(
        string method, string path, string? body, string contentType, int api, string accept, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new(method), new Uri(world.Apis[api].Url!, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        // HttpClient sends a request without content again by itself when its connection ends, and then it was perhaps done twice: so each that changes something has one.
        if (body is not null || method != "GET")
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body ?? ""));
            if (body is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }
        try
        {
            using var response = await Http.SendAsync(request);
            return new((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.ETag?.ToString(), response.Headers.Location?.AbsolutePath);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return new(null, e.Message, null, null) { WasNotSent = e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } };
        }
    }
}
