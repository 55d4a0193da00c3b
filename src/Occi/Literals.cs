using System.Globalization;

namespace Occi;

/// <summary>Numbers and booleans in text.</summary>
internal static class Literals
{
    /// <summary>
    /// The type of an unquoted value. What doesn't look like a JSON number stays text, so that 007 can still become the host name that
    /// its definition says it is; the definition decides in <see cref="Check"/>.
    /// </summary>
    public static AttributeValue Typed(string text)
    {
        if (text is "true" or "false")
            return AttributeValue.Of(text == "true");
        var digits = text.AsSpan(text[0] == '-' ? 1 : 0);
        var plain = digits.Length > 0 && char.IsAsciiDigit(digits[0]) && !(digits.Length > 1 && digits[0] == '0' && char.IsAsciiDigit(digits[1]));
        return plain && Number(text) is { } number ? AttributeValue.Of(number) : AttributeValue.Of(text);
    }

    /// <summary>A number with optional sign, fraction and exponent; null when it is none or too large.</summary>
    public static decimal? Number(ReadOnlySpan<char> text) =>
        decimal.TryParse(
            text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>A number as its definition asks for: decimals with a point and a digit behind it (GFD.229 §5.4).</summary>
    public static string Written(AttributeValue number, Attr? definition) =>
        definition?.Type == AttrType.Decimal && !number.Text.Contains('.', StringComparison.Ordinal) ? number.Text + ".0" : number.Text;
}
