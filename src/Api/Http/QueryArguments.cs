namespace Controller.Api.Http;

/// <summary>The query string's arguments. Besides <c>&amp;</c>, <c>;</c> separates them: OCCI's own example does (decision D-18).</summary>
internal sealed class QueryArguments
{
    private readonly List<KeyValuePair<string, string>> _all = [];

    public QueryArguments(string? query)
    {
        foreach (var part in (query ?? "").TrimStart('?').Split('&', ';'))
        {
            if (part.Length == 0)
                continue;
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            _all.Add(equals < 0 ? new(Decode(part), "") : new(Decode(part[..equals]), Decode(part[(equals + 1)..])));
        }
    }

    /// <summary>The argument's value; null where there is none. The first one counts.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var (key, value) in _all)
            {
                if (key == name)
                    return value;
            }
            return null;
        }
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
