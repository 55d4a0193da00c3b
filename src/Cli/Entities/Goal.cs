using System.Text.RegularExpressions;
using Occi;
using Occi.Infrastructure;

namespace Controller.Cli.Entities;

/// <summary>What <c>--wait</c> waits for.</summary>
internal static partial class Goal
{
    /// <summary>The state of an entity; null where its kind has none. Kinds of a provider's call theirs as they like, and end it in <c>.state</c>.</summary>
    public static string? StateOf(Representation entity) =>
        entity.Kind is { } kind && entity.Text($"occi.{kind.Term}.state") is { } state ? state
        : entity.Attributes.Where(a => a.Key.EndsWith(".state", StringComparison.Ordinal)).Select(a => a.Value.Text).ToArray() is [var only] ? only
        : null;

    /// <summary>Why the state is what it is; null where nothing is said.</summary>
    public static string? MessageOf(Representation entity) => entity.Kind is { } kind ? entity.Text($"occi.{kind.Term}.state.message") : null;

    /// <summary>
    /// Whether the message says that something is still under way ("Restarting.", "The volume is growing."): OCCI has no states for it, so a machine that is
    /// restarted is active all along.
    /// </summary>
    public static bool IsUnderWay(string? message) => message is not null && UnderWay().IsMatch(message);

    /// <summary>The state that a new entity comes to; null: it is enough that it exists.</summary>
    public static string? AfterCreate(TypeId kind) =>
        kind == Storage.Kind.Id ? "online"
        : kind == Compute.Kind.Id || kind == Network.Kind.Id || kind == NetworkInterface.Kind.Id || kind == StorageLink.Kind.Id || kind == Occi.Extension.SecurityGroupLink.Kind.Id ? "active"
        : null;

    /// <summary>The state that an action leads to; null where it leads to none of its own, or where nothing has to be waited for: only infrastructure takes its time.</summary>
    public static string? AfterAction(TypeId action) => action.Scheme.StartsWith(Compute.Kind.Id.Scheme.TrimEnd('#'), StringComparison.Ordinal) ? After(action.Term) : null;

    private static string? After(string term) => term switch
    {
        "start" or "restart" or "up" => "active",
        "stop" or "down" => "inactive",
        "suspend" => "suspended",
        "online" or "offline" => term,
        _ => null,
    };

    [GeneratedRegex(@"^(\p{Lu}\p{Ll}+ing|[^.]* is (being \w+|\w+ing))\.")]
    private static partial Regex UnderWay();
}
