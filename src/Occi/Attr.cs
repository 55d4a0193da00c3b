namespace Occi;

/// <summary>What an attribute may hold, finer than <see cref="ValueType"/>.</summary>
public enum AttrType
{
    /// <summary>Any text.</summary>
    Text,

    /// <summary>A URI or URI reference.</summary>
    Uri,

    /// <summary>One of <see cref="Attr.Values"/>.</summary>
    Enumeration,

    /// <summary>A whole number: rendered without a point.</summary>
    Whole,

    /// <summary>A decimal number: rendered with a point.</summary>
    Decimal,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A JSON array.</summary>
    Array,

    /// <summary>A JSON object.</summary>
    Object,
}

/// <summary>What the text of an <see cref="AttrType.Text"/> attribute is, where a pattern can't tell.</summary>
public enum TextFormat
{
    /// <summary>Anything.</summary>
    Any,

    /// <summary>An IPv4 or IPv6 address.</summary>
    IpAddress,

    /// <summary>A range of addresses in CIDR notation, <c>10.9.0.0/24</c>.</summary>
    IpRange,

    /// <summary>Either: examples in the specification show both.</summary>
    IpAddressOrRange,

    /// <summary>A date, or a date and time, of ISO 8601: a point in time and no duration.</summary>
    DateTime,
}

/// <summary>An attribute definition (GFD.221 §5.3.2). Described once, in the file of the kind, mixin or action that owns it.</summary>
/// <param name="Name">Full dotted name on the wire; <c>occi.</c> is reserved for the standard.</param>
/// <param name="Type">What it may hold.</param>
/// <param name="Description">For people; units included.</param>
public sealed record Attr(string Name, AttrType Type, string Description)
{
    /// <summary>Whether a client may set and change it. False: the server's alone.</summary>
    public bool Mutable { get; init; } = true;

    /// <summary>
    /// Whether a client may set it at creation and never again (D-22, D-35), whatever <see cref="Mutable"/> tells the world: the renderings
    /// know no such thing.
    /// </summary>
    public bool SetOnce { get; init; }

    /// <summary>Whether a client's value counts at creation.</summary>
    public bool SettableAtCreation => Mutable || SetOnce;

    /// <summary>Whether a client may change it later.</summary>
    public bool Changeable => Mutable && !SetOnce;

    /// <summary>Whether the client must supply a value at creation, where no default does.</summary>
    public bool Required { get; init; }

    /// <summary>The value when the client gives none.</summary>
    public AttributeValue? Default { get; init; }

    /// <summary>Smallest number allowed, inclusive.</summary>
    public decimal? Min { get; init; }

    /// <summary>Smallest number, itself not allowed.</summary>
    public decimal? MinExclusive { get; init; }

    /// <summary>Largest number allowed, inclusive.</summary>
    public decimal? Max { get; init; }

    /// <summary>The values of an <see cref="AttrType.Enumeration"/>; empty for other types.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>A regular expression that the whole text must match (POSIX ERE, so that it may be rendered).</summary>
    public string? Pattern { get; init; }

    /// <summary>What the text is.</summary>
    public TextFormat Format { get; init; }

    /// <summary>The JSON rendering's type (GFD.226 §3.5.1).</summary>
    public ValueType ValueType => Type switch
    {
        AttrType.Whole or AttrType.Decimal => ValueType.Number,
        AttrType.Boolean => ValueType.Boolean,
        AttrType.Array or AttrType.Object => ValueType.Json,
        _ => ValueType.String,
    };
}
