using Occi.Core;

namespace Occi.Text;

/// <summary>Link-field (GFD.229 §5.3): links to resources, and action links.</summary>
internal static class LinkRule
{
    /// <summary>Adds the field's links and actions to <paramref name="links"/>, which may have so many, and <paramref name="actions"/>.</summary>
    public static ParseError? Read(Field field, List<Representation> links, List<TypeId> actions, int most)
    {
        var cursor = new Cursor(field.Value);
        do
        {
            if (One(ref cursor, field, links, actions) is { } error)
                return error;
            if (links.Count > most)
                return field.TooMany("links", most);
        }
        while (cursor.Match(','));
        return cursor.AtEnd ? null : field.Fail($"expected ';', ',' or the end, found {cursor.Found()}", cursor.At);
    }

    private static ParseError? One(ref Cursor cursor, Field field, List<Representation> links, List<TypeId> actions)
    {
        if (!cursor.Match('<'))
            return field.Fail($"expected '<', found {cursor.Found()}", cursor.At);
        var start = cursor.At;
        if (!cursor.Until('>', out var target))
            return field.Fail("the link's target has no '>'", start);
        if (!Names.IsUriReference(target))
            return field.Fail($"expected a URI between < and >, found '{Unfit.Shorten(target)}'", start);
        var (link, isAction) = (new Draft(target.ToString()), target.Contains("?action=", StringComparison.Ordinal));
        while (cursor.Match(';'))
        {
            cursor.Peek();
            var at = cursor.At;
            var name = cursor.Token();
            if (name.Length == 0 && cursor.Peek() is '\0' or ',')
                break;
            var value = ParameterRule.ReadTyped(ref cursor, field, name);
            if (value.Error is { } error)
                return error;
            if (link.Take(name, value.Value) is { } complaint && !isAction)   // no client can set actions
                return field.Fail(complaint, at);
        }
        if (isAction)
            actions.AddRange(link.Rel);
        else if (link.Rel.Count == 0 && link.Categories.Count == 0)
            return field.Fail("the link has neither rel nor category", start);
        else
            links.Add(link.Finish());
        return null;
    }

    /// <summary>A link while its parameters are read.</summary>
    private sealed class Draft(string target)
    {
        private readonly Dictionary<string, AttributeValue> _attributes = [];
        private string? _self;

        public List<TypeId> Rel { get; } = [];

        public List<TypeId> Categories { get; } = [];

        /// <summary>Null, or why the parameter can't be.</summary>
        public string? Take(ReadOnlySpan<char> name, AttributeValue value)
        {
            switch (name)
            {
                case "rel":
                    return Identifiers.Read(value.Text, Rel);
                case "category":
                    return Identifiers.Read(value.Text, Categories);
                case "self":
                    _self = value.Text;
                    return Names.IsUriReference(_self) ? null : $"expected self to be a URI, found '{Unfit.Shorten(_self)}'";
                default:
                    if (!Names.IsTerm(name))
                        return $"expected an attribute's name, found '{Unfit.Shorten(name)}'";
                    return _attributes.TryAdd(name.ToString(), value) ? null : $"{name} is given twice";
            }
        }

        // The target stands between < and >; an attribute that repeats it, perhaps as an absolute URL, adds nothing.
        public Representation Finish()
        {
            _attributes[CoreKinds.Target.Name] = AttributeValue.Of(target);
            if (Rel.Count > 0)
                _attributes.TryAdd(CoreKinds.TargetKind.Name, AttributeValue.Of(Rel[0].ToString()));
            return new Representation
            {
                Kind = Categories.Count > 0 ? Categories[0] : null,
                Mixins = Categories.Count > 1 ? Categories[1..] : [],
                Attributes = _attributes,
                Location = _self,
            };
        }
    }
}
