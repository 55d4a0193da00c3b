using System.Text.Json;

namespace Occi.Json;

/// <summary>Category definitions in JSON (GFD.226 §3.2): one array a class.</summary>
internal static class DefinitionWriter
{
    public static void Categories(Utf8JsonWriter json, IEnumerable<Category> categories)
    {
        var byClass = categories.ToLookup(c => c.Class);
        json.WriteStartObject();
        foreach (var (name, @class) in (ReadOnlySpan<(string, CategoryClass)>)
            [("kinds", CategoryClass.Kind), ("mixins", CategoryClass.Mixin), ("actions", CategoryClass.Action)])
        {
            if (!byClass.Contains(@class))
                continue;
            json.WriteStartArray(name);
            foreach (var category in byClass[@class])
                Definition(json, category);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void Definition(Utf8JsonWriter json, Category category)
    {
        json.WriteStartObject();
        json.WriteString("term", category.Id.Term);
        json.WriteString("scheme", category.Id.Scheme);
        if (category.Title is { } title)
            json.WriteString("title", title);
        var attributes = category is Kind own ? own.AllAttributes : category.Attributes;   // D-21
        if (attributes.Count > 0)
        {
            json.WriteStartObject("attributes");
            foreach (var attribute in attributes)
                AttributeDefinition.Write(json, attribute);
            json.WriteEndObject();
        }
        switch (category)
        {
            case Kind kind:
                if (kind.Parent is { } parent)
                    json.WriteString("parent", parent.Id.ToString());
                Identifiers(json, "actions", kind.AllActions);
                break;
            case Mixin mixin:
                Identifiers(json, "depends", mixin.Depends);
                Identifiers(json, "applies", mixin.Applies);
                Identifiers(json, "actions", mixin.Actions);
                break;
        }
        if (Catalogue.LocationOf(category) is { } location)
            json.WriteString("location", location);
        json.WriteEndObject();
    }

    private static void Identifiers(Utf8JsonWriter json, string name, IReadOnlyList<Category> categories)
    {
        if (categories.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (var category in categories)
            json.WriteStringValue(category.Id.ToString());
        json.WriteEndArray();
    }
}
