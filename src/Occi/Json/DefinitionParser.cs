namespace Occi.Json;

/// <summary>Category definitions (GFD.226 §3.2): the query interface's object, or one bare mixin.</summary>
internal static class DefinitionParser
{
    public static Parsed<IReadOnlyList<CategoryDefinition>> Read(JsonPart root)
    {
        if (!root.IsObject)
            return root.Expected("an object");
        var found = new List<CategoryDefinition>();
        if (root["term"] is not null)
            return One(root, CategoryClass.Mixin, found) ?? (Parsed<IReadOnlyList<CategoryDefinition>>)found;
        foreach (var (name, @class) in (ReadOnlySpan<(string, CategoryClass)>)
            [("kinds", CategoryClass.Kind), ("mixins", CategoryClass.Mixin), ("actions", CategoryClass.Action)])
        {
            if (root[name] is not { } list)
                continue;
            if (!list.IsArray)
                return list.Expected("an array");
            foreach (var item in list.Items)
            {
                if (One(item, @class, found) is { } error)
                    return error;
            }
        }
        return found;
    }

    private static ParseError? One(JsonPart part, CategoryClass @class, List<CategoryDefinition> found)
    {
        if (part.IsString && Names.TryIdentifier(part.Text, out var named))   // to name a mixin that is to be removed
        {
            found.Add(new CategoryDefinition(named, @class));
            return null;
        }
        if (!part.IsObject)
            return part.Expected("an object");
        if ((Text(part, "term") ?? Text(part, "scheme") ?? Text(part, "title", needed: false) ?? Text(part, "location", needed: false)
            ?? Text(part, "parent", needed: false)) is { } wrong)
            return wrong;
        if (!Names.IsTerm(part["term"]!.Text))
            return part["term"]!.Expected("a term");
        if (Names.Identifier(part["scheme"]!.Text, part["term"]!.Text) is not { } id)
            return part["scheme"]!.Expected("a scheme that ends in #");
        if (part["location"] is { } location && !Names.IsUriReference(location.Text))
            return location.Expected("a URI");
        var (depends, applies, actions) = (Identifiers.Read(part["depends"]), Identifiers.Read(part["applies"]), Identifiers.Read(part["actions"]));
        if ((depends.Error ?? applies.Error ?? actions.Error) is { } bad)
            return bad;
        if (part["parent"] is { } parent)
        {
            if (!Names.TryIdentifier(parent.Text, out var kind))
                return parent.Expected("a type identifier, scheme#term");
            depends.Value!.Add(kind);
        }
        if (part["related"] is { IsArray: true } related && part["parent"] is null && depends.Value!.Count == 0)   // what drafts had in the place of both
            depends.Value.AddRange(related.Items.Select(Identifiers.One).OfType<TypeId>());
        var attributes = AttributeDefinition.ReadAll(part["attributes"]);
        if (attributes.Error is { } broken)
            return broken;
        found.Add(new CategoryDefinition(id, @class)
        {
            Title = part["title"]?.Text,
            Related = depends.Value!,
            Applies = applies.Value!,
            Location = part["location"]?.Text,
            Attributes = attributes.Value!,
            Actions = actions.Value!,
        });
        return null;
    }

    private static ParseError? Text(JsonPart part, string name, bool needed = true) =>
        part[name] is not { } member
            ? needed ? part.Fail($"the {name} is missing") : null
            : member.IsString ? null : member.Expected("a string");
}
