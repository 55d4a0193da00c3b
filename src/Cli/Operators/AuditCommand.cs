using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Controller.Cli.Local;
using Controller.Cli.Output;
using static Controller.Cli.Operators.AdminTables;

namespace Controller.Cli.Operators;

/// <summary><c>controller audit</c></summary>
internal static class AuditCommand
{
    private const int PerPage = 1000;

    public static Command Create()
    {
        var entity = new Option<Guid?>("--entity") { Description = "Only what was done to the entity with that UUID.", HelpName = "UUID" };
        var user = new Option<string?>("--user") { Description = "Only what was done with the token of that name.", HelpName = "NAME" };
        var project = new Option<string?>("--project") { Description = "Only what that project did, or what was done to what it owns.", HelpName = "NAME" };
        var since = new Option<string?>("--since") { Description = "Only what was done since: 1d, 12h, 30m, or a time as in 2026-01-31T12:00:00Z.", HelpName = "WHEN" };
        var denied = new Option<bool>("--denied") { Description = "Only what was refused with 401, 403 or 404." };
        var limit = new Option<int>("--limit") { Description = "At most so many, the newest. jsonl has all of them, the oldest first.", DefaultValueFactory = _ => 100 };
        limit.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() < 1)
                r.AddError($"--limit must be 1 or more, found {r.GetValueOrDefault<int>()}");
        });
        var format = OutputFormat.Option("jsonl");
        var watching = new Watching();
        var command = new Command("audit", "Shows who did what to which entity, from where, and what came of it. Without the role operator: of the own project.") { entity, user, project, since, denied, limit, format };
        watching.AddTo(command);
        command.SetAction(async (parse, cancel) =>
        {
            var query = string.Join('&', new[]
            {
                parse.GetValue(entity) is { } id ? $"entity={id:D}" : null, Named("user", parse.GetValue(user)), Named("project", parse.GetValue(project)),
                Named("since", parse.GetValue(since) is { } when ? When(when) : null), parse.GetValue(denied) ? "denied=true" : null,
            }.Where(q => q is not null));
            using var api = Connection.Api(parse);
            if (parse.GetValue(format) == "jsonl")
                return await Export(api, query, cancel);
            return await watching.Run(
                parse, parse.GetValue(format)!, async now => AdminTables.Text(await Newest(api, query, parse.GetValue(limit), now), parse.GetValue(format)!,
                    [
                        Time("AT", "at"), ("USER", a => a["user"]?.ToString() ?? "nobody"), ("WHAT", What), Column("STATUS", "status"), Column("RESULT", "result"), Column("KIND", "kind"),
                        Column("ENTITY", "entity"), Column("FROM", "address"), Column("TRACE", "trace"), Column("AGENT", "userAgent"),
                    ],
                    Column("PROJECT", "project"), Column("ROLE", "role"), Column("REQUEST", "request")),
                cancel);
        });
        return command;
    }

    /// <summary>"POST /compute/0b7a…?action=start".</summary>
    public static string What(JsonNode entry) =>
        $"{entry["method"]} {entry["path"]}{(entry["action"] is { } action ? $"?action={action}" : "")}{(entry["times"]?.GetValue<int>() is > 1 and var times ? $" ({times} times)" : "")}";

    private static async Task<JsonArray> Newest(ApiClient api, string query, int limit, CancellationToken cancel)
    {
        var found = new JsonArray();
        JsonNode? before = null;
        do
        {
            var page = await api.Json(HttpMethod.Get, $"/admin/audit?{query}&limit={Math.Min(PerPage, limit - found.Count)}{(before is null ? "" : $"&before={before}")}", null, cancel);
            foreach (var entry in page?["entries"] as JsonArray ?? [])
                found.Add(entry?.DeepClone());
            before = page?["before"];
        }
        while (before is not null && found.Count < limit);
        return found;
    }

    private static async Task<int> Export(ApiClient api, string query, CancellationToken cancel)
    {
        using var answer = await api.Send(HttpMethod.Get, "/admin/audit/export?" + query, null, "application/x-ndjson", cancel);
        await using var output = Console.OpenStandardOutput();
        await answer.Content.CopyToAsync(output, cancel);
        return ExitCode.Ok;
    }

    private static string? Named(string name, string? value) => value is null ? null : $"{name}={Uri.EscapeDataString(value)}";

    private static string When(string text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && text.Contains('-', StringComparison.Ordinal)
        ? time.ToString("o", CultureInfo.InvariantCulture)
        : (TimeProvider.System.GetUtcNow() - Duration.Parse(text)).ToString("o", CultureInfo.InvariantCulture);
}
