using System.Globalization;
using System.Text.Json.Nodes;
using Controller.Cli.Entities;
using Controller.Cli.Operators;
using Controller.Cli.Output;
using Occi;

namespace Controller.Cli.Machines;

/// <summary>What happened to an entity: its events, what was asked for and by whom, and what came of it, in the order of time.</summary>
internal static class Timeline
{
    /// <param name="api">Whom to ask.</param>
    /// <param name="entity">What it is about.</param>
    /// <param name="follow">Whether to go on with events as they come.</param>
    /// <param name="tail">Only so many lines of what there is, the last ones; null: all.</param>
    /// <param name="cancel">Ctrl-C.</param>
    public static async Task Print(ApiClient api, Representation entity, bool follow, int? tail, CancellationToken cancel)
    {
        var query = $"entity={entity.Uuid()}";
        var events = new List<JsonNode>();
        string? last = null;
        await foreach (var (id, one) in EventStream.Kept(api, query, "first", cancel))
        {
            last = id ?? last;
            if (one is not null)
                events.Add(one);
        }
        var explained = await api.Json(HttpMethod.Get, $"/admin/explain/{Uri.EscapeDataString(entity.Kind?.Term ?? "")}/{entity.Uuid()}", null, cancel);
        var lines = Lines(events, explained ?? new JsonObject());
        foreach (var line in tail is { } most ? lines.TakeLast(most) : lines)
            Console.WriteLine(line);
        if (follow)
            await EventsCommand.Follow(api, query, last, one => Console.WriteLine(Line(one)), cancel);
    }

    /// <summary>A line for each, the newest last.</summary>
    internal static IReadOnlyList<string> Lines(IEnumerable<JsonNode> events, JsonNode explained) =>
    [
        .. events.Select(e => (At: ExplainText.Time(e["time"]?.ToString()), Line: Line(e)))
            .Concat(ExplainText.Done(explained).Select(d => (At: ExplainText.Time(d.At), Line: Line(ExplainText.Time(d.At), $"{d.What} ({d.Who}): {d.Result}"))))
            .OrderBy(l => l.At).Select(l => l.Line),
    ];

    private static string Line(JsonNode one)
    {
        var (what, data) = (one["type"]?.ToString() ?? "", one["data"]);
        return Line(ExplainText.Time(one["time"]?.ToString()), $"{what[(what.LastIndexOf('.') + 1)..]}: {(data?["before"] is { } before ? $"{before} -> " : "")}{data?["state"]} {data?["title"]}".TrimEnd());
    }

    private static string Line(DateTimeOffset at, string what) => $"{at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)}  {Table.Plain(what)}";
}
