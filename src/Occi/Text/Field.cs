namespace Occi.Text;

/// <summary>The four fields of the text renderings (GFD.229 §5).</summary>
internal enum FieldName
{
    Category,
    Link,
    Attribute,
    Location,
}

/// <summary>One field, from a header or from a line of a body.</summary>
/// <param name="Name">Which of the four.</param>
/// <param name="Value">What follows the colon.</param>
/// <param name="Where">The header's name or the line, for messages.</param>
/// <param name="Offset">Where in that line the value starts.</param>
internal readonly record struct Field(FieldName Name, string Value, string Where, int Offset)
{
    public const string Category = "Category";
    public const string Link = "Link";
    public const string Attribute = "X-OCCI-Attribute";
    public const string Location = "X-OCCI-Location";

    /// <summary>An error at <paramref name="at"/> in the value.</summary>
    public ParseError Fail(string message, int at) => new(message, Where, Offset + at);

    /// <summary>More of something than the reader takes.</summary>
    public ParseError TooMany(string what, int most) => new($"at most {most} {what} are taken, found more", Where, Offset) { TooLarge = true };

    /// <summary>Case and the aliases that are seen in the field do not matter.</summary>
    public static FieldName? Recognise(ReadOnlySpan<char> name) => name.Length switch
    {
        8 when Same(name, Category) => FieldName.Category,
        15 when Same(name, "X-OCCI-Category") || Same(name, "X_OCCI_Category") => FieldName.Category,
        4 when Same(name, Link) => FieldName.Link,
        11 when Same(name, "X-OCCI-Link") || Same(name, "X_OCCI_Link") => FieldName.Link,
        16 when Same(name, Attribute) || Same(name, "X_OCCI_Attribute") => FieldName.Attribute,
        15 when Same(name, Location) || Same(name, "X_OCCI_Location") => FieldName.Location,
        _ => null,
    };

    private static bool Same(ReadOnlySpan<char> a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
