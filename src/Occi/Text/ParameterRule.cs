namespace Occi.Text;

/// <summary><c>name=value</c>, the value quoted or not; the cursor is past the name.</summary>
internal static class ParameterRule
{
    /// <summary>The value as text.</summary>
    public static Parsed<string> Read(ref Cursor cursor, Field field, ReadOnlySpan<char> name)
    {
        if (Start(ref cursor, field, name) is { } error)
            return error;
        return cursor.Peek() == '"' ? QuotedText(ref cursor, field) : BareText(ref cursor, field, name);
    }

    /// <summary>The value with the type that its syntax tells (GFD.229 §5.4).</summary>
    public static Parsed<AttributeValue> ReadTyped(ref Cursor cursor, Field field, ReadOnlySpan<char> name)
    {
        if (Start(ref cursor, field, name) is { } error)
            return error;
        if (cursor.Peek() == '"')
        {
            var quoted = QuotedText(ref cursor, field);
            return quoted.Ok ? AttributeValue.Of(quoted.Value!) : quoted.Error!;
        }
        var bare = BareText(ref cursor, field, name);
        return bare.Ok ? Literals.Typed(bare.Value!) : bare.Error!;
    }

    private static ParseError? Start(ref Cursor cursor, Field field, ReadOnlySpan<char> name)
    {
        if (name.Length == 0)
            return field.Fail($"expected a name, found {cursor.Found()}", cursor.At);
        return cursor.Match('=') ? null : field.Fail($"expected '=' after {Unfit.Shorten(name)}, found {cursor.Found()}", cursor.At);
    }

    private static Parsed<string> QuotedText(ref Cursor cursor, Field field) =>
        cursor.Quoted() is { } text ? text : field.Fail("the quoted string has no end", cursor.At);

    private static Parsed<string> BareText(ref Cursor cursor, Field field, ReadOnlySpan<char> name)
    {
        var bare = cursor.Bare();
        return bare.Length > 0 ? bare.ToString() : field.Fail($"expected a value of {Unfit.Shorten(name)}, found {cursor.Found()}", cursor.At);
    }
}
