using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Controller.Cli.Output;

namespace Controller.Cli.Operators;

/// <summary>An explanation in words.</summary>
internal static class ExplainText
{
    public static string Of(JsonNode found)
    {
        var text = new StringBuilder();
        Line($"{found["kind"]} {found["id"]} of project {found["project"]}");
        if (found["now"] is { } now)
            State(now, found["host"]);
        else
            Line("It is not there: its creation was refused, or it was deleted.");
        if (found["placement"] is { } placed)
        {
            Line($"Placed at {placed["at"]} on host {placed["host"]}{(placed["host"]?.ToString() == found["now"]?["host"]?.ToString() ? "" : ", where it is not now")}:");
            Decision(placed["detail"]);
        }
        if (found["refusal"] is { } refused)
        {
            Line($"Refused a place at {refused["at"]} ({refused["outcome"]}): {refused["why"]}");
            Decision(refused["detail"]);
        }
        Timeline();
        return text.ToString();

        void Timeline()
        {
            var rows = Done(found);
            if (rows.Count == 0)
                return;
            Line("What was done, the newest last:");
            text.Append(new Table("AT", "WHAT", "BY", "RESULT", "TRACE").AddAll(rows.Select(r => (string[])[r.At, r.What, r.Who, r.Result, r.Trace])));
        }

        void State(JsonNode entity, JsonNode? host)
        {
            Line($"It is {entity["state"] ?? "not visible"} ({entity["phase"]}). {entity["message"]}".TrimEnd());
            foreach (var operation in entity["underWay"] is JsonArray all ? all.OfType<JsonNode>() : entity["operation"] is { } one ? [one] : [])
                Line($"Under way: {operation["what"]} since {operation["since"]}, {By(operation)}, until {operation["deadline"]} at most; attempts: {operation["attempts"]}. {operation["lastError"]}".TrimEnd());
            Line(host is null ? "It is on no host." : $"It is on host {host["name"] ?? host["id"]}, which is {host["status"]}. {host["why"]}".TrimEnd());
            if (entity["generation"]?.ToString() is { } wanted && entity["observedGeneration"]?.ToString() is { } seen and not "0" && wanted != seen)
                Line($"Its host has not yet done what is wanted now (generation {wanted}, done is {seen}).");
        }

        void Decision(JsonNode? detail)
        {
            foreach (var (_, filter) in detail?["rejected"] as JsonObject ?? [])
                Line($"  {filter?["hosts"]} host(s) rejected: {filter?["words"]}");
            var hosts = (detail?["hosts"] as JsonArray ?? []).OfType<JsonNode>().ToList();
            if (hosts.Count == 0)
                return;
            var table = new Table("HOST", "VERDICT", "FREE CORES", "FREE MEMORY", "FREE DISK").AddAll(hosts.Select(h => new[]
            {
                h["name"]?.ToString() ?? "", Verdict(h), h["freeCores"]?.ToString() ?? "", AdminTables.Gib(h["freeMemoryBytes"]) ?? "", AdminTables.Gib(h["freeDiskBytes"]) ?? "",
            }));
            text.Append(table);
        }

        void Line(string line) => text.Append(Table.Plain(line)).Append('\n');
    }

    /// <summary>What was done to it, as an explanation has it, the newest last.</summary>
    internal static IReadOnlyList<(string At, string What, string Who, string Result, string Trace)> Done(JsonNode found)
    {
        var past = (found["now"]?["past"] as JsonArray ?? []).OfType<JsonNode>().Select(p => (
            At: p["ended"]?.ToString() ?? "", What: $"{p["what"]} ended", Who: Who(p["by"]), Result: $"{p["state"]} {p["lastError"]}".TrimEnd(), Trace: p["trace"]?.ToString() ?? ""));
        var asked = (found["audit"] as JsonArray ?? []).OfType<JsonNode>().Select(a => (
            At: a["at"]?.ToString() ?? "", What: AuditCommand.What(a), Who: Who(a["user"]), Result: $"{a["status"]} {a["result"]}", Trace: a["trace"]?.ToString() ?? ""));
        return [.. past.Concat(asked).OrderBy(r => Time(r.At))];
    }

    /// <summary>A time as the server has it; what is none comes first.</summary>
    internal static DateTimeOffset Time(string? text) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : default;

    private static string Who(JsonNode? by) => by?.ToString() ?? "the controller";

    private static string By(JsonNode operation) => operation["by"] is { } by ? $"asked for by {by}" : "by itself";

    private static string Verdict(JsonNode host) => host["filter"]?.ToString() is { } filter ? "rejected: " + filter
        : "weight " + string.Join(" + ", (host["weights"] as JsonObject ?? []).Select(w => string.Create(CultureInfo.InvariantCulture, $"{w.Value} {w.Key}")));
}
