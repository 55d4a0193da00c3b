using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller user …</c></summary>
internal static class UserCommand
{
    private static readonly (string Heading, Func<JsonNode, string?> Cell)[] Columns =
    [
        Column("NAME", "name"), Column("KIND", "kind"), Column("DISPLAY NAME", "displayName"), Time("LAST SIGN-IN", "lastSignIn"),
        ("STATE", u => u["disabled"]?.GetValue<bool>() == true ? "disabled" : "enabled"),
        ("ROLES", u => string.Join(' ', (u["roles"] as JsonArray ?? []).Select(r => $"{r?["role"]}@{r?["projectName"] ?? r?["project"] ?? "cloud"}"))),
    ];

    private static readonly (string, Func<JsonNode, string?>)[] Wide = [Column("ID", "id"), Column("E-MAIL", "email"), Column("ISSUER", "issuer"), Time("CREATED", "created"), Column("BY", "createdBy")];

    public static Command Create() => new("user", "People and service accounts, and what they may do.")
    {
        Make(), List("Lists them with their roles.", "/admin/users", Columns, Wide), Reset(), Grant(), Revoke(), Enable(true), Enable(false), Delete(), UserCertificateCommand.Create(),
    };

    private static Argument<string> User() => new("user") { Description = "Name or id of the user." };

    private static Option<string?> Project() => new("--project") { Description = "In that project. Default: in the cloud.", HelpName = "PROJECT" };

    private static string PathOf(string user) => "/admin/users/" + Uri.EscapeDataString(user);

    private static Command Make()
    {
        var name = new Argument<string>("name") { Description = "The name to sign in with." };
        var service = new Option<bool>("--service") { Description = "A service account: it has tokens and no password." };
        var display = new Option<string?>("--display-name") { Description = "What people read.", HelpName = "TEXT" };
        var email = new Option<string?>("--email") { Description = "Where to write to.", HelpName = "ADDRESS" };
        var command = new Command("create", "Makes a user. A person sets a password with the token that is printed, once.") { name, service, display, email };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var made = await api.Json(HttpMethod.Post, "/admin/users", new JsonObject
            {
                ["name"] = parse.GetRequiredValue(name), ["kind"] = parse.GetValue(service) ? "service" : "local", ["displayName"] = parse.GetValue(display), ["email"] = parse.GetValue(email),
            }, cancel);
            Console.Error.WriteLine($"made {made?["user"]?["name"]}; it may do nothing yet: controller user grant {made?["user"]?["name"]} ROLE --project PROJECT");
            if (made?["resetToken"]?.ToString() is { } token)
                Console.WriteLine(token);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Reset()
    {
        var user = User();
        var command = new Command("reset", "Ends a user's password and sessions, and prints a token to set a new one with, once.") { user };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var made = await api.Json(HttpMethod.Post, PathOf(parse.GetRequiredValue(user)) + "/reset", new JsonObject(), cancel);
            Console.Error.WriteLine($"good until {made?["expires"]}:");
            Console.WriteLine(made?["token"]?.ToString());
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Grant()
    {
        var (user, project) = (User(), Project());
        var role = new Argument<string>("role") { Description = "reader, member, operator (in the cloud only) or admin." };
        role.AcceptOnlyFromAmong("reader", "member", "operator", "admin");
        var command = new Command("grant", "Gives a user a role in a project or in the cloud, or another one.") { user, role, project };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var changed = await api.Json(HttpMethod.Put, PathOf(parse.GetRequiredValue(user)) + "/roles", new JsonObject { ["project"] = parse.GetValue(project), ["role"] = parse.GetRequiredValue(role) }, cancel);
            Console.Write(Text([changed], OutputFormat.Table, Columns));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Revoke()
    {
        var (user, project) = (User(), Project());
        var command = new Command("revoke", "Takes a user's role in a project or in the cloud.") { user, project };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            await api.Json(HttpMethod.Delete, $"{PathOf(parse.GetRequiredValue(user))}/roles?project={Uri.EscapeDataString(parse.GetValue(project) ?? "")}", null, cancel);
            Console.WriteLine($"{parse.GetRequiredValue(user)} has no role in {parse.GetValue(project) ?? "the cloud"} any more");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Enable(bool enable)
    {
        var user = User();
        var command = new Command(enable ? "enable" : "disable", enable ? "Lets a user in again." : "Refuses a user everywhere, with sessions and tokens, until it is enabled.") { user };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var changed = await api.Json(HttpMethod.Patch, PathOf(parse.GetRequiredValue(user)), new JsonObject { ["disabled"] = !enable }, cancel);
            Console.Write(Text([changed], OutputFormat.Table, Columns));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Delete()
    {
        var user = User();
        var command = new Command("delete", "Deletes a user with roles, sessions and tokens.") { user };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            await api.Json(HttpMethod.Delete, PathOf(parse.GetRequiredValue(user)), null, cancel);
            Console.WriteLine($"deleted {parse.GetRequiredValue(user)}");
            return ExitCode.Ok;
        });
        return command;
    }
}
