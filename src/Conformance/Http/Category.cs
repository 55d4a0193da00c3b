using System.Text.RegularExpressions;

namespace Controller.Conformance.Http;

/// <summary>A Category as it travels (GFD.229 §4.1), read by the grammar to the letter: old clients read with ordered patterns and drop what is out of order.</summary>
public sealed partial record Category(string Term, string Scheme, string Class)
{
    public string Id => Scheme + Term;

    public string? Title { get; private init; }

    public string? Rel { get; private init; }

    public string? Location { get; private init; }

    /// <summary>Attribute names with their properties: "", "immutable", "required" or both.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; private init; } = new Dictionary<string, string>();

    public IReadOnlyList<string> Actions { get; private init; } = [];

    /// <exception cref="CheckFailedException">It does not follow the grammar.</exception>
    public static Category Parse(string text)
    {
        var match = Grammar().Match(text);
        if (!match.Success)
            throw new CheckFailedException($"A Category in the grammar's order, quoted and separated by '; ', was wanted; found: {text}");
        string? Of(string group) => match.Groups[group] is { Success: true, Value: var value } ? value : null;
        return new(Of("term")!, Of("scheme")!, Of("class")!)
        {
            Title = Of("title")?.Replace("\\\"", "\"", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal),
            Rel = Of("rel"),
            Location = Of("location"),
            Attributes = AttributeDefinition().Matches(Of("attributes") ?? "").ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value),
            Actions = (Of("actions") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries),
        };
    }

    [GeneratedRegex("""
        ^(?<term>[A-Za-z0-9][A-Za-z0-9_.-]*);[ ]scheme="(?<scheme>[^"\s]+)";[ ]class="(?<class>kind|mixin|action)"
        (;[ ]title="(?<title>(\\.|[^"\\])*)")?(;[ ]rel="(?<rel>[^"]+)")?(;[ ]location="(?<location>[^"\s]+)")?
        (;[ ]attributes="(?<attributes>[^"]*)")?(;[ ]actions="(?<actions>[^"]*)")?$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();

    [GeneratedRegex(@"([^\s{}]+)(?:\{([^}]*)\})?", RegexOptions.CultureInvariant)]
    private static partial Regex AttributeDefinition();
}
