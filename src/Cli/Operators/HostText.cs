using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Controller.Cli.Output;

namespace Controller.Cli.Operators;

/// <summary>A host in words.</summary>
internal static class HostText
{
    /// <summary>Whether new machines come to it, and if not, why.</summary>
    public static string Takes(JsonNode host) =>
        host["removing"]?.GetValue<bool>() == true ? "no, is being removed"
        : host["admission"]?.ToString() == "pending" ? "no, needs approval"
        : host["drain"] is { } drain ? drain["finished"] is null ? "no, is being drained" : "no, drained"
        : host["status"]?.ToString() == "up" ? "yes" : "no";

    /// <summary>"3 of 16".</summary>
    public static string? Used(JsonNode host, string used, string usable, Func<JsonNode?, string?> show) =>
        host["use"] is { } use ? $"{show(use[used])} of {show(use[usable])}" : null;

    public static string Count(JsonNode? array) => ((array as JsonArray)?.Count ?? 0).ToString(CultureInfo.InvariantCulture);

    /// <summary>All of it.</summary>
    public static string Of(JsonNode host)
    {
        var can = host["capabilities"];
        var set = host["settings"];
        var lines = new Table("HOST", host["name"]?.ToString() ?? "");
        Add("id", host["id"]?.ToString());
        Add("status", $"{host["status"]} {host["why"]}".TrimEnd());
        Add("takes machines", Takes(host));
        Add("last seen", host["lastSeen"]?.ToString());
        Add("zone", set?["zone"]?.ToString() ?? "none");
        Add("driver", can is null ? null : $"{can["driver"]}: {can["hypervisor"]}");
        Add("versions", can is null ? null : $"agent {host["agentVersion"]}, kernel {can["kernel"]}, {can["architecture"]}");
        Add("features", (can?["features"] as JsonArray) is { } features ? string.Join(", ", features.Select(f => f?.ToString())) : null);
        Add("cores", can is null ? null : $"{can["cores"]}, claimed {Used(host, "cores", "usableCores", n => n?.ToString())}; reserved {set?["reservedCores"]}, ratio {set?["coresRatio"]?.ToString() ?? "default"}");
        Add("memory", can is null ? null : $"{AdminTables.Gib(can["memoryBytes"])}, claimed {Used(host, "memoryBytes", "usableMemoryBytes", AdminTables.Gib)}; reserved {AdminTables.Gib(set?["reservedMemoryBytes"])}, ratio {set?["memoryRatio"]?.ToString() ?? "default"}");
        Add("disk", can is null ? null : $"{AdminTables.Gib(can["diskBytes"])}, claimed {Used(host, "diskBytes", "usableDiskBytes", AdminTables.Gib)}; reserved {AdminTables.Gib(set?["reservedDiskBytes"])}, ratio {set?["diskRatio"]?.ToString() ?? "default"}");
        Add("placed", host["use"] is { } use ? $"{use["computes"]} machine(s), {use["volumes"]} volume(s)" : null);
        Add("unmanaged", string.Join(", ", (host["unmanaged"] as JsonArray ?? []).Select(u => $"{(u?["name"]?.ToString() is { Length: > 0 } name ? name : u?["uuid"])} ({u?["power"]}{(u?["incarnation"] is null ? "" : ", can be adopted")})")));
        return lines + (host["drain"] is null ? "" : "\n" + Drain(host));

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                lines.Add(name, value);
        }
    }

    /// <summary>What became of each thing that was on it.</summary>
    public static string Drain(JsonNode host)
    {
        if (host["drain"] is not { } drain)
            return $"{host["name"]} is not being drained (any more)\n";
        var text = new StringBuilder().Append(
            CultureInfo.InvariantCulture,
            $"drain of {host["name"]} ({drain["method"]}, stop {drain["stop"]}), ordered by {drain["by"]} at {drain["since"]}: {(drain["finished"] is { } end ? "ended at " + end : "under way")}\n");
        var rows = (drain["objects"] as JsonArray ?? []).OfType<JsonNode>().ToList();
        return rows.Count == 0 ? text.Append("nothing was on it\n").ToString() : text.Append(new Table("WHAT", "ID", "TITLE", "OUTCOME", "TO", "WHY").AddAll(rows.Select(r => new[]
        {
            r["term"]?.ToString() ?? "", r["id"]?.ToString() ?? "", r["title"]?.ToString() ?? "", r["state"]?.ToString() ?? "", r["to"]?.ToString() ?? "", r["why"]?.ToString() ?? "",
        }))).ToString();
    }

    /// <summary>How far a drain is: "host-1: 2 of 3 are off it; left: web (moving: 12% is copied)".</summary>
    public static string Progress(JsonNode host)
    {
        var all = (host["drain"]?["objects"] as JsonArray ?? []).OfType<JsonNode>().ToList();
        var left = all.Where(o => o["state"]?.ToString() is not ("moved" or "gone" or "stopped")).ToList();
        return Table.Plain($"{host["name"]}: {all.Count - left.Count} of {all.Count} are off it{(left.Count == 0 ? "" : "; left: " + string.Join(", ", left.Take(5).Select(Word)) + (left.Count > 5 ? $" and {left.Count - 5} more" : ""))}");

        static string Word(JsonNode one) => $"{(one["title"]?.ToString() is { Length: > 0 } title ? title : one["id"])} ({one["state"]}{(one["why"]?.ToString() is { Length: > 0 } why ? ": " + why : "")})";
    }

    /// <summary>Whether something runs there still, or has its data there.</summary>
    public static bool IsLeft(JsonNode host) =>
        host["drain"]?["objects"] is JsonArray objects && objects.Any(o => o?["state"]?.ToString() is not ("moved" or "gone" or "stopped"));
}
