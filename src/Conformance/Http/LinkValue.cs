namespace Controller.Conformance.Http;

/// <summary>A Link value (GFD.229 §4.2): an OCCI link, or an action.</summary>
public sealed record LinkValue(string Target, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>A parameter without its quotes; null where there is none.</summary>
    public string? this[string name] => Parameters.TryGetValue(name, out var value) ? Unquote(value) : null;

    public bool IsAction => Target.Contains("?action=", StringComparison.Ordinal);

    /// <exception cref="CheckFailedException">It is none.</exception>
    public static LinkValue Parse(string text)
    {
        var parts = Commas.Split(text, ';');
        if (parts is not [['<', .. var target, '>'], ..])
            throw new CheckFailedException($"A Link that begins with <target> was wanted; found: {text}");
        var parameters = new Dictionary<string, string>();
        foreach (var part in parts.Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !parameters.TryAdd(part[..equals], part[(equals + 1)..]))
                throw new CheckFailedException($"Parameters 'name=value', each once, were wanted in a Link; found '{part}' in: {text}");
        }
        return new(target, parameters);
    }

    /// <summary>A quoted string's text.</summary>
    public static string Unquote(string value)
    {
        if (value is not ['"', .. var inner, '"'])
            return value;
        var text = new System.Text.StringBuilder(inner.Length);
        for (var at = 0; at < inner.Length; at++)
            text.Append(inner[at] == '\\' && at + 1 < inner.Length ? inner[++at] : inner[at]);
        return text.ToString();
    }
}
