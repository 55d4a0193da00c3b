namespace Occi;

/// <summary>The renderings.</summary>
public enum Rendering
{
    /// <summary>text/plain, text/occi+plain (GFD.229 §6): fields in the body.</summary>
    TextPlain,

    /// <summary>text/occi (GFD.229 §7): fields in HTTP headers.</summary>
    TextOcci,

    /// <summary>text/uri-list (GFD.229 §8): listings only.</summary>
    UriList,

    /// <summary>application/occi+json (GFD.226), application/json.</summary>
    Json,
}

/// <summary>
/// The OCCI part of an HTTP message, both ways. <paramref name="Fields"/> are the header fields that carry OCCI data (<c>Category</c>, <c>Link</c>,
/// <c>X-OCCI-Attribute</c>, <c>X-OCCI-Location</c>; names in any case on input), each as often as it occurs.
/// </summary>
public sealed record Message(Rendering Rendering, IReadOnlyList<KeyValuePair<string, string>> Fields, string Body)
{
    /// <summary>
    /// Of a written message: why it must not be sent, because the rendering can't carry one of its values whole (a line break in any text
    /// rendering, anything but ASCII in text/occi); null when it may. A server answers 406 and this text (GFD.185 §3.6.6). The value has
    /// blanks in the place of what can't be sent.
    /// </summary>
    public string? Unsendable { get; init; }

    /// <summary>Of a message to read: how much of it is taken.</summary>
    public Limits Limits { get; init; } = Limits.None;

    /// <summary>Octets that <see cref="Fields"/> take in an HTTP/1.1 header, for comparison with a limit: a rendering is never cut (GFD.229 §7).</summary>
    public int HeaderSize => Fields.Sum(f => f.Key.Length + f.Value.Length + 4);   // ": " and CR LF
}
