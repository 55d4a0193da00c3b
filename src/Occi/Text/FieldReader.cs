namespace Occi.Text;

/// <summary>Makes values of the fields of a text rendering.</summary>
internal static class FieldReader
{
    public static Parsed<Representation> Entity(List<Field> fields, Limits limits)
    {
        var (categories, links, actions) = (new List<CategoryValue>(), new List<Representation>(), new List<TypeId>());
        var attributes = new Dictionary<string, AttributeValue>();
        foreach (var field in fields)
        {
            var error = field.Name switch
            {
                FieldName.Category => CategoryRule.Read(field, categories, limits.Categories),
                FieldName.Attribute => AttributeRule.Read(field, attributes, limits.Attributes),
                FieldName.Link => LinkRule.Read(field, links, actions, limits.Links),
                _ => null,
            };
            if (error is not null)
                return error;
        }
        return Classify(categories, new Representation { Attributes = attributes, Links = links, Actions = actions });
    }

    public static Parsed<Invocation> Invocation(List<Field> fields, Limits limits)
    {
        var (categories, attributes) = (new List<CategoryValue>(), new Dictionary<string, AttributeValue>());
        foreach (var field in fields)
        {
            var error = field.Name switch
            {
                FieldName.Category => CategoryRule.Read(field, categories, limits.Categories),
                FieldName.Attribute => AttributeRule.Read(field, attributes, limits.Attributes),
                _ => null,
            };
            if (error is not null)
                return error;
        }
        if (categories.Count == 0)
            return new ParseError("expected the Category of an action, found none", Field.Category, 0);
        if (categories.Count > 1)
            return categories[1].Fail("expected one action, found a second Category");
        var action = categories[0];
        return action.Class is null or CategoryClass.Action
            ? new Invocation(action.Id, attributes)
            : action.Fail($"expected class action, found {action.Class}");
    }

    public static Parsed<IReadOnlyList<string>> Locations(List<Field> fields)
    {
        var found = new List<string>();
        foreach (var field in fields.Where(f => f.Name == FieldName.Location))
        {
            var start = 0;
            foreach (var part in field.Value.Split(','))
            {
                var uri = part.Trim();
                if (!Names.IsUriReference(uri))
                    return field.Fail($"expected a URI, found '{Unfit.Shorten(uri)}'", start);
                found.Add(uri);
                start += part.Length + 1;
            }
        }
        return found;
    }

    public static Parsed<Filter> Filter(List<Field> fields, Limits limits)
    {
        var (categories, attributes) = (new List<CategoryValue>(), new Dictionary<string, AttributeValue>());
        foreach (var field in fields)
        {
            var error = field.Name switch
            {
                FieldName.Category => CategoryRule.Read(field, categories, limits.Categories),
                FieldName.Attribute => AttributeRule.Read(field, attributes, limits.Attributes),
                _ => null,
            };
            if (error is not null)
                return error;
        }
        return new Filter([.. categories.Select(c => c.Id)], attributes);
    }

    public static Parsed<IReadOnlyList<CategoryDefinition>> Categories(List<Field> fields, Limits limits)
    {
        var categories = new List<CategoryValue>();
        foreach (var field in fields.Where(f => f.Name == FieldName.Category))
        {
            if (CategoryRule.Read(field, categories, limits.Categories) is { } error)
                return error;
        }
        var definitions = new List<CategoryDefinition>(categories.Count);
        foreach (var category in categories)
        {
            var definition = DefinitionRule.Read(category);
            if (!definition.Ok)
                return definition.Error!;
            definitions.Add(definition.Value!);
        }
        return definitions;
    }

    // Without classes the first Category is taken for the kind, as the renderings order them; Check knows better, having the catalogue.
    private static Parsed<Representation> Classify(List<CategoryValue> categories, Representation rest)
    {
        if (categories.FirstOrDefault(c => c.Class == CategoryClass.Action) is { } action)
            return action.Fail($"an entity can't have the action {action.Id} as its category");
        var kinds = categories.Where(c => c.Class == CategoryClass.Kind).ToList();
        if (kinds.Count > 1)
            return kinds[1].Fail($"expected one kind, found {kinds[0].Id} and {kinds[1].Id}");
        var kind = kinds.Count == 1 ? kinds[0] : categories.FirstOrDefault(c => c.Class is null);
        return rest with { Kind = kind?.Id, Mixins = [.. categories.Where(c => !ReferenceEquals(c, kind)).Select(c => c.Id)] };
    }
}
