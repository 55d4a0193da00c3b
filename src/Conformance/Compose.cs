namespace Controller.Conformance;

/// <summary>Composes messages in the text rendering: lines of a text/plain body, which <see cref="Http.Caller.SendOcci"/> also sends as headers.</summary>
public static class Compose
{
    public static string Kind(string id) => Category(id, "kind");

    public static string Mixin(string id) => Category(id, "mixin");

    public static string Action(string id) => Category(id, "action");

    /// <summary><c>Category: term; scheme="…"; class="…"</c></summary>
    public static string Category(string id, string @class) => $"Category: {Reference(id)}; class=\"{@class}\"";

    /// <summary><c>term; scheme="…"</c></summary>
    public static string Reference(string id) => $"{id[(id.IndexOf('#', StringComparison.Ordinal) + 1)..]}; scheme=\"{id[..(id.IndexOf('#', StringComparison.Ordinal) + 1)]}\"";

    /// <summary><c>X-OCCI-Attribute: name=value</c>, the value as it is: strings bring their quotes.</summary>
    public static string Attribute(string name, string value) => $"X-OCCI-Attribute: {name}={value}";

    /// <summary>A string value: quoted.</summary>
    public static string Text(string name, string value) =>
        Attribute(name, $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");

    public static string Location(string url) => $"X-OCCI-Location: {url}";

    /// <summary>An inline link, with more parameters as they are.</summary>
    public static string Link(string target, string targetKind, string? category = null, params string[] parameters) =>
        $"Link: <{target}>; rel=\"{targetKind}\"{(category is null ? "" : $"; category=\"{category}\"")}{string.Concat(parameters.Select(p => "; " + p))}";

    public static string Lines(params IEnumerable<string> lines) => string.Join('\n', lines);
}
