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
            if (!Names.TryIdentifier(item.IsString ? item.Text : null, out var id))
                return item.Expected("a type identifier, scheme#term");
            found.Add(id);
        }
        return found;
    }
}
