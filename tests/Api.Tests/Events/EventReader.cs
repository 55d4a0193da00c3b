using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Controller.Api.Tests.Events;

/// <summary>Reads the stream of events as a browser's EventSource does: when it breaks off, it comes back with the last id.</summary>
internal sealed class EventReader(Uri url, string secret, string query = "") : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly HttpClient _client = new() { Timeout = Timeout.InfiniteTimeSpan };
    private StreamReader? _reader;
    private string? _id;
    private string? _data;

    /// <summary>The last id; null: none was heard.</summary>
    public string? Last { get; private set; }

    /// <summary>How often it was connected.</summary>
    public int Connections { get; private set; }

    /// <summary>All that was heard.</summary>
    public List<Heard> Events { get; } = [];

    public async Task<int> Open(string? from = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(url, "/events" + query));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        request.Headers.Accept.ParseAdd("text/event-stream");
        if ((from ?? Last) is { } last)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (answer.IsSuccessStatusCode)
        {
            Connections++;
            _reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
            // What it says at once: from here on nothing is missed.
            using var patience = new CancellationTokenSource(Patience);
            while (Last is null)
                await Line(patience.Token);
        }
        return (int)answer.StatusCode;
    }

    /// <summary>Reads until it is so. Whatever breaks is begun again after the last id, for as long as it takes.</summary>
    public async Task Until(Func<List<Heard>, bool> so)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!so(Events))
        {
            try
            {
                if (_reader is null)
                {
                    if (await Open() != 200)
                        await Task.Delay(50, patience.Token);
                    continue;
                }
                if (!await Line(patience.Token))
                    Close();
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                Close();
                await Task.Delay(50, patience.Token);
            }
        }
    }

    /// <summary>A line; false: the stream ended.</summary>
    public async Task<bool> Line(CancellationToken cancel)
    {
        if (await _reader!.ReadLineAsync(cancel) is not { } line)
            return false;
        if (line.StartsWith("id: ", StringComparison.Ordinal))
            _id = line["id: ".Length..];
        else if (line.StartsWith("data: ", StringComparison.Ordinal))
            _data = line["data: ".Length..];
        if (line.Length > 0)
            return true;
        // What breaks off before its empty line was not told: it comes again.
        if (_data is not null)
            Events.Add(new(JsonDocument.Parse(_data).RootElement));
        (Last, _id, _data) = (_id ?? Last, null, null);
        return true;
    }

    public void Close()
    {
        _reader?.Dispose();
        (_reader, _id, _data) = (null, null, null);
    }

    public void Dispose()
    {
        Close();
        _client.Dispose();
    }
}

/// <summary>An event, as it was told.</summary>
internal sealed record Heard(JsonElement Json)
{
    public long Position => long.Parse(Json.GetProperty("id").GetString()!, CultureInfo.InvariantCulture);

    public string Type => Json.GetProperty("type").GetString()!["local.controller.entity.".Length..];

    public string Kind => Data("kind")!;

    public string Id => Data("id")!["urn:uuid:".Length..];

    public int Version => Json.GetProperty("data").GetProperty("version").GetInt32();

    public string? Data(string name) => Json.GetProperty("data").GetProperty(name) is { ValueKind: not JsonValueKind.Null } value ? value.ToString() : null;
}
