using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Controller.Api.Tests.Cloud;

/// <summary>An API in this process, on a port of its own.</summary>
public sealed class RunningApi : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningApi(WebApplication app) => _app = app;

    public Uri Url => Of(Uri.UriSchemeHttp);

    public Uri TlsUrl => Of(Uri.UriSchemeHttps);

    private Uri Of(string scheme) =>
        new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(a => a.StartsWith(scheme + ":", StringComparison.Ordinal)));

    internal static async Task<RunningApi> Start(Place place, params string[] settings)
    {
        var app = ApiHost.Build([.. place.ApiSettings("http://127.0.0.1:0"), .. settings]);
        await app.StartAsync();
        return new(app);
    }

    /// <summary>Every route that it has, but OCCI's own, which follow from the model.</summary>
    internal IReadOnlyList<RouteEndpoint> Routes => [.. _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    public Task<bool> IsReady() => IsReady(Url);

    public static async Task<bool> IsReady(Uri url) => (await Send(url, "GET", "/health/ready")).Status == 200;

    /// <summary>Sends a request, with that token (null: none).</summary>
    public static async Task<Answer> Send(
        Uri url, string method, string path, string? body = null, string? secret = null, string? accept = null, string? contentType = null,
        params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(url, path));
        if (secret is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        if (body is not null || contentType is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body ?? ""));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType ?? "text/plain");
        }
        // A refused body is not read to its end, which would break the connection under a client that is still sending.
        request.Headers.ExpectContinue = body?.Length > 1_000_000;
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request);
        return new Answer(
            (int)response.StatusCode, await response.Content.ReadAsStringAsync(),
            response.Headers.Concat(response.Content.Headers)
                .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>A response, read whole.</summary>
public sealed record Answer(int Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public string? this[string header] => Headers.GetValueOrDefault(header);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>Path of what was created.</summary>
    public string Path => new Uri(this["Location"] ?? throw new InvalidOperationException($"No Location in {Status} {Body}")).AbsolutePath;

    /// <summary>The URLs of a text/uri-list.</summary>
    public string[] Lines => Body.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
