using System.Globalization;

namespace Occi;

/// <summary>The types that attribute values have on the wire (GFD.226 §3.5).</summary>
public enum ValueType
{
    /// <summary>Also URIs, enumerations and type identifiers.</summary>
    String,

    /// <summary>Integers and decimals.</summary>
    Number,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Boolean,

    /// <summary>An array or object, held as its JSON text.</summary>
    Json,
}

/// <summary>One attribute's value. Immutable; equal by type and content.</summary>
public readonly record struct AttributeValue
{
    private AttributeValue(ValueType type, string text) => (Type, Text) = (type, text);

    /// <summary>The value's type.</summary>
    public ValueType Type { get; }

    /// <summary>The string itself; the number in invariant form; <c>true</c>/<c>false</c>; the JSON document.</summary>
    public string Text { get => field ?? ""; }

    /// <summary>A string value.</summary>
    public static AttributeValue Of(string value) => new(ValueType.String, value);

    /// <summary>A number; trailing zeros are dropped, so 2.0 equals 2.</summary>
    public static AttributeValue Of(decimal value) => new(ValueType.Number, (value / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture));

    /// <summary>A boolean.</summary>
    public static AttributeValue Of(bool value) => new(ValueType.Boolean, value ? "true" : "false");

    /// <summary>An array or object, from its JSON text, which the caller has parsed before.</summary>
    public static AttributeValue OfJson(string json) => new(ValueType.Json, json);

    /// <summary>Restores a value from its two parts, as a message or a record carries them.</summary>
    public static AttributeValue Restore(ValueType type, string text) => new(type, text);

    /// <summary>The number; only where <see cref="Type"/> is <see cref="ValueType.Number"/>.</summary>
    public decimal AsNumber() => decimal.Parse(Text, NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>True for the boolean <c>true</c>.</summary>
    public bool AsBoolean() => Type == ValueType.Boolean && Text == "true";

    /// <summary>The value's text.</summary>
    public override string ToString() => Text;
}
