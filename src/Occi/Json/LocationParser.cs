namespace Occi.Json;

/// <summary>Entity collections of which only the members' identity matters (D-36).</summary>
internal static class LocationParser
{
    public static Parsed<IReadOnlyList<string>> Read(JsonPart root)
    {
        var found = new List<string>();
        if (root.IsArray)
            return Add(root, found) ?? (Parsed<IReadOnlyList<string>>)found;
        if (!root.IsObject)
            return root.Expected("an array, or an object with resources or links");
        foreach (var name in (string[])["resources", "links"])
        {
            if (root[name] is not { } list)
                continue;
            if (!list.IsArray)
                return list.Expected("an array");
            if (Add(list, found) is { } error)
                return error;
        }
        return found;
    }

    private static ParseError? Add(JsonPart list, List<string> found)
    {
        foreach (var item in list.Items)
        {
            var named = item.IsObject ? item["location"] ?? item["id"] : item;
            if (named is not { IsString: true } || !Names.IsUriReference(named.Text))
                return (named ?? item).Expected("a URL, or an object with an id");
            found.Add(named.Text);
        }
        return null;
    }
}
