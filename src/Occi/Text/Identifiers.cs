namespace Occi.Text;

/// <summary>Type identifiers, separated by blanks.</summary>
internal static class Identifiers
{
    /// <summary>More than any category has; a client could send a million in a parameter.</summary>
    public const int Most = 1000;

    /// <summary>Adds them to <paramref name="found"/>; null, or what is wrong.</summary>
    public static string? Read(string text, List<TypeId> found)
    {
        foreach (var range in text.AsSpan().SplitAny(' ', '\t'))
        {
            var part = text[range];
            if (part.Length == 0)
                continue;
            if (found.Count == Most)
                return $"expected at most {Most} type identifiers, found more";
            if (!Names.TryIdentifier(part, out var id))
                return $"expected a type identifier, scheme#term, found '{Unfit.Shorten(part)}'";
            found.Add(id);
        }
        return null;
    }
}
