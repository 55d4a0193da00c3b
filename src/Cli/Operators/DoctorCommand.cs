using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;

namespace Controller.Cli.Operators;

/// <summary><c>controller doctor</c></summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var deep = new Option<bool>("--deep") { Description = "Also asks each entity's grain whether its row is its own: a while in a large cloud." };
        var format = OutputFormat.Option("text", "json");
        var command = new Command("doctor", "Looks for what does not fit together, and names the command that sets it right. Changes nothing. Exit code 4: something was found.") { deep, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var report = await api.Json(HttpMethod.Get, parse.GetValue(deep) ? "/admin/doctor?deep=true" : "/admin/doctor", null, cancel) as JsonObject ?? [];
            var findings = (report["findings"] as JsonArray ?? []).OfType<JsonNode>().ToList();
            if (parse.GetValue(format) == "json")
                Console.WriteLine(report.ToJsonString(new() { WriteIndented = true }));
            else
                Print(report, findings);
            return findings.Count == 0 ? ExitCode.Ok : ExitCode.Found;
        });
        return command;
    }

    private static void Print(JsonObject report, List<JsonNode> findings)
    {
        Console.Write(new Table("LOOKED AT", "FOUND", "SECONDS").AddAll((report["looked"] as JsonArray ?? []).OfType<JsonNode>().Select(l => (string[])
            [l["what"]?.ToString() ?? "", l["findings"]?.ToString() ?? "", l["seconds"]?.GetValue<double>().ToString("0.000", CultureInfo.InvariantCulture) ?? ""])));
        foreach (var finding in findings)
        {
            Console.WriteLine();
            Console.WriteLine(Table.Plain($"{finding["code"]}: {finding["about"]}"));
            Console.WriteLine(Table.Plain($"  {finding["why"]}"));
            Console.WriteLine(Table.Plain($"  repair: {finding["repair"]}"));
        }
        Console.WriteLine(findings.Count == 0 ? "\nNothing was found." : $"\n{findings.Count} finding(s).");
    }
}
