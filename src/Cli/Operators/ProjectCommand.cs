using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller project …</c></summary>
internal static class ProjectCommand
{
    private const decimal Gibibyte = 1L << 30;

    private static readonly (string Heading, Func<JsonNode, string?> Cell)[] Columns =
    [
        Column("ID", "id"), Column("NAME", "name"), Time("CREATED", "created"),
        ("COMPUTES", p => p["quota"]?["computes"]?.ToString()), ("CORES", p => p["quota"]?["cores"]?.ToString()),
        ("MEMORY", p => Gib(p["quota"]?["memoryBytes"])), ("DISK", p => Gib(p["quota"]?["diskBytes"])),
    ];

    private static readonly (string, Func<JsonNode, string?>)[] Wide =
        [("VOLUMES", p => p["quota"]?["volumes"]?.ToString()), ("NETWORKS", p => p["quota"]?["networks"]?.ToString()), ("ADDRESSES", p => p["quota"]?["addresses"]?.ToString())];

    public static Command Create() => new("project", "Projects, which entities belong to.") { Make(), List("Lists the projects and their quotas.", "/admin/projects", Columns, Wide), Quota(), Rename(), Delete() };

    private static Command Quota()
    {
        var project = new Argument<string>("project") { Description = "Name or id of the project." };
        var set = new Option<string[]>("--set") { Description = "A limit: computes, cores, memoryBytes, volumes, diskBytes, networks or addresses; \"none\" for no limit.", HelpName = "WHAT=N", DefaultValueFactory = _ => [] };
        var format = OutputFormat.Option();
        var command = new Command("quota", "Shows what a project uses and may use, and changes what it may.") { project, set, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var path = $"/admin/projects/{await OwnId(api, parse.GetRequiredValue(project), cancel)}/quota";
            var changes = new JsonObject();
            foreach (var change in parse.GetValue(set)!)
            {
                if (change.Split('=') is not [var what, var number] || !(number == "none" || long.TryParse(number, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out _)))
                    throw new CliException($"--set wants WHAT=NUMBER or WHAT=none, found {change}", ExitCode.Usage);
                changes[what] = number == "none" ? null : long.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
            }
            var amounts = await api.Json(changes.Count > 0 ? HttpMethod.Patch : HttpMethod.Get, path, changes.Count > 0 ? changes : null, cancel) as JsonObject ?? [];
            Console.Write(OutputFormat.Text(amounts, parse.GetValue(format)!, _ =>
                new Table("WHAT", "USED", "LIMIT").AddAll(amounts.Select(a => new[] { a.Key, a.Value?["used"]?.ToString() ?? "", a.Value?["limit"]?.ToString() ?? "none" })).ToString()));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>The id of a project that one may act in. The list of all projects is for admins.</summary>
    private static async Task<string> OwnId(ApiClient api, string idOrName, CancellationToken cancel)
    {
        var projects = (await api.Json(HttpMethod.Get, "/auth/session", null, cancel))?["projects"] as JsonArray ?? [];
        return projects.FirstOrDefault(p => p?["id"]?.ToString() == idOrName || p?["name"]?.ToString() == idOrName)?["id"]?.ToString()
            ?? throw new CliException($"there is no project {idOrName} of yours; there are: {string.Join(", ", projects.Select(p => Table.Plain(p?["name"]?.ToString() ?? "")))}");
    }

    private static Command Rename()
    {
        var project = new Argument<string>("project") { Description = "Name or id of the project." };
        var name = new Argument<string>("name") { Description = "Its new name." };
        var command = new Command("rename", "Gives a project another name.") { project, name };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var id = await IdOf(api, "/admin/projects", "project", parse.GetRequiredValue(project), cancel);
            Console.Write(Text([await api.Json(HttpMethod.Patch, $"/admin/projects/{id}", new JsonObject { ["name"] = parse.GetRequiredValue(name) }, cancel)], OutputFormat.Table, Columns));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Delete()
    {
        var project = new Argument<string>("project") { Description = "Name or id of the project." };
        var command = new Command("delete", "Deletes a project that owns nothing, with the roles in it and its tokens.") { project };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            await api.Json(HttpMethod.Delete, $"/admin/projects/{await IdOf(api, "/admin/projects", "project", parse.GetRequiredValue(project), cancel)}", null, cancel);
            Console.WriteLine($"deleted {parse.GetRequiredValue(project)}");
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Make()
    {
        var name = new Argument<string>("name") { Description = "Its name." };
        var computes = new Option<int?>("--computes") { Description = "At most so many computes.", HelpName = "N" };
        var cores = new Option<int?>("--cores") { Description = "At most so many cores.", HelpName = "N" };
        var memory = new Option<decimal?>("--memory") { Description = "At most so much memory.", HelpName = "GIB" };
        var disk = new Option<decimal?>("--disk") { Description = "At most so much disk space.", HelpName = "GIB" };
        var command = new Command("create", "Makes a project.") { name, computes, cores, memory, disk };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var quota = new JsonObject();
            if (parse.GetValue(computes) is { } maxComputes)
                quota["computes"] = maxComputes;
            if (parse.GetValue(cores) is { } maxCores)
                quota["cores"] = maxCores;
            if (parse.GetValue(memory) is { } maxMemory)
                quota["memoryBytes"] = (long)(maxMemory * Gibibyte);
            if (parse.GetValue(disk) is { } maxDisk)
                quota["diskBytes"] = (long)(maxDisk * Gibibyte);
            var made = await api.Json(HttpMethod.Post, "/admin/projects", new JsonObject { ["name"] = parse.GetRequiredValue(name), ["quota"] = quota }, cancel);
            Console.Write(Text([made], OutputFormat.Table, Columns));
            return ExitCode.Ok;
        });
        return command;
    }
}
