using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;

namespace Controller.Cli.Operators;

/// <summary>Commands that show a list of the operator's endpoints, or one object of theirs.</summary>
internal static class AdminTables
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>A command <c>list</c> over an endpoint that answers with an array.</summary>
    public static Command List(string description, string path, params (string Heading, Func<JsonNode, string?> Cell)[] columns)
    {
        var format = OutputFormat.Option("table", "json");
        var command = new Command("list", description) { format };
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            var rows = await api.Json(HttpMethod.Get, path, null, cancel) as JsonArray ?? [];
            Show(rows, parse.GetValue(format)!, columns);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Shows rows as a table or as JSON.</summary>
    public static void Show(JsonArray rows, string format, params (string Heading, Func<JsonNode, string?> Cell)[] columns) =>
        Console.Write(format == "json"
            ? rows.ToJsonString(Indented) + "\n"
            : new Table([.. columns.Select(c => c.Heading)]).AddAll(rows.OfType<JsonNode>().Select(row => columns.Select(c => c.Cell(row) ?? "").ToArray())).ToString());

    /// <summary>A column that shows a member as it is.</summary>
    public static (string Heading, Func<JsonNode, string?> Cell) Column(string heading, string member) => (heading, row => row[member]?.ToString());

    /// <summary>A column that shows a time without fractions of a second.</summary>
    public static (string Heading, Func<JsonNode, string?> Cell) Time(string heading, string member) =>
        (heading, row => DateTimeOffset.TryParse(row[member]?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : null);

    /// <summary>Bytes as GiB.</summary>
    public static string? Gib(JsonNode? bytes) =>
        decimal.TryParse(bytes?.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var count)
            ? (count / (1L << 30)).ToString("0.##", CultureInfo.InvariantCulture) + " GiB" : null;

    /// <summary>The id of what has that id or that name.</summary>
    /// <exception cref="CliException">Nothing, or more than one thing.</exception>
    public static async Task<string> IdOf(ApiClient api, string path, string what, string name, CancellationToken cancel)
    {
        var rows = await api.Json(HttpMethod.Get, path, null, cancel) as JsonArray ?? [];
        string[] ids = [.. rows.Where(r => r?["id"]?.ToString() == name || r?["name"]?.ToString() == name).Select(r => r!["id"]!.ToString())];
        return ids switch
        {
            [var id] => id,
            [] => throw new CliException($"there is no {what} with the id or name \"{name}\""),
            _ => throw new CliException($"more than one {what} is called \"{name}\": {string.Join(", ", ids)}"),
        };
    }
}
