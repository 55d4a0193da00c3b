namespace Occi.Text;

/// <summary>Splits a message of a text rendering into its fields.</summary>
internal static class Fields
{
    /// <summary>
    /// From the body's lines in text/plain, else from the header. Old clients name text/plain and leave the body empty while their data
    /// is in the header: so an empty body hands over to the header.
    /// </summary>
    public static Parsed<List<Field>> Of(Message message) =>
        message.Rendering == Rendering.TextPlain && !string.IsNullOrWhiteSpace(message.Body) ? OfBody(message.Body) : OfHeader(message.Fields);

    /// <summary>Unknown header fields are someone else's.</summary>
    public static Parsed<List<Field>> OfHeader(IReadOnlyList<KeyValuePair<string, string>> header)
    {
        var fields = new List<Field>(header.Count);
        var seen = new int[4];
        foreach (var (name, value) in header)
        {
            if (Field.Recognise(name) is not { } known)
                continue;
            var count = ++seen[(int)known];
            var field = new Field(known, value, count == 1 ? name : $"{name} ({count})", 0);
            if (Unfit.At(value) is var bad and >= 0)
                return field.Fail(Unfit.Message(value[bad]), bad);
            fields.Add(field);
        }
        return fields;
    }

    private static Parsed<List<Field>> OfBody(string body)
    {
        var fields = new List<Field>();
        var (start, number) = (0, 1);
        while (start < body.Length)
        {
            var end = body.AsSpan(start).IndexOfAny('\r', '\n');
            end = end < 0 ? body.Length : start + end;
            if (OfLine(body.AsSpan(start, end - start), number, fields) is { } error)
                return error;
            if (end < body.Length && CountsAsLine(body, end))
                number++;
            start = end + 1;
        }
        return fields;
    }

    // Lines end in LF, CR LF, LF CR or CR: a CR beside a LF belongs to it.
    private static bool CountsAsLine(string body, int end) =>
        body[end] == '\n'
        || ((end + 1 == body.Length || body[end + 1] != '\n') && (end == 0 || body[end - 1] != '\n'));

    private static ParseError? OfLine(ReadOnlySpan<char> line, int number, List<Field> fields)
    {
        if (line.IsWhiteSpace())
            return null;
        var where = $"line {number}";
        if (Unfit.At(line) is var bad and >= 0)
            return new ParseError(Unfit.Message(line[bad]), where, bad);
        var colon = line.IndexOf(':');
        var name = colon < 0 ? line : line[..colon];
        if (colon < 0 || Field.Recognise(name.Trim()) is not { } known)
        {
            var start = line.Length - line.TrimStart().Length;
            return new ParseError(
                $"expected {Field.Category}, {Field.Link}, {Field.Attribute} or {Field.Location} and a colon, found '{Unfit.Shorten(name.Trim())}'", where, start);
        }
        fields.Add(new Field(known, line[(colon + 1)..].ToString(), where, colon + 1));
        return null;
    }
}
