using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller host …</c></summary>
internal static class HostCommand
{
    public static Command Create() => new("host", "Hypervisor hosts.")
    {
        List("Lists the hosts and what they can do.", "/admin/hosts",
            Column("ID", "id"), Column("NAME", "name"), Column("STATUS", "status"),
            ("DRIVER", h => h["capabilities"]?["driver"]?.ToString()), ("CORES", h => h["capabilities"]?["cores"]?.ToString()),
            ("MEMORY", h => Gib(h["capabilities"]?["memoryBytes"])), ("UNMANAGED", h => ((h["unmanaged"] as JsonArray)?.Count ?? 0).ToString(System.Globalization.CultureInfo.InvariantCulture)),
            Time("LAST SEEN", "lastSeen"), Column("WHY", "why")),
        Token(), Remove(), FenceCommand.Create(),
    };

    private static Command Token()
    {
        var life = new Option<string>("--expires") { Description = "How long it can be used: 1h, 30m, …", HelpName = "DURATION", DefaultValueFactory = _ => "1h" };
        var command = new Command("token", "Makes a join token, good for one agent, and prints it.") { life };
        command.SetAction(async (parse, cancel) =>
        {
            var ttl = Duration.Parse(parse.GetValue(life)!);
            using var api = Connection.Api(parse);
            var made = await api.Json(HttpMethod.Post, "/admin/hosts/join-tokens", new JsonObject { ["ttlSeconds"] = (long)ttl.TotalSeconds }, cancel);
            Console.Error.WriteLine($"good for one agent until {made?["expires"]}; put it into a file and name that by Agent:JoinTokenFile:");
            Console.WriteLine(made?["token"]?.ToString());
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Remove()
    {
        var id = new Argument<string>("host") { Description = "Id or name of the host." };
        var command = new Command("remove", "Forgets a host and revokes its certificate.") { id };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var found = await IdOf(api, "/admin/hosts", "host", parse.GetRequiredValue(id), cancel);
            await api.Json(HttpMethod.Delete, $"/admin/hosts/{Uri.EscapeDataString(found)}", null, cancel);
            Console.WriteLine($"removed {found}");
            return ExitCode.Ok;
        });
        return command;
    }
}
