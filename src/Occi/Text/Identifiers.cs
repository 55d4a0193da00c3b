namespace Occi.Text;

/// <summary>Type identifiers, separated by blanks.</summary>
internal static class Identifiers
{
    /// <summary>Adds them to <paramref name="found"/>; null, or what is wrong.</summary>
    public static string? Read(string text, List<TypeId> found)
    {
        foreach (var part in text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Names.TryIdentifier(part, out var id))
                return $"expected a type identifier, scheme#term, found '{Unfit.Shorten(part)}'";
            found.Add(id);
        }
        return null;
    }
}
