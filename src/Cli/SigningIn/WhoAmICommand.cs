using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;

namespace Controller.Cli.SigningIn;

/// <summary><c>controller whoami</c></summary>
internal static class WhoAmICommand
{
    public static Command Create()
    {
        var format = OutputFormat.Option();
        var command = new Command("whoami", "Shows as whom requests are sent, in which project they act, and which roles that one has.") { format };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var session = await api.Json(HttpMethod.Get, "/auth/session", null, cancel);
            if (session?["signedIn"]?.GetValue<bool>() != true)
                throw new CliException($"{api.Endpoint} does not know you: the token is unknown, expired or revoked", "sign in with \"controller login URL\", or give a token that is good with --token or CONTROLLER_TOKEN");
            Console.Write(OutputFormat.Text(session, parse.GetValue(format)!, wide => Words(api.Endpoint, session, wide)));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>All that there is to say of who one is.</summary>
    internal static string Words(Uri endpoint, JsonNode session, bool wide)
    {
        var (user, acts) = (session["user"], session["project"]?["id"]?.ToString());
        var table = new Table("NAME", user?["name"]?.ToString() ?? "").Add("kind", user?["kind"]?.ToString() ?? "").Add("cloud", endpoint.ToString());
        if (session["cloudRole"]?.ToString() is { } role)
            table.Add("role in the cloud", role);
        if (session["expires"]?.ToString() is { } until)
            table.Add("until", until);
        table.Add("acts in", session["project"]?["name"]?.ToString() ?? "no project: name one with CONTROLLER_PROJECT");
        var projects = new Table(["", "PROJECT", "ROLE", .. wide ? (string[])["ID", "MANAGES"] : []]).AddAll((session["projects"] as JsonArray ?? []).OfType<JsonNode>().Select(p => (string[])
        [
            p["id"]?.ToString() == acts ? "*" : "", p["name"]?.ToString() ?? "", p["role"]?.ToString() ?? "", .. wide ? (string[])[p["id"]?.ToString() ?? "", p["manages"]?.GetValue<bool>() == true ? "yes" : "no"] : [],
        ]));
        return $"{table}\n{projects}";
    }
}
