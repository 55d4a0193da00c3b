namespace Occi.Text;

/// <summary>A Category in full: what the query interface shows, or what a user's mixin is posted as (GFD.229 §5.2).</summary>
internal static class DefinitionRule
{
    public static Parsed<CategoryDefinition> Read(CategoryValue category)
    {
        var (related, actions, attributes) = (new List<TypeId>(), new List<TypeId>(), new List<Attr>());
        if ((Identifiers.Read(category.Rel ?? "", related) ?? Identifiers.Read(category.Actions ?? "", actions)
            ?? Attributes(category.Attributes ?? "", attributes)) is { } complaint)
            return category.Fail($"{category.Id}: {complaint}");
        if (category.Location is { } location && !Names.IsUriReference(location))
            return category.Fail($"{category.Id}: expected its location to be a URI, found '{Unfit.Shorten(location)}'");
        return new CategoryDefinition(category.Id, category.Class ?? CategoryClass.Mixin)   // D-49: a tag may come without class
        {
            Title = category.Title,
            Related = related,
            Location = category.Location,
            Attributes = attributes,
            Actions = actions,
        };
    }

    // name{property property} name …
    private static string? Attributes(string text, List<Attr> found)
    {
        var rest = text.AsSpan().Trim();
        while (rest.Length > 0)
        {
            var end = rest.IndexOfAny(' ', '{');
            var name = end < 0 ? rest : rest[..end];
            if (!Names.IsTerm(name))
                return $"expected an attribute's name, found '{Unfit.Shorten(name)}'";
            var attribute = new Attr(name.ToString(), AttrType.Text, "");
            rest = rest[name.Length..];
            if (rest.Length > 0 && rest[0] == '{')
            {
                var close = rest.IndexOf('}');
                if (close < 0)
                    return $"the properties of {name} have no '}}'";
                foreach (var property in rest[1..close].ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    if (property is not ("immutable" or "required"))
                        return $"expected immutable or required in the properties of {name}, found '{Unfit.Shorten(property)}'";
                    attribute = property == "immutable" ? attribute with { Mutable = false } : attribute with { Required = true };
                }
                rest = rest[(close + 1)..];
            }
            if (found.Count == Identifiers.Most)
                return $"expected at most {Identifiers.Most} attributes, found more";
            found.Add(attribute);
            rest = rest.TrimStart();
        }
        return null;
    }
}
