namespace Occi.Json;

/// <summary>Arrays of type identifiers.</summary>
internal static class Identifiers
{
    public static Parsed<List<TypeId>> Read(JsonPart? list)
    {
        var found = new List<TypeId>();
        if (list is null)
            return found;
        if (!list.IsArray)
            return list.Expected("an array");
        foreach (var item in list.Items)
        {
            if (One(item) is not { } id)
                return item.Expected("a type identifier, scheme#term");
            found.Add(id);
        }
        return found;
    }

    /// <summary>One in a string, or as the category's object, which pyssf sends.</summary>
    public static TypeId? One(JsonPart part) =>
        part.IsString ? (Names.TryIdentifier(part.Text, out var id) ? id : null)
        : part["term"] is { IsString: true } term && part["scheme"] is { IsString: true } scheme && Names.IsTerm(term.Text) ? Names.Identifier(scheme.Text, term.Text)
        : null;
}
