namespace Occi.Text;

/// <summary>Attribute-field (GFD.229 §5.4).</summary>
internal static class AttributeRule
{
    /// <summary>Adds the field's attributes to <paramref name="found"/>; a name that is there already is an error, as are more than so many.</summary>
    public static ParseError? Read(Field field, Dictionary<string, AttributeValue> found, int most)
    {
        var cursor = new Cursor(field.Value);
        do
        {
            cursor.Peek();
            var at = cursor.At;
            var name = cursor.Token();
            if (name.Length > 0 && !Names.IsTerm(name))
                return field.Fail($"expected an attribute's name, found '{Unfit.Shorten(name)}'", at);
            var value = ParameterRule.ReadTyped(ref cursor, field, name);
            if (value.Error is { } error)
                return error;
            if (!found.TryAdd(name.ToString(), value.Value))
                return field.Fail($"{name} is given twice", at);
            if (found.Count > most)
                return field.TooMany("attributes", most);
            cursor.Match(';');
        }
        while (cursor.Match(','));
        return cursor.AtEnd ? null : field.Fail($"expected ',' or the end, found {cursor.Found()}", cursor.At);
    }
}
