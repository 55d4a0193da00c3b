using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
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

    public static Command Create() => new("project", "Projects, which entities belong to.") { Make(), List("Lists the projects and their quotas.", "/admin/projects", Columns) };

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
            Show([made], "table", Columns);
            return ExitCode.Ok;
        });
        return command;
    }
}
