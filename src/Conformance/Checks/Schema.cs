using System.Text.Json;
using System.Text.RegularExpressions;

namespace Controller.Conformance.Checks;

/// <summary>The JSON Schema of GFD.226, appendix B, as rules: closed sets of members, their types, and what is required.</summary>
internal static partial class Schema
{
    public static void Resource(JsonElement element) => Entity(element, ["summary", "links"], []);

    public static void Link(JsonElement element) => Entity(element, ["source", "target", "rel"], ["source", "target"]);

    public static void Collection(JsonElement element)
    {
        Members(element, "a collection", ["resources", "links"], []);
        foreach (var resource in Items(element, "resources"))
            Resource(resource);
        foreach (var link in Items(element, "links"))
            Link(link);
    }

    public static void Categories(JsonElement element)
    {
        Members(element, "the categories", ["kinds", "mixins", "actions", "resources", "links"], []);
        foreach (var kind in Items(element, "kinds"))
            Category(kind, ["parent", "location", "actions"]);
        foreach (var mixin in Items(element, "mixins"))
            Category(mixin, ["depends", "applies", "location", "actions"]);
        foreach (var action in Items(element, "actions"))
            Category(action, []);
    }

    /// <summary>Whether two values are the same; numbers by value.</summary>
    public static bool Equal(JsonElement one, JsonElement other) => one.ValueKind == other.ValueKind
        && (one.ValueKind == JsonValueKind.Number ? one.GetDecimal() == other.GetDecimal() : one.ToString() == other.ToString());

    private static void Entity(JsonElement element, string[] more, string[] required)
    {
        Members(element, "an entity", ["kind", "mixins", "attributes", "actions", "id", "title", .. more], ["kind", "id", .. required]);
        Text(element, "kind", TypeId());
        Text(element, "id", Uri());
        Text(element, "title", null);
        Text(element, "summary", null);
        foreach (var id in Items(element, "mixins").Concat(Items(element, "actions")))
            Holds(id.ValueKind == JsonValueKind.String && TypeId().IsMatch(id.GetString()!), "type identifiers", element);
        if (element.TryGetProperty("attributes", out var attributes))
            Holds(attributes.ValueKind == JsonValueKind.Object && attributes.EnumerateObject().All(a => a.Value.ValueKind != JsonValueKind.Null), "attributes without null", element);
        foreach (var link in Items(element, "links"))
            Link(link);
        foreach (var end in new[] { "source", "target" })
        {
            if (!element.TryGetProperty(end, out var ended))
                continue;
            Members(ended, end, ["location", "kind"], ["location"]);
            Text(ended, "location", null);
            Text(ended, "kind", TypeId());
        }
    }

    private static void Category(JsonElement element, string[] more)
    {
        Members(element, "a category", ["term", "scheme", "title", "attributes", .. more], ["term", "scheme"]);
        Text(element, "scheme", Uri());
        Text(element, "parent", TypeId());
        foreach (var id in Items(element, "depends").Concat(Items(element, "applies")).Concat(Items(element, "actions")))
            Holds(id.ValueKind == JsonValueKind.String && TypeId().IsMatch(id.GetString()!), "type identifiers", element);
        if (!element.TryGetProperty("attributes", out var attributes))
            return;
        foreach (var attribute in attributes.EnumerateObject())
        {
            Members(attribute.Value, attribute.Name, ["mutable", "required", "type", "pattern", "default", "description"], []);
            foreach (var flag in new[] { "mutable", "required" })
                Holds(!attribute.Value.TryGetProperty(flag, out var value) || value.ValueKind is JsonValueKind.True or JsonValueKind.False, $"{flag} as a boolean", attribute.Value);
        }
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out var items))
            return default;
        Holds(items.ValueKind == JsonValueKind.Array, $"an array {name}", element);
        return items.EnumerateArray();
    }

    private static void Members(JsonElement element, string what, string[] allowed, string[] required)
    {
        Holds(element.ValueKind == JsonValueKind.Object, $"{what} as an object", element);
        string[] names = [.. element.EnumerateObject().Select(m => m.Name)];
        Holds(!names.Except(allowed).Any() && !required.Except(names).Any() && names.Distinct().Count() == names.Length,
            $"{what} with no members but {string.Join(' ', allowed)}, each once, and with {string.Join(' ', required)}", element);
    }

    private static void Text(JsonElement element, string name, Regex? pattern)
    {
        if (element.TryGetProperty(name, out var value))
            Holds(value.ValueKind == JsonValueKind.String && (pattern is null || pattern.IsMatch(value.GetString()!)), $"{name} as text of its form", element);
    }

    private static void Holds(bool holds, string wanted, JsonElement found) => Expect.That(holds, $"{wanted}; found {found}");

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9+.-]*:\S+#[A-Za-z0-9][A-Za-z0-9_.-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex TypeId();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9+.-]*:\S+$", RegexOptions.CultureInvariant)]
    private static partial Regex Uri();
}
