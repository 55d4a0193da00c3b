using Controller.Contracts;
using Occi;

namespace Controller.Grains.Entities;

/// <summary>How an update changes what was asked for (GFD.223 §10.2, §10.3). The API has checked types, ranges and mutability before.</summary>
internal static class Patch
{
    public static Dictionary<string, AttributeValue> Attributes(Dictionary<string, AttributeValue> present, UpdateEntity update)
    {
        var next = update.Replace ? [] : new Dictionary<string, AttributeValue>(present);
        foreach (var name in update.RemoveAttributes)
            next.Remove(name);
        foreach (var (name, value) in update.Attributes)
            next[name] = value;
        return next;
    }

    /// <summary>Mixins are added; of two templates of one kind the new one stays.</summary>
    public static string[] Mixins(string[] present, UpdateEntity update)
    {
        if (update.Replace)
            return update.Mixins;
        return [.. present.Except(update.RemoveMixins).Union(update.Mixins)];
    }

    public static Outcome? Refusal(UpdateEntity update, long version) =>
        update.IfVersion is { } wanted && wanted != version ? Moved(wanted, version) : null;

    public static Outcome? Refusal(DeleteEntity delete, long version) =>
        delete.IfVersion is { } wanted && wanted != version ? Moved(wanted, version) : null;

    public static Outcome? Refusal(InvokeAction action, long version) =>
        action.IfVersion is { } wanted && wanted != version ? Moved(wanted, version) : null;

    public static string? Text(this IReadOnlyDictionary<string, AttributeValue> attributes, Attr attr) =>
        attributes.TryGetValue(attr.Name, out var value) ? value.Text : null;

    public static decimal? Number(this IReadOnlyDictionary<string, AttributeValue> attributes, Attr attr) =>
        attributes.TryGetValue(attr.Name, out var value) && value.Type == Occi.ValueType.Number ? value.AsNumber() : null;

    private static Outcome Moved(long wanted, long version) =>
        new(OutcomeKind.Conflict, $"The entity has changed: version {wanted} was expected, it is at {version}. Read it again and decide again.");
}
