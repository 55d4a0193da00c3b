using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller op …</c></summary>
internal static class OpCommand
{
    private const string Operations = "/admin/operations";

    private static readonly (string, Func<JsonNode, string?>)[] Columns =
    [
        Column("ID", "id"), Column("KIND", "kind"), Column("ENTITY", "entity"), Column("TITLE", "title"), Column("WHAT", "what"), ("BY", o => o["by"]?.ToString() ?? "the controller"),
        Time("SINCE", "since"), Time("DEADLINE", "deadline"), Column("ATTEMPTS", "attempts"), ("STUCK", o => o["stuck"]?.GetValue<bool>() == true ? "yes" : "no"), Column("LAST ERROR", "lastError"),
    ];

    private static readonly (string, Func<JsonNode, string?>)[] Wide = [Time("DUE", "due"), Column("TRACE", "trace")];

    public static Command Create() => new("op", "What is under way: operations of entities, drains, imports, requests that create several.") { List(), Show(), Retry() };

    private static Command List()
    {
        var stuck = new Option<bool>("--stuck") { Description = "Only what is past its deadline." };
        var project = new Option<string?>("--project") { Description = "Only that project's.", HelpName = "NAME" };
        var (format, watching) = (OutputFormat.Option(), new Watching());
        var command = new Command("list", "Lists what is under way, the longest first. An operation that has ended is not there any more.") { stuck, project, format };
        watching.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var path = $"{Operations}?stuck={(parse.GetValue(stuck) ? "true" : "false")}{(parse.GetValue(project) is { } name ? $"&project={Uri.EscapeDataString(name)}" : "")}";
            return await watching.Run(parse, parse.GetValue(format)!, async now => Text(await api.Json(HttpMethod.Get, path, null, now) as JsonArray ?? [], parse.GetValue(format)!, Columns, Wide), cancel);
        });
        return command;
    }

    private static Command Show()
    {
        var (id, format) = (Id(), OutputFormat.OfWords());
        var command = new Command("show", "Shows one operation.") { id, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var found = await api.Json(HttpMethod.Get, $"{Operations}/{parse.GetValue(id):D}", null, cancel) as JsonObject ?? [];
            Console.Write(Members(found, parse.GetValue(format)!, "OPERATION"));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Retry()
    {
        var id = Id();
        var command = new Command("retry", "Does an operation's next step now, whenever it is due.") { id };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var now = await api.Json(HttpMethod.Post, $"{Operations}/{parse.GetValue(id):D}/retry", null, cancel);
            Console.WriteLine(now is null ? "it has ended" : Table.Plain($"{now["what"]} of {now["kind"]} {now["entity"]} goes on; attempts: {now["attempts"]}. {now["lastError"]}".TrimEnd()));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Argument<Guid> Id() => new("id") { Description = "The operation's id." };
}
