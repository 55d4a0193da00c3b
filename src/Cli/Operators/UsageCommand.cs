using System.CommandLine;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller usage</c></summary>
internal static class UsageCommand
{
    public static Command Create()
    {
        var project = new Option<string?>("--project") { Description = "Only that one, by name or id.", HelpName = "PROJECT" };
        var from = new Option<string?>("--from") { Description = "From that day or time (UTC). Default: the month's beginning.", HelpName = "TIME" };
        var to = new Option<string?>("--to") { Description = "Until that day or time. Default: now.", HelpName = "TIME" };
        var intervals = new Option<bool>("--intervals") { Description = "What it is made of: which entity used how much, from when to when." };
        var format = OutputFormat.Option("csv");
        var command = new Command("usage", "What projects have used, by month.") { project, from, to, intervals, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var shown = parse.GetValue(format)!;
            var path = $"/admin/usage?format={(shown == "csv" ? "csv" : "json")}&intervals={(parse.GetValue(intervals) ? "true" : "false")}"
                + string.Concat(new[] { ("project", parse.GetValue(project)), ("from", parse.GetValue(from)), ("to", parse.GetValue(to)) }.Where(q => q.Item2 is not null).Select(q => $"&{q.Item1}={Uri.EscapeDataString(q.Item2!)}"));   // those that are there
            if (shown == "csv")
            {
                Console.Write(await api.Text(HttpMethod.Get, path, null, "text/csv", cancel));
                return ExitCode.Ok;
            }
            var report = await api.Json(HttpMethod.Get, path, null, cancel);
            if (parse.GetValue(intervals))
                Console.Write(Text(report?["intervals"] as JsonArray ?? [], shown, [Column("ENTITY", "entity"), Column("PROJECT", "project"), Column("WHAT", "what"), Column("QUANTITY", "quantity"), Time("FROM", "from"), Time("TO", "to")]));
            else
                Console.Write(Text(report?["lines"] as JsonArray ?? [], shown, [("PROJECT", l => (l["projectName"] ?? l["project"])?.ToString()), Column("MONTH", "month"), Column("WHAT", "what"), Column("AMOUNT", "amount"), Column("UNIT", "unit"), Column("ENTITIES", "entities")], Column("PROJECT ID", "project")));
            return ExitCode.Ok;
        });
        return command;
    }
}
