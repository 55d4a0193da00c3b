using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Controller.SystemTests.Harness;

/// <summary>An entity as the server renders it in JSON.</summary>
internal sealed record Entity(JsonObject Json)
{
    public string Id => ((string)Json["id"]!)["urn:uuid:".Length..];

    public string Kind => ((string)Json["kind"]!).Split('#')[1];

    public string Path => $"/{Kind}/{Id}";

    public string? State => this[$"occi.{Kind}.state"];

    public string? Message => this[$"occi.{Kind}.state.message"];

    public IReadOnlyList<Entity> Links => [.. Json["links"]?.AsArray().Select(link => new Entity(link!.AsObject())) ?? []];

    /// <summary>An attribute as text.</summary>
    public string? this[string attribute] => Json["attributes"]?[attribute]?.ToString();

    public Entity Link(string kind) => Assert.Single(Links, link => link.Kind == kind);

    public static Entity Parse(string json) => new(JsonNode.Parse(json)!.AsObject());

    public override string ToString() => Json.ToJsonString();
}

/// <summary>The API as curl sees it: JSON, a token, no more.</summary>
internal sealed class OcciApi(Uri endpoint, string token) : IDisposable
{
    private const string Json = "application/occi+json";

    private readonly HttpClient _http = new()
    {
        BaseAddress = endpoint,
        Timeout = TimeSpan.FromSeconds(90),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token), Accept = { new(Json) } },
    };

    /// <summary>What the query interface shows.</summary>
    public async Task<string> Model()
    {
        using var answer = await _http.GetAsync("/-/");
        return await Text(answer);
    }

    /// <summary>An operator's endpoint, read.</summary>
    public async Task<JsonNode?> Admin(string path)
    {
        using var answer = await _http.GetAsync(path);
        return JsonNode.Parse(await Text(answer));
    }

    /// <summary>The same, deleted.</summary>
    public async Task Delete(string path)
    {
        using var answer = await _http.DeleteAsync(path);
        await Text(answer);
    }

    /// <summary>Asks for its deletion, whatever comes of it.</summary>
    public async Task TryDelete(string path) => (await _http.DeleteAsync(path)).Dispose();

    /// <summary>The paths of a collection's members, of one kind.</summary>
    public async Task<IReadOnlyList<string>> Members(string kind)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/{kind}/") { Headers = { Accept = { new("text/uri-list") } } };
        using var answer = await _http.SendAsync(request);
        return [.. (await Text(answer)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => new Uri(line).AbsolutePath)];
    }

    public async Task<Entity> Get(string path) => await Find(path) ?? throw new InvalidOperationException($"There is no {path}.");

    /// <summary>Null when there is none.</summary>
    public async Task<Entity?> Find(string path)
    {
        using var answer = await _http.GetAsync(path);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : Entity.Parse(await Text(answer));
    }

    /// <summary>The entity where it is shown, and the status in any case.</summary>
    public async Task<(Entity? Entity, int Status)> TryGet(string path)
    {
        using var answer = await _http.GetAsync(path);
        return (answer.IsSuccessStatusCode ? Entity.Parse(await answer.Content.ReadAsStringAsync()) : null, (int)answer.StatusCode);
    }

    /// <summary>Creates an entity and waits for nothing.</summary>
    public async Task<Entity> Create(string path, JsonObject entity)
    {
        using var content = new StringContent(entity.ToJsonString(), Encoding.UTF8, Json);
        using var answer = await _http.PostAsync(path, content);
        return Entity.Parse(await Text(answer));
    }

    /// <summary>Part of a serial log from an offset on, and how long the log is; waits a few seconds for more. Null while it can't be had.</summary>
    public async Task<(byte[] Data, long Size)?> Console(string compute, long offset)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"/console/{compute}?offset={offset}&wait=3"));
        request.Headers.Accept.ParseAdd("application/octet-stream");
        using var answer = await _http.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            return null;
        var size = answer.Headers.GetValues("X-Console-Size").Single();
        return (await answer.Content.ReadAsByteArrayAsync(), long.Parse(size, CultureInfo.InvariantCulture));
    }

    public void Dispose() => _http.Dispose();

    private static async Task<string> Text(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri}: {(int)answer.StatusCode} {text}");
        return text;
    }
}
