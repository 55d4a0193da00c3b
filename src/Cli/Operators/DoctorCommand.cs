using System.CommandLine;
using System.Globalization;
using System.Text;
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
        var format = OutputFormat.OfWords();
        var command = new Command("doctor", "Looks for what does not fit together, and names the command that sets it right. Changes nothing. Exit code 4: something was found.") { deep, format };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var report = await api.Json(HttpMethod.Get, parse.GetValue(deep) ? "/admin/doctor?deep=true" : "/admin/doctor", null, cancel) as JsonObject ?? [];
            var findings = (report["findings"] as JsonArray ?? []).OfType<JsonNode>().ToList();
            Console.Write(OutputFormat.Text(report, parse.GetValue(format)!, _ => Words(report, findings)));
            return findings.Count == 0 ? ExitCode.Ok : ExitCode.Found;
        });
        return command;
    }

    private static string Words(JsonObject report, List<JsonNode> findings)
    {
        var text = new StringBuilder().Append(new Table("LOOKED AT", "FOUND", "SECONDS").AddAll((report["looked"] as JsonArray ?? []).OfType<JsonNode>().Select(l => (string[])
            [l["what"]?.ToString() ?? "", l["findings"]?.ToString() ?? "", l["seconds"]?.GetValue<double>().ToString("0.000", CultureInfo.InvariantCulture) ?? ""])));
        foreach (var finding in findings)
        {
            text.Append('\n').Append(Table.Plain($"{finding["code"]}: {finding["about"]}")).Append('\n')
                .Append(Table.Plain($"  {finding["why"]}")).Append('\n').Append(Table.Plain($"  repair: {finding["repair"]}")).Append('\n');
        }
        return text.Append(findings.Count == 0 ? "\nNothing was found.\n" : string.Create(CultureInfo.InvariantCulture, $"\n{findings.Count} finding(s).\n")).ToString();
    }
}
