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
        return text.ToString();

        void State(JsonNode entity, JsonNode? host)
        {
            Line($"It is {entity["state"] ?? "not visible"} ({entity["phase"]}). {entity["message"]}".TrimEnd());
            if (entity["operation"] is { } operation)
                Line($"Under way: {operation["what"]} since {operation["since"]}, until {operation["deadline"]} at most; attempts: {operation["attempts"]}. {operation["lastError"]}".TrimEnd());
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

    private static string Verdict(JsonNode host) => host["filter"]?.ToString() is { } filter ? "rejected: " + filter
        : "weight " + string.Join(" + ", (host["weights"] as JsonObject ?? []).Select(w => string.Create(CultureInfo.InvariantCulture, $"{w.Value} {w.Key}")));
}
