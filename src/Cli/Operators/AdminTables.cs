using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;

namespace Controller.Cli.Operators;

/// <summary>Commands that show a list of the operator's endpoints, or one object of theirs.</summary>
internal static class AdminTables
{
    /// <summary>A command <c>list</c> over an endpoint that answers with an array.</summary>
    public static Command List(string description, string path, (string Heading, Func<JsonNode, string?> Cell)[] columns, params (string Heading, Func<JsonNode, string?> Cell)[] wide)
    {
        var (format, watching) = (OutputFormat.Option(), new Watching());
        var command = new Command("list", description) { format };
        watching.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            using var api = Connection.Api(parse);
            return await watching.Run(
                parse, parse.GetValue(format)!, async now => Text(await api.Json(HttpMethod.Get, path, null, now) as JsonArray ?? [], parse.GetValue(format)!, columns, wide), cancel);
        });
        return command;
    }

    /// <summary>Rows as a table, JSON or YAML.</summary>
    /// <param name="rows">What the server said.</param>
    /// <param name="format">As <c>-o</c> has it.</param>
    /// <param name="columns">What a table shows.</param>
    /// <param name="wide">What a wide one shows besides.</param>
    public static string Text(JsonArray rows, string format, (string Heading, Func<JsonNode, string?> Cell)[] columns, params (string Heading, Func<JsonNode, string?> Cell)[] wide) =>
        OutputFormat.Text(rows, format, all =>
        {
            (string Heading, Func<JsonNode, string?> Cell)[] shown = all ? [.. columns, .. wide] : columns;
            return new Table([.. shown.Select(c => c.Heading)]).AddAll(rows.OfType<JsonNode>().Select(row => shown.Select(c => c.Cell(row) ?? "").ToArray())).ToString();
        });

    /// <summary>An object as a table of its members, JSON or YAML.</summary>
    public static string Members(JsonObject found, string format, string heading) => OutputFormat.Text(found, format, _ =>
        new Table(heading, found["id"]?.ToString() ?? "").AddAll(found.Where(m => m.Key != "id" && m.Value is not null).Select(m => (string[])[m.Key, m.Value!.ToString()])).ToString());   // it was looked at

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
