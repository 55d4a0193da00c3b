using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Occi.Json;

namespace Occi.Checking;

/// <summary>
/// A value as its definition wants it (D-30): what a client left unquoted becomes text where text is wanted, quoted numbers become
/// numbers. The value, or what is wrong with it.
/// </summary>
internal static class Coerce
{
    private const decimal LargestWhole = 9_007_199_254_740_991;   // 2^53-1: what every JSON reader keeps exact

    private static readonly SearchValues<char> DottedQuad = SearchValues.Create("0123456789.");

    // Without backtracking: no pattern and no input can make it slow.
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private static readonly string[] DateTimes =
    [
        "yyyy-MM-dd", .. new[] { "HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF" }.Select(time => $"yyyy-MM-dd'T'{time}K"),
    ];

    private static readonly ConcurrentDictionary<string, Regex> Patterns = new();

    public static (AttributeValue Value, string? Error) To(Attr attribute, AttributeValue found) => attribute.Type switch
    {
        AttrType.Whole or AttrType.Decimal => Number(attribute, found),
        AttrType.Boolean => found.Text is "true" or "false" && found.Type != ValueType.Json
            ? (AttributeValue.Of(found.Text == "true"), null)
            : Wrong(attribute, "true or false", found),
        AttrType.Array => Document(attribute, found, '[', "an array"),
        AttrType.Object => Document(attribute, found, '{', "an object"),
        _ => found.Type == ValueType.Json ? Wrong(attribute, "text", found) : Text(attribute, AttributeValue.Of(found.Text)),
    };

    private static (AttributeValue, string?) Number(Attr attribute, AttributeValue found)
    {
        var wanted = attribute.Type == AttrType.Whole ? "a whole number" : "a number";
        if (found.Type is not (ValueType.Number or ValueType.String) || Literals.Number(found.Text.AsSpan().Trim()) is not { } number)
            return Wrong(attribute, wanted, found);
        if (attribute.Type == AttrType.Whole && (decimal.Truncate(number) != number || Math.Abs(number) > LargestWhole))
            return Wrong(attribute, wanted, found);
        if (number < attribute.Min || number > attribute.Max || number <= attribute.MinExclusive)
            return Wrong(attribute, $"{wanted} {Range(attribute)}", found);
        return (AttributeValue.Of(number), null);
    }

    private static string Range(Attr attribute)
    {
        string[] limits =
        [
            .. attribute.Min is { } min ? [$"of at least {Plain(min)}"] : Array.Empty<string>(),
            .. attribute.MinExclusive is { } above ? [$"above {Plain(above)}"] : Array.Empty<string>(),
            .. attribute.Max is { } max ? [$"of at most {Plain(max)}"] : Array.Empty<string>(),
        ];
        return string.Join(" and ", limits);
    }

    private static string Plain(decimal number) => number.ToString(CultureInfo.InvariantCulture);

    private static (AttributeValue, string?) Text(Attr attribute, AttributeValue text)
    {
        if (attribute.Type == AttrType.Uri && !Names.IsUriReference(text.Text))
            return Wrong(attribute, "a URI", text);
        if (attribute.Type == AttrType.Enumeration && !attribute.Values.Contains(text.Text))
        {
            return attribute.Values.FirstOrDefault(v => v.Equals(text.Text, StringComparison.OrdinalIgnoreCase)) is { } otherCase   // D-44
                ? (AttributeValue.Of(otherCase), null)
                : Wrong(attribute, $"one of {string.Join(", ", attribute.Values)}", text);
        }
        if (attribute.Pattern is { } pattern && !Whole(pattern).IsMatch(text.Text))
            return Wrong(attribute, $"text that matches {pattern}", text);
        return attribute.Format switch
        {
            TextFormat.IpAddress when !IsAddress(text.Text) => Wrong(attribute, "an IPv4 or IPv6 address", text),
            TextFormat.IpRange when !IsRange(text.Text) => Wrong(attribute, "a range of addresses, such as 10.9.0.0/24", text),
            TextFormat.IpAddressOrRange when !IsAddress(text.Text) && !IsRange(text.Text) =>
                Wrong(attribute, "an IPv4 or IPv6 address, perhaps with /length", text),
            TextFormat.DateTime when !IsDateTime(text.Text) => Wrong(attribute, "a date and time such as 2026-01-31T18:30:00Z", text),
            _ => (text, null),
        };
    }

    // The text renderings carry a JSON document in a quoted string.
    private static (AttributeValue, string?) Document(Attr attribute, AttributeValue found, char start, string wanted)
    {
        if (found.Type is ValueType.Number or ValueType.Boolean || !found.Text.AsSpan().TrimStart().StartsWith([start]))
            return Wrong(attribute, wanted, found);
        var parsed = JsonPart.Parse(found.Text);
        return parsed.Ok ? (AttributeValue.OfJson(parsed.Value!.Compact()), null) : (found, $"{attribute.Name}: {parsed.Error!.Message}");
    }

    private static bool IsAddress(ReadOnlySpan<char> text) =>
        IPAddress.TryParse(text, out var address)   // which takes "1" and "0x7f.1" for addresses too
        && (address.AddressFamily == AddressFamily.InterNetworkV6
            ? !text.ContainsAny('[', '%')
            : text.Count('.') == 3 && !text.ContainsAnyExcept(DottedQuad));

    private static bool IsRange(ReadOnlySpan<char> text)
    {
        var slash = text.IndexOf('/');
        return slash > 0 && IsAddress(text[..slash])
            && int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            && length <= (text.Contains(':') ? 128 : 32);
    }

    // ISO 8601 in its extended form, as far as people and RFC 3339 use it; without an offset it is UTC.
    private static bool IsDateTime(string text) => DateTime.TryParseExact(
        text, DateTimes, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out _);

    /// <summary>Why a pattern of somebody else's can't be used; null: it can.</summary>
    public static string? WhyNoPattern(string pattern)
    {
        try
        {
            _ = new Regex(pattern, Options);
            _ = new Regex(Anchored(pattern), Options);
            return null;
        }
        catch (Exception bad) when (bad is ArgumentException or NotSupportedException)
        {
            return bad.Message;
        }
    }

    private static Regex Whole(string pattern) => Patterns.GetOrAdd(pattern, p => new Regex(Anchored(p), Options));

    private static string Anchored(string pattern) => $@"\A(?:{pattern})\z";

    private static (AttributeValue, string?) Wrong(Attr attribute, string wanted, AttributeValue found) =>
        (found, $"{attribute.Name}: expected {wanted}, found {Shown(found)}");

    private static string Shown(AttributeValue value) =>
        value.Type == ValueType.String ? $"\"{Unfit.Shorten(value.Text)}\"" : Unfit.Shorten(value.Text);
}
