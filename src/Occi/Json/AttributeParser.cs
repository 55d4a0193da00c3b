using System.Text.Json;

namespace Occi.Json;

/// <summary>
/// An <c>attributes</c> object (GFD.226 §3.5): full names as keys. Drafts nested an object per dot; such an object stands under a key
/// without a dot, which no attribute of an entity has, and is flattened.
/// </summary>
internal static class AttributeParser
{
    public static Parsed<Dictionary<string, AttributeValue>> Read(JsonPart? part)
    {
        var found = new Dictionary<string, AttributeValue>();
        if (part is null)
            return found;
        if (!part.IsObject)
            return part.Expected("an object");
        return Flatten(part, "", found) is { } error ? error : found;
    }

    /// <summary>One value; null isn't one.</summary>
    public static Parsed<AttributeValue> Value(JsonPart part)
    {
        switch (part.Kind)
        {
            case JsonTokenType.String:
                return AttributeValue.Of(part.Text);
            case JsonTokenType.True or JsonTokenType.False:
                return AttributeValue.Of(part.Kind == JsonTokenType.True);
            case JsonTokenType.Number:
                return Literals.Number(part.Text) is { } number ? AttributeValue.Of(number) : part.Expected("a number of at most 28 digits");
            case JsonTokenType.StartArray or JsonTokenType.StartObject:
                return AttributeValue.OfJson(part.Compact());
            default:
                return part.Expected("a string, number, boolean, array or object");
        }
    }

    private static ParseError? Flatten(JsonPart part, string prefix, Dictionary<string, AttributeValue> found)
    {
        foreach (var (key, member) in part.Members)
        {
            if (!Names.IsTerm(key) || prefix.Length + key.Length > Names.LongestTerm)
                return member.Fail($"expected an attribute's name, found '{Unfit.Shorten(key)}'");
            var name = prefix + key;
            if (member.IsObject && !key.Contains('.', StringComparison.Ordinal))
            {
                if (Flatten(member, name + ".", found) is { } error)
                    return error;
                continue;
            }
            var value = Value(member);
            if (value.Error is { } bad)
                return bad;
            if (!found.TryAdd(name, value.Value))
                return member.Fail($"{name} is given twice");
        }
        return null;
    }
}
