using System.Globalization;
using System.Text.Json.Nodes;
using Occi;

namespace Controller.Cli.Entities;

/// <summary>What is under way with an entity, in a few words, from an API that can explain it. Other OCCI servers can't, and are asked once.</summary>
internal sealed class Steps(ApiClient api)
{
    private bool _unknown;

    /// <summary>"[starting, 3 attempts: Host left-1 is unreachable: waiting for it.]"; null: nothing, or nobody says.</summary>
    public async Task<string?> Of(Representation entity, CancellationToken cancel)
    {
        if (_unknown || entity.Kind is not { } kind)
            return null;
        try
        {
            return Words(await api.Json(HttpMethod.Get, $"/admin/explain/{Uri.EscapeDataString(kind.Term)}/{entity.Uuid()}", null, cancel), Goal.MessageOf(entity));
        }
        catch (Exception e) when (e is RefusedException { Status: < 500 } or CliException)
        {
            _unknown = true;
            return null;
        }
        catch (RefusedException)
        {
            // Away for a moment, as the entity itself may be in the next.
            return null;
        }
    }

    /// <summary>The same, of an explanation. What the entity's own message says already is not said twice.</summary>
    internal static string? Words(JsonNode? explanation, string? said = null)
    {
        var now = explanation?["now"];
        JsonNode[] all = [.. now?["underWay"] is JsonArray several ? several.OfType<JsonNode>() : now?["operation"] is { } one ? [one] : []];
        return all.Length == 0 ? null : $"[{string.Join("; ", all.Select(o => Step(o, said)))}]";
    }

    private static string Step(JsonNode operation, string? said)
    {
        var attempts = int.TryParse(operation["attempts"]?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 1 ? string.Create(CultureInfo.InvariantCulture, $", {count} attempts") : "";
        return $"{operation["what"]}{attempts}{(operation["lastError"]?.ToString() is { Length: > 0 } why && said?.Contains(why, StringComparison.Ordinal) != true ? ": " + why : "")}";
    }
}
