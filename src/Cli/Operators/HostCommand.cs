using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller host …</c></summary>
internal static class HostCommand
{
    private const string Hosts = "/admin/hosts";

    public static Command Create() => new("host", "Hypervisor hosts.")
    {
        List("Lists the hosts and what they can do.", Hosts,
            [Column("ID", "id"), Column("NAME", "name"), Column("STATUS", "status"), ("TAKES MACHINES", HostText.Takes), ("ZONE", h => h["settings"]?["zone"]?.ToString()),
            ("DRIVER", h => h["capabilities"]?["driver"]?.ToString()), ("CORES", h => HostText.Used(h, "cores", "usableCores", n => n?.ToString())),
            ("MEMORY", h => HostText.Used(h, "memoryBytes", "usableMemoryBytes", Gib)), ("MACHINES", h => h["use"]?["computes"]?.ToString()),
            ("UNMANAGED", h => HostText.Count(h["unmanaged"])), Time("LAST SEEN", "lastSeen"), Column("WHY", "why")],
            Column("AGENT", "agentVersion"), ("HYPERVISOR", h => h["capabilities"]?["hypervisor"]?.ToString()), ("KERNEL", h => h["capabilities"]?["kernel"]?.ToString()),
            ("VOLUMES", h => h["use"]?["volumes"]?.ToString()), ("DISK", h => HostText.Used(h, "diskBytes", "usableDiskBytes", Gib)), ("FEATURES", h => h["capabilities"]?["features"] is JsonArray all ? string.Join(' ', all.Select(f => f?.ToString())) : null)),
        Show(), Token(), Approve(), HostDrainCommand.Create(), Undrain(), HostSetCommand.Create(), Adopt(), Remove(), FenceCommand.Create(),
    };

    /// <summary>The argument that names a host.</summary>
    public static Argument<string> Name() => new("host") { Description = "Id or name of the host." };

    /// <summary>Where the host that is meant is.</summary>
    public static async Task<string> PathOf(ApiClient api, string name, CancellationToken cancel) =>
        $"{Hosts}/{Uri.EscapeDataString(await IdOf(api, Hosts, "host", name, cancel))}";

    private static Command Show()
    {
        var (id, format) = (Name(), OutputFormat.OfWords());
        var watching = new Watching();
        var command = new Command("show", "Shows a host: capacity, claims, versions, what an operator decided, a drain's outcome, domains that are not ours.") { id, format };
        watching.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var path = await PathOf(api, parse.GetRequiredValue(id), cancel);
            return await watching.Run(parse, parse.GetValue(format)!, async now =>
            {
                var host = await api.Json(HttpMethod.Get, path, null, now);
                return OutputFormat.Text(host, parse.GetValue(format)!, _ => HostText.Of(host!));   // a host that was found is never null
            }, cancel);
        });
        return command;
    }

    private static Command Token()
    {
        var life = new Option<string>("--expires") { Description = "How long it can be used: 1h, 30m, …", HelpName = "DURATION", DefaultValueFactory = _ => "1h" };
        var pending = new Option<bool>("--needs-approval") { Description = "The host that uses it waits for \"host approve\" before it takes machines. Default: as the API's Hosts:AutoApprove says." };
        var command = new Command("token", "Makes a join token, good for one agent, and prints it; or lists and revokes them.") { life, pending, Tokens(), RevokeToken() };
        command.SetAction(async (parse, cancel) =>
        {
            var wanted = new JsonObject { ["ttlSeconds"] = (long)Duration.Parse(parse.GetValue(life)!).TotalSeconds };
            if (parse.GetValue(pending))
                wanted["needsApproval"] = true;
            using var api = Connection.Api(parse);
            var made = await api.Json(HttpMethod.Post, Hosts + "/join-tokens", wanted, cancel);
            var then = made?["needsApproval"]?.GetValue<bool>() == true ? "; its host then waits for \"controller host approve\"" : "";
            Console.Error.WriteLine($"good for one agent until {made?["expires"]}{then}; put it into a file and name that by Agent:JoinTokenFile:");
            Console.WriteLine(made?["token"]?.ToString());
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Tokens() => List("Lists the join tokens, without their secrets.", Hosts + "/join-tokens",
        [Column("ID", "id"), Column("STATE", "state"), Column("BY", "createdBy"), Time("CREATED", "created"), Time("EXPIRES", "expires"), Column("HOST", "host"), Time("REVOKED", "revoked")]);

    private static Command RevokeToken()
    {
        var id = new Argument<Guid>("token") { Description = "Id of the token, as \"host token list\" shows it." };
        var command = new Command("revoke", "No host joins with the token any more. One that did stays: \"host remove\" revokes its certificate.") { id };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            await api.Json(HttpMethod.Delete, $"{Hosts}/join-tokens/{parse.GetValue(id):D}", null, cancel);
            Console.WriteLine($"revoked {parse.GetValue(id):D}");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Approve() => Order("approve", "Lets a host in that waits for approval.", "approved");

    private static Command Undrain() => Order("undrain", "Ends a drain, finished or not: the host takes machines again. What was moved stays where it is.", "takes machines again:");

    private static Command Order(string name, string description, string done)
    {
        var id = Name();
        var command = new Command(name, description) { id };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var host = await api.Json(HttpMethod.Post, $"{await PathOf(api, parse.GetRequiredValue(id), cancel)}/{name}", null, cancel);
            Console.WriteLine($"{done} {host?["name"]} ({host?["id"]})");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Adopt()
    {
        var (id, machine) = (Name(), new Argument<Guid>("machine") { Description = "UUID of the machine, as \"host show\" lists it among the unmanaged." });
        var project = new Option<string>("--project") { Description = "Id or name of the project whose compute it becomes.", HelpName = "PROJECT", Required = true };
        var incarnation = new Option<Guid?>("--incarnation") { Description = "Where the host has more than one of it.", HelpName = "UUID" };
        var command = new Command("adopt", "Makes a machine that is on a host and that nothing is known of a compute of a project, as it is: it is neither stopped nor restarted.") { id, machine, project, incarnation };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var wanted = new JsonObject
            {
                ["machine"] = parse.GetValue(machine).ToString("D"), ["project"] = await IdOf(api, "/admin/projects", "project", parse.GetValue(project)!, cancel),
            };
            if (parse.GetValue(incarnation) is { } one)
                wanted["incarnation"] = one.ToString("D");
            var done = await api.Json(HttpMethod.Post, $"{await PathOf(api, parse.GetRequiredValue(id), cancel)}/adopt", wanted, cancel);
            Console.WriteLine($"adopted: compute {done?["compute"]} of project {done?["project"]}, {done?["state"]}");
            foreach (var storage in done?["storages"] as JsonArray ?? [])
                Console.WriteLine($"adopted: storage {storage}");
            if (done?["message"]?.ToString() is { Length: > 0 } message)
                Console.WriteLine(Table.Plain(message));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Remove()
    {
        var id = Name();
        var force = new Option<bool>("--force") { Description = "Also if machines and volumes are on it: only of an unreachable host, which is gone for ever. They are lost, and say so." };
        var command = new Command("remove", "Forgets a host and revokes its certificate; refused while a machine or a volume is on it.") { id, force };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var path = await PathOf(api, parse.GetRequiredValue(id), cancel);
            await api.Json(HttpMethod.Delete, parse.GetValue(force) ? path + "?force=true" : path, null, cancel);
            Console.WriteLine($"removed {path[(path.LastIndexOf('/') + 1)..]}");
            return ExitCode.Ok;
        });
        return command;
    }
}
