using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller webhook …</c></summary>
internal static class WebhookCommand
{
    private const string Webhooks = "/admin/webhooks";

    public static Command Create() => new("webhook", "Whom to tell of events: URLs of the own project's.")
    {
        Add(),
        List("Lists the webhooks, how far they were told, and what went wrong.", Webhooks,
            [
                Column("ID", "id"), Column("URL", "url"), ("OF", Of), Column("STATE", "state"), Column("DELIVERED", "delivered"), Column("ATTEMPTS", "attempts"), Time("NEXT", "nextAttempt"),
                Column("LAST ERROR", "lastError"),
            ],
            Column("PROJECT", "project"), Time("CREATED", "created"), Column("MISSED", "missed")),
        Order("rotate", "Gives it another secret and prints it. For a day deliveries are signed with both.", HttpMethod.Post, "/rotate", "signed with a new secret, which is not shown again:"),
        Resume(),
        Order("delete", "It is told nothing any more.", HttpMethod.Delete, "", "deleted"),
    };

    private static string Of(JsonNode hook) =>
        (hook["allProjects"]?.GetValue<bool>() == true ? "all projects: " : "") + (hook["kinds"] is JsonArray { Count: > 0 } kinds ? string.Join(", ", kinds) : "everything") + (hook["entity"] is { } one ? $" {one}" : "");

    private static Command Add()
    {
        var url = new Argument<string>("url") { Description = "Where to, as https://…" };
        var kinds = new Option<string[]>("--kind") { Description = "Only of entities of that kind, as in compute; may be repeated.", HelpName = "TERM" };
        var entity = new Option<Guid?>("--entity") { Description = "Only of the entity with that UUID.", HelpName = "UUID" };
        var all = new Option<bool>("--all-projects") { Description = "Of all projects, and of hosts: for operators." };
        var command = new Command("create", "Registers a webhook, from now on, and prints the secret that its deliveries are signed with: the only time that it is shown.") { url, kinds, entity, all };
        command.SetAction(async (parse, cancel) =>
        {
            var wanted = new JsonObject { ["url"] = parse.GetRequiredValue(url), ["kinds"] = new JsonArray([.. (parse.GetValue(kinds) ?? []).Select(k => JsonValue.Create(k))]) };
            if (parse.GetValue(entity) is { } id)
                wanted["entity"] = id;
            if (parse.GetValue(all))
                wanted["allProjects"] = true;
            using var api = Connection.Api(parse);
            var made = await api.Json(HttpMethod.Post, Webhooks, wanted, cancel);
            Console.Error.WriteLine($"webhook {made?["id"]}; its secret is not shown again:");
            Console.WriteLine(made?["secret"]?.ToString());
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Resume()
    {
        var id = Id();
        var skip = new Option<bool>("--skip") { Description = "Past the event that could not be delivered." };
        var command = new Command("resume", "Goes on now where it was given up, or waits to be tried again.") { id, skip };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            await api.Json(HttpMethod.Post, $"{Webhooks}/{parse.GetValue(id):D}/resume{(parse.GetValue(skip) ? "?skip=true" : "")}", null, cancel);
            Console.WriteLine($"{parse.GetValue(id):D} goes on");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Order(string name, string description, HttpMethod method, string path, string done)
    {
        var id = Id();
        var command = new Command(name, description) { id };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var answer = await api.Json(method, $"{Webhooks}/{parse.GetValue(id):D}{path}", null, cancel);
            Console.Error.WriteLine($"{parse.GetValue(id):D} {done}");
            if (answer?["secret"] is { } secret)
                Console.WriteLine(secret.ToString());
            return ExitCode.Ok;
        });
        return command;
    }

    private static Argument<Guid> Id() => new("webhook") { Description = "Id of the webhook." };
}
