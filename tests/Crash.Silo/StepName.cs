using System.Collections;
using System.Reflection;
using Controller.Contracts;
using Controller.Grains.Persistence;

namespace Controller.Crash.Silo;

/// <summary>
/// Names a write by what it changes: <c>compute/create/Placing</c> is a new record, <c>compute/migrate/Migration.Phase=Moving+Generation</c> a change of one while it migrates. No ids, no
/// counts, no times: the same step has the same name in every run.
/// </summary>
internal static class StepName
{
    /// <summary>A change of these alone is no step: news, and what a retry notes.</summary>
    private static readonly HashSet<string> Chatter =
    [
        "Attempts", "Due", "LastError", "LastHeartbeat", "LeaseUntil", "Use", "Since", "Deadline", "Id", "Started", "RestartPending", "AgentConnected", "TotalBytes", "DoneBytes",
        "RemainingBytes", "DowntimeMilliseconds", "Ended", "Error", "Message", "Views", "BootId", "AgentVersion", "Unmanaged", "Guarded", "Unguarded", "Guest", "What", "Trace", "By", "Finished",
        "ObservedGeneration", "PowerGeneration", "Generation", "Seen", "Transfer", "Certificate", "Incarnation", "OverlayMtu", "Waits",
    ];

    /// <summary>Null: it changes nothing that counts.</summary>
    public static string? OfWrite(string kind, object? before, object? after)
    {
        var (old, next) = (RecordOf(before), RecordOf(after));
        if (next is null)
            return null;
        var changes = old is null ? State(next) : string.Join('+', Changes(old, next, ""));
        return changes.Length == 0 ? null : $"{kind}/{Doing(before, after)}/{changes}";
    }

    public static string OfClear(string kind, object? before) => $"{kind}/{Doing(before, null)}/gone";

    private static object? RecordOf(object? stored) => stored?.GetType().GetProperty("Record")?.GetValue(stored);

    private static string State(object record) => Member(record, "Phase")?.ToString() ?? Member(record, "State")?.ToString() ?? Member(record, "Status")?.ToString() ?? "new";

    private static object? Member(object of, string name) => of.GetType().GetProperty(name)?.GetValue(of);

    /// <summary>What is under way with it: before the write, and after.</summary>
    private static string Doing(object? before, object? after)
    {
        var words = Operations(before).Concat(Operations(after)).Distinct().ToArray();
        return words.Length == 0 ? "-" : string.Join('+', words);
    }

    private static IEnumerable<string> Operations(object? stored) =>
        stored is null || Member(stored, nameof(Stored<,>.Index)) is not EntityIndex index ? [] : (index.Operations ?? []).Select(o => o.What);

    private static IEnumerable<string> Changes(object old, object next, string within)
    {
        foreach (var property in next.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is not null && !Chatter.Contains(p.Name)))
        {
            var (was, now) = (property.GetValue(old), property.GetValue(next));
            if (Same(was, now))
                continue;
            // What is over is as good as none: a host's second loss has the first one's name.
            if (was is HostLoss { Over: not null })
                was = null;
            var name = within + property.Name;
            if (property.Name == "Operation")
                yield return was is null ? name + "=begun" : now is null ? name + "=ended" : name + "=next";
            else if (property.PropertyType.IsEnum)
                yield return $"{name}={now}";
            else if (was is not null && now is not null && IsPart(property.PropertyType))
            {
                foreach (var change in Changes(was, now, name + "."))
                    yield return change;
            }
            else
                yield return now is null or Array { Length: 0 } ? name + "=none" : name;
        }
    }

    /// <summary>A record of ours within the record, of which the changed members are worth naming.</summary>
    private static bool IsPart(Type type) => type.IsClass && type != typeof(string) && !typeof(IEnumerable).IsAssignableFrom(type) && type.Namespace?.StartsWith("Controller.", StringComparison.Ordinal) == true;

    private static bool Same(object? was, object? now) =>
        was is IEnumerable one and not string && now is IEnumerable other and not string ? one.Cast<object?>().SequenceEqual(other.Cast<object?>()) : Equals(was, now);
}
