using System.Globalization;
using System.Text;
using Occi;
using Occi.Declared;

namespace Controller.Cli.Models;

/// <summary>The reference of all kinds, mixins and actions as Markdown, made from the model that requests are checked against.</summary>
internal static class Reference
{
    public static string Markdown(DeclaredModel model)
    {
        var text = new StringBuilder();
        text.Append("# Kinds, mixins and actions\n\n");
        text.Append("Generated from the model by `controller model --markdown --extensions platform,sla`; a test holds this page against it.\n");
        text.Append("*once*: settable at creation and never again. *server*: clients can't set it. Inherited attributes stand at the parent.\n");
        foreach (var (title, has) in new[] { ("The standard", (Func<Category, bool>)(c => !IsDeclared(model, c))), ("Declared by files", c => IsDeclared(model, c)) })
        {
            Category[] kinds = [.. model.Catalogue.Kinds.Where(has)], mixins = [.. model.Catalogue.Mixins.Where(has)];
            if (kinds.Length + mixins.Length == 0)
                continue;
            text.Append(CultureInfo.InvariantCulture, $"\n## {title}: kinds\n");
            foreach (var kind in kinds.Cast<Kind>())
                Show(text, kind, model);
            text.Append(CultureInfo.InvariantCulture, $"\n## {title}: mixins\n");
            foreach (var mixin in mixins.Cast<Mixin>())
                Show(text, mixin, model);
        }
        return text.ToString();
    }

    private static bool IsDeclared(DeclaredModel model, Category category) => model.Kinds.Contains(category) || model.Mixins.Contains(category);

    private static void Show(StringBuilder text, Kind kind, DeclaredModel model)
    {
        Head(text, kind, kind.Location);
        if (kind.Parent is { } parent)
            text.Append(CultureInfo.InvariantCulture, $"- parent: `{parent}`\n");
        if (model.LinkRuleOf(kind) is { } rule)
        {
            text.Append(CultureInfo.InvariantCulture, $"- from {Terms(rule.Source)} to {Terms(rule.Target)}{(rule.External ? " or a URI elsewhere" : "")}{(rule.Acyclic ? "; no way leads back" : "")}\n");
        }
        Attributes(text, kind.Attributes);
        Actions(text, kind.Actions);
        States(text, model.LifecycleOf(kind));
    }

    private static void Show(StringBuilder text, Mixin mixin, DeclaredModel model)
    {
        Head(text, mixin, mixin.Location);
        foreach (var depends in mixin.Depends)
            text.Append(CultureInfo.InvariantCulture, $"- depends on `{depends}`\n");
        if (mixin.Applies.Count > 0)
            text.Append(CultureInfo.InvariantCulture, $"- applies to {Terms(mixin.Applies)}\n");
        Attributes(text, mixin.Attributes);
        Actions(text, mixin.Actions);
        States(text, model.LifecyclesOf(Occi.Core.CoreKinds.Resource, [mixin]) is [var own, ..] ? own : null);
    }

    private static void Head(StringBuilder text, Category category, string? location)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n### {category.Id.Term}\n\n{category.Title}. `{category}`");
        text.Append(location is null ? "\n\n" : $", at `{location}`\n\n");
    }

    private static void Attributes(StringBuilder text, IReadOnlyList<Attr> attributes)
    {
        if (attributes.Count == 0)
            return;
        text.Append("\n| attribute | type | set by | required | default | |\n|---|---|---|---|---|---|\n");
        foreach (var a in attributes)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"| `{a.Name}` | {TypeOf(a)} | {(a.SetOnce ? "client, once" : a.Mutable ? "client" : "server")} | {(a.Required ? "yes" : "")} | {a.Default?.Text} | {a.Description} |\n");
        }
    }

    private static void Actions(StringBuilder text, IReadOnlyList<ActionType> actions)
    {
        if (actions.Count == 0)
            return;
        text.Append("\n| action | parameters | |\n|---|---|---|\n");
        foreach (var action in actions)
        {
            var parameters = string.Join(", ", action.Attributes.Select(a => $"`{a.Name}`: {TypeOf(a)}{(a.Required ? ", required" : "")}"));
            text.Append(CultureInfo.InvariantCulture, $"| `{action}` | {parameters} | {action.Title} |\n");
        }
    }

    private static void States(StringBuilder text, Lifecycle? lifecycle)
    {
        if (lifecycle is null)
            return;
        text.Append(CultureInfo.InvariantCulture, $"\nBegins as *{lifecycle.Initial}*.\n\n| from | action | to |\n|---|---|---|\n");
        foreach (var row in lifecycle.Transitions)
            text.Append(CultureInfo.InvariantCulture, $"| {string.Join(", ", row.From)} | {row.Action.Id.Term} | {row.To}{string.Concat(row.Stamps.Select(s => $"; sets `{s.Name}`"))} |\n");
    }

    private static string TypeOf(Attr attribute) => attribute switch
    {
        { Type: AttrType.Enumeration } => string.Join(", ", attribute.Values.Select(v => $"*{v}*")),
        { Type: AttrType.Whole } => "whole number" + Range(attribute),
        { Type: AttrType.Decimal } => "number" + Range(attribute),
        { Format: TextFormat.IpAddress } => "IP address",
        { Format: TextFormat.IpRange } => "range of addresses",
        { Format: TextFormat.IpAddressOrRange } => "IP address or range",
        { Format: TextFormat.DateTime } => "date and time",
        { Pattern: { } pattern } => $"text like {Code(pattern)}",
        { Type: AttrType.Uri } => "URI",
        _ => attribute.Type.ToString().ToLowerInvariant(),
    };

    // In a table a bar ends the cell, in code too; a backtick ends code that a single one began.
    private static string Code(string text)
    {
        var fence = text.Contains('`', StringComparison.Ordinal) ? "``" : "`";
        return fence + text.Replace("|", "\\|", StringComparison.Ordinal) + fence;
    }

    private static string Range(Attr a) => string.Concat(
        a.Min is { } min ? string.Create(CultureInfo.InvariantCulture, $", at least {min}") : "",
        a.MinExclusive is { } above ? string.Create(CultureInfo.InvariantCulture, $", above {above}") : "",
        a.Max is { } max ? string.Create(CultureInfo.InvariantCulture, $", at most {max}") : "");

    private static string Terms(IReadOnlyList<Kind> kinds) => string.Join(" or ", kinds.Select(k => $"`{k.Id.Term}`"));
}
