using System.Text.Json;

namespace Controller.Conformance.Http;

/// <summary>A response, read whole, with the request that it answers.</summary>
public sealed record Response(string Request, int Status, string? Reason, IReadOnlyDictionary<string, string[]> Headers, string Body)
{
    /// <summary>A header's values, joined by commas; null where there is none.</summary>
    public string? this[string header] => Headers.TryGetValue(header, out var values) ? string.Join(", ", values) : null;

    /// <summary>The media type without its parameters; empty where there is none.</summary>
    public string Type => (this["Content-Type"] ?? "").Split(';')[0].Trim();

    public bool IsTextOcci => Type == "text/occi";

    /// <summary>The body as JSON.</summary>
    public JsonElement Json
    {
        get
        {
            try
            {
                using var document = JsonDocument.Parse(Body);
                return document.RootElement.Clone();
            }
            catch (JsonException e)
            {
                throw new CheckFailedException($"{this}: JSON was wanted: {e.Message}");
            }
        }
    }

    /// <summary>The non-empty lines of the body.</summary>
    public string[] Lines => Body.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>
    /// The values of an OCCI field, one each: of text/occi from the header, at its commas outside of quotes and angle brackets; else from the
    /// body's lines. Names are compared exactly: some clients do.
    /// </summary>
    public IReadOnlyList<string> Fields(string name) => IsTextOcci
        ? [.. (Headers.TryGetValue(name, out var values) ? values : []).SelectMany(Commas.Split)]
        : [.. Lines.Where(l => l.StartsWith(name + ": ", StringComparison.Ordinal)).Select(l => l[(name.Length + 2)..])];

    /// <summary>The categories, parsed strictly.</summary>
    public IReadOnlyList<Category> Categories => [.. Fields("Category").Select(Category.Parse)];

    /// <summary>The OCCI attributes by name, as they stand there: strings with their quotes.</summary>
    public IReadOnlyDictionary<string, string> Attributes
    {
        get
        {
            var found = new Dictionary<string, string>();
            foreach (var one in Fields("X-OCCI-Attribute"))
            {
                var equals = one.IndexOf('=', StringComparison.Ordinal);
                Expect.That(equals > 0, $"an attribute 'name=value', found '{one}'", this);
                Expect.That(found.TryAdd(one[..equals], one[(equals + 1)..]), $"each attribute once, {one[..equals]} is there twice", this);
            }
            return found;
        }
    }

    /// <summary>An OCCI attribute's value without its quotes; null where there is none.</summary>
    public string? Value(string attribute) => Attributes.TryGetValue(attribute, out var value) ? LinkValue.Unquote(value) : null;

    /// <summary>The links of an entity: the target, and the parameters.</summary>
    public IReadOnlyList<LinkValue> Links => [.. Fields("Link").Select(LinkValue.Parse)];

    /// <summary>The URLs of a listing or of what was created, in whatever rendering but JSON.</summary>
    public IReadOnlyList<string> Locations => Type == "text/uri-list"
        ? [.. Lines.Where(l => !l.StartsWith('#'))]
        : Fields("X-OCCI-Location");

    public override string ToString()
    {
        var body = Body.Length > 300 ? Body[..300] + "…" : Body;
        return $"{Request} → {Status} {Reason} {Type} {body.ReplaceLineEndings("⏎")}".TrimEnd();
    }
}
