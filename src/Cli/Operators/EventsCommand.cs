using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;

namespace Controller.Cli.Operators;

/// <summary><c>controller events</c></summary>
internal static class EventsCommand
{
    private const string Path = "/events";
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var kinds = new Option<string[]>("--kind") { Description = "Only of entities of that kind, as in compute; may be repeated.", HelpName = "TERM" };
        var entity = new Option<Guid?>("--entity") { Description = "Only of the entity with that UUID.", HelpName = "UUID" };
        var project = new Option<string?>("--project") { Description = "Only of that project.", HelpName = "NAME" };
        var after = new Option<string>("--after") { Description = "After the event with that id; first: all that are kept.", HelpName = "ID" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Goes on with what comes, until it is ended; without --after from now on. Goes on by itself, without a gap, when the connection breaks." };
        var format = OutputFormat.Option("table", "jsonl");
        var command = new Command("events", "Shows what happened to entities. Without the role operator: to the own project's.") { kinds, entity, project, after, follow, format };
        command.SetAction(async (parse, cancel) =>
        {
            var query = string.Join('&', (parse.GetValue(kinds) ?? []).Select(k => $"kind={Uri.EscapeDataString(k)}")
                .Concat(parse.GetValue(entity) is { } id ? [$"entity={id:D}"] : []).Concat(parse.GetValue(project) is { } name ? [$"project={Uri.EscapeDataString(name)}"] : []));
            using var api = Connection.Api(parse);
            var lines = parse.GetValue(format) == "jsonl";
            if (parse.GetValue(follow))
                await Follow(api, query, parse.GetValue(after), lines, cancel);
            else
                await Kept(api, query, parse.GetValue(after) ?? "first", lines, cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task Kept(ApiClient api, string query, string after, bool lines, CancellationToken cancel)
    {
        while (true)
        {
            var page = await api.Json(HttpMethod.Get, $"{Path}?{query}&limit=1000&after={Uri.EscapeDataString(after)}", null, cancel);
            var events = page?["events"] as JsonArray ?? [];
            foreach (var one in events)
                Print(one!, lines);   // an array of objects
            after = page!["last"]!.ToString();   // it has both
            if (events.Count < 1000)
                return;
        }
    }

    private static async Task Follow(ApiClient api, string query, string? after, bool lines, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
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
                    if (line.Length > 0)
                        continue;
                    // All of it is there: what breaks off before its empty line comes again.
                    if (data is not null)
                        Print(JsonNode.Parse(data)!, lines);   // an object
                    (after, id, data) = (id ?? after, null, null);
                }
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (after is not null && e is IOException or HttpRequestException or CliException or RefusedException { Status: 503 })
            {
                // It goes on after what was read: nothing is lost meanwhile.
            }
            await Task.Delay(Again, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static void Print(JsonNode one, bool lines) => Console.WriteLine(lines ? one.ToJsonString() : Line(one));

    /// <summary>An event as a line of text. Titles are whatever somebody chose.</summary>
    internal static string Line(JsonNode one)
    {
        var data = one["data"];
        return Table.Plain($"{one["id"],8}  {one["time"]}  {Last(one["type"], '.'),-8}  {Last(data?["kind"], '#')} {Last(data?["id"], ':')}  {(data?["before"] is { } before ? $"{before} -> " : "")}{data?["state"]}  {data?["title"]}".TrimEnd());
    }

    private static string Last(JsonNode? text, char after) => text?.ToString() is { } all ? all[(all.LastIndexOf(after) + 1)..] : "";
}
