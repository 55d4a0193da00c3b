using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Controller.Cli;

/// <summary>The API's events as they come (docs/events.md).</summary>
internal static class EventStream
{
    public const string Path = "/events";

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), MostPause = TimeSpan.FromSeconds(30);

    /// <summary>Events of one connection, each with its position, until that ends. A position without an event says that there was none meanwhile.</summary>
    /// <param name="api">Whom to ask.</param>
    /// <param name="query">What narrows it: <c>kind=compute&amp;entity=…</c>.</param>
    /// <param name="after">The position to go on from; null: from now on.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="RefusedException">There is no stream to be had.</exception>
    public static async IAsyncEnumerable<(string? Id, JsonNode? Event)> Read(ApiClient api, string query, string? after, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var answer = await api.Send(HttpMethod.Get, $"{Path}?{query}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}", null, "text/event-stream", cancel);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
        string? id = null, data = null;
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
                id = line["id: ".Length..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                data = line["data: ".Length..];
            // All of it is there with its empty line: what breaks off before that comes again.
            if (line.Length > 0 || (id, data) is (null, null))
                continue;
            yield return (id, data is null ? null : JsonNode.Parse(data));
            (id, data) = (null, null);
        }
    }

    /// <summary>Events that are kept, each with its position; last, the position to go on from, without an event.</summary>
    public static async IAsyncEnumerable<(string? Id, JsonNode? Event)> Kept(ApiClient api, string query, string after, [EnumeratorCancellation] CancellationToken cancel)
    {
        const int perPage = 1000;
        JsonArray events;
        do
        {
            var page = await api.Json(HttpMethod.Get, $"{Path}?{query}&limit={perPage}&after={Uri.EscapeDataString(after)}", null, cancel);
            events = page?["events"] as JsonArray ?? [];
            foreach (var one in events.OfType<JsonNode>())
                yield return (one["id"]?.ToString(), one);
            after = page!["last"]!.ToString();   // it has both
        }
        while (events.Count == perPage);
        yield return (after, null);
    }

    /// <summary>
    /// Ends when one of them has happened, or may have: between what was looked at before and the beginning of the stream. A stream that breaks, or that is not to be had, is asked for again, after
    /// a second and then less and less often; it goes on where it was.
    /// </summary>
    public static Func<CancellationToken, Task> Next(ApiClient api, string query)
    {
        // Between one wait and the next the position is kept, so that nothing in between is missed.
        string? after = null;
        return async cancel =>
        {
            for (var pause = FirstPause; ; pause = pause < MostPause ? pause * 2 : MostPause)
            {
                var opened = Stopwatch.GetTimestamp();
                try
                {
                    await foreach (var (id, one) in Read(api, query, after, cancel))
                    {
                        var begins = after is null;
                        after = id ?? after;
                        if (one is not null || begins)
                            return;
                    }
                }
                catch (RefusedException e) when (e.Status == 410)
                {
                    after = null;   // what was missed is not there any more: from now on
                }
                catch (Exception e) when (e is HttpRequestException or IOException or CliException or RefusedException)
                {
                    // Meanwhile whoever waits asks by itself.
                }
                if (Stopwatch.GetElapsedTime(opened) > MostPause)
                    pause = FirstPause;
                await Task.Delay(pause, cancel);
            }
        };
    }
}
