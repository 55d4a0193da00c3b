using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller token …</c></summary>
internal static class TokenCommand
{
    public static Command Create() => new("token", "API tokens.")
    {
        Make(),
        List("Lists the tokens, without their secrets.", "/admin/tokens",
            [Column("ID", "id"), Column("NAME", "name"), Column("PROJECT", "project"), Column("ROLE", "role"), Time("CREATED", "created"), Time("EXPIRES", "expires"), Time("REVOKED", "revoked")]),
        Revoke(),
    };

    private static Command Make()
    {
        var name = new Argument<string>("name") { Description = "What it is for." };
        var project = new Option<string>("--project") { Description = "Name or id of the project that it acts in.", HelpName = "PROJECT", DefaultValueFactory = _ => "default" };
        var role = new Option<string>("--role") { Description = "reader, member, operator or admin.", HelpName = "ROLE", DefaultValueFactory = _ => "member" };
        role.AcceptOnlyFromAmong("reader", "member", "operator", "admin");
        var expires = new Option<string?>("--expires") { Description = "How long it is good for: 30d, 12h, … Default: until it is revoked.", HelpName = "DURATION" };
        var command = new Command("create", "Makes a token and prints it: the only time that it is shown.") { name, project, role, expires };
        command.SetAction(async (parse, cancel) =>
        {
            var life = parse.GetValue(expires) is { } text ? Duration.Parse(text) : (TimeSpan?)null;
            using var api = Connection.Api(parse);
            var wanted = new JsonObject { ["name"] = parse.GetRequiredValue(name), ["project"] = parse.GetValue(project), ["role"] = parse.GetValue(role) };
            if (life is { } limited)
                wanted["expiresInSeconds"] = (long)limited.TotalSeconds;
            var made = await api.Json(HttpMethod.Post, "/admin/tokens", wanted, cancel);
            Console.Error.WriteLine($"token {made?["id"]} in project {parse.GetValue(project)} as {parse.GetValue(role)}; it is not shown again:");
            Console.WriteLine(made?["token"]?.ToString());
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("token") { Description = "Id or name of the token." };
        var command = new Command("revoke", "From now on the token opens nothing.") { id };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var found = await IdOf(api, "/admin/tokens", "token", parse.GetRequiredValue(id), cancel);
            await api.Json(HttpMethod.Delete, $"/admin/tokens/{Uri.EscapeDataString(found)}", null, cancel);
            Console.WriteLine($"revoked {found}");
            return ExitCode.Ok;
        });
        return command;
    }
}
