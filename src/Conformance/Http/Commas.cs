namespace Controller.Conformance.Http;

/// <summary>Lists in header fields.</summary>
public static class Commas
{
    /// <summary>The elements, at commas outside of quoted strings and angle brackets.</summary>
    public static IReadOnlyList<string> Split(string field) => Split(field, ',');

    /// <summary>The same at another separator.</summary>
    public static IReadOnlyList<string> Split(string field, char separator)
    {
        var found = new List<string>();
        var (start, quoted, angled) = (0, false, false);
        for (var at = 0; at < field.Length; at++)
        {
            var c = field[at];
            if (quoted && c == '\\')
                at++;
            else if (c == '"')
                quoted = !quoted;
            else if (!quoted && c is '<' or '>')
                angled = c == '<';
            else if (c == separator && !quoted && !angled)
            {
                found.Add(field[start..at].Trim());
                start = at + 1;
            }
        }
        if (start < field.Length)
            found.Add(field[start..].Trim());
        return found;
    }
}
