namespace Occi.Text;

/// <summary>One <c>Category</c> value as it stands on the wire.</summary>
internal sealed record CategoryValue(TypeId Id, Field Field, int At)
{
    /// <summary>Null where the client left it out.</summary>
    public CategoryClass? Class { get; init; }

    public string? Title { get; init; }

    public string? Rel { get; init; }

    public string? Location { get; init; }

    public string? Attributes { get; init; }

    public string? Actions { get; init; }

    public ParseError Fail(string message) => Field.Fail(message, At);
}

/// <summary>Category-field (GFD.229 §5.2): parameters in any order, a missing class and a trailing semicolon are accepted.</summary>
internal static class CategoryRule
{
    /// <summary>Adds the field's values to <paramref name="found"/>, which may have so many.</summary>
    public static ParseError? Read(Field field, List<CategoryValue> found, int most)
    {
        var cursor = new Cursor(field.Value);
        do
        {
            if (One(ref cursor, field, found) is { } error)
                return error;
            if (found.Count > most)
                return field.TooMany("categories", most);
        }
        while (cursor.Match(','));
        return cursor.AtEnd ? null : field.Fail($"expected ';', ',' or the end, found {cursor.Found()}", cursor.At);
    }

    private static ParseError? One(ref Cursor cursor, Field field, List<CategoryValue> found)
    {
        cursor.Peek();
        var start = cursor.At;
        var term = cursor.Token();
        if (!Names.IsTerm(term))
            return field.Fail($"expected a term, found {(term.Length == 0 ? cursor.Found() : $"'{Unfit.Shorten(term)}'")}", start);
        var (value, scheme) = (new CategoryValue(new("", term.ToString()), field, start), "");
        while (cursor.Match(';'))
        {
            cursor.Peek();
            var at = cursor.At;
            var name = cursor.Token();
            if (name.Length == 0 && cursor.Peek() is '\0' or ',')
                break;
            var parameter = ParameterRule.Read(ref cursor, field, name);
            if (parameter.Error is { } bad)
                return bad;
            var text = parameter.Value!;
            switch (name)
            {
                case "scheme":
                    scheme = text;
                    break;
                case "class":
                    if (Names.Class(text) is not { } known)
                        return field.Fail($"expected class kind, mixin or action, found '{Unfit.Shorten(text)}'", at);
                    value = value with { Class = known };
                    break;
                case "title":
                    value = value with { Title = text };
                    break;
                case "rel":
                    value = value with { Rel = text };
                    break;
                case "location":
                    value = value with { Location = text };
                    break;
                case "attributes":
                    value = value with { Attributes = text };
                    break;
                case "actions":
                    value = value with { Actions = text };
                    break;
            }
        }
        if (Names.Identifier(scheme, value.Id.Term) is not { } id)
            return field.Fail(scheme.Length == 0 ? $"the category {value.Id.Term} has no scheme" : $"expected a scheme that ends in #, found '{Unfit.Shorten(scheme)}'", start);
        found.Add(value with { Id = id });
        return null;
    }
}
