using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;

namespace Controller.Cli.Operators;

/// <summary><c>controller events</c></summary>
internal static class EventsCommand
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var kinds = new Option<string[]>("--kind") { Description = "Only of entities of that kind, as in compute; may be repeated.", HelpName = "TERM" };
        var entity = new Option<Guid?>("--entity") { Description = "Only of the entity with that UUID.", HelpName = "UUID" };
        var project = new Option<string?>("--project") { Description = "Only of that project.", HelpName = "NAME" };
        var after = new Option<string>("--after") { Description = "After the event with that id; first: all that are kept.", HelpName = "ID" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Goes on with what comes, until it is ended; without --after from now on. Goes on by itself, without a gap, when the connection breaks." };
        var format = OutputFormat.Option("jsonl");
        var command = new Command("events", "Shows what happened to entities. Without the role operator: to the own project's.") { kinds, entity, project, after, follow, format };
        command.SetAction(async (parse, cancel) =>
        {
            var query = string.Join('&', (parse.GetValue(kinds) ?? []).Select(k => $"kind={Uri.EscapeDataString(k)}")
                .Concat(parse.GetValue(entity) is { } id ? [$"entity={id:D}"] : []).Concat(parse.GetValue(project) is { } name ? [$"project={Uri.EscapeDataString(name)}"] : []));
            using var api = Connection.Api(parse);
            var shown = parse.GetValue(format)!;
            if (parse.GetValue(follow))
                await Follow(api, query, parse.GetValue(after), shown, cancel);
            else
                await Kept(api, query, parse.GetValue(after) ?? "first", shown, cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task Kept(ApiClient api, string query, string after, string format, CancellationToken cancel)
    {
        await foreach (var (_, one) in EventStream.Kept(api, query, after, cancel))
        {
            if (one is not null)
                Print(one, format);
        }
    }

    private static Task Follow(ApiClient api, string query, string? after, string format, CancellationToken cancel) => Follow(api, query, after, one => Print(one, format), cancel);

    /// <summary>What comes, until it is ended; without a gap, whatever breaks.</summary>
    internal static async Task Follow(ApiClient api, string query, string? after, Action<JsonNode> print, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await foreach (var (id, one) in EventStream.Read(api, query, after, cancel))
                {
                    if (one is not null)
                        print(one);
                    after = id ?? after;
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

    // One after the other: a document of YAML each, and JSON a line each, for they come as they happen.
    private static void Print(JsonNode one, string format) => Console.Write(format switch
    {
        "jsonl" or OutputFormat.Json => one.ToJsonString() + "\n",
        OutputFormat.Yaml => "---\n" + Yaml.Of(one),
        OutputFormat.Wide => Line(one).TrimEnd() + Table.Plain($"  project {one["data"]?["project"]}  version {one["data"]?["version"]}") + "\n",
        _ => Line(one) + "\n",
    });

    /// <summary>An event as a line of text. Titles are whatever somebody chose.</summary>
    internal static string Line(JsonNode one)
    {
        var data = one["data"];
        return Table.Plain($"{one["id"],8}  {one["time"]}  {Last(one["type"], '.'),-8}  {Last(data?["kind"], '#')} {Last(data?["id"], ':')}  {(data?["before"] is { } before ? $"{before} -> " : "")}{data?["state"]}  {data?["title"]}".TrimEnd());
    }

    private static string Last(JsonNode? text, char after) => text?.ToString() is { } all ? all[(all.LastIndexOf(after) + 1)..] : "";
}
