using System.Buffers;

namespace Occi;

/// <summary>What may be a term, an attribute's name, a scheme (GFD.229 §5.2, RFC 3986).</summary>
internal static class Names
{
    /// <summary>Characters of a term or an attribute's name. No category comes near; errors and nested names would repeat what a client sent.</summary>
    public const int LongestTerm = 256;

    /// <summary>Characters of a URI.</summary>
    public const int LongestUri = 4096;

    private static readonly SearchValues<char> TermChars =
        SearchValues.Create("-_.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> UriChars =
        SearchValues.Create("-._~:/?#[]@!$&'()*+,;=%0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static bool IsTerm(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= LongestTerm && char.IsAsciiLetterOrDigit(text[0]) && !text.ContainsAnyExcept(TermChars);

    public static bool IsUriReference(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= LongestUri && !text.ContainsAnyExcept(UriChars) && (text.Contains('[') ? Uri.TryCreate(text.ToString(), UriKind.RelativeOrAbsolute, out _) : true);

    public static CategoryClass? Class(ReadOnlySpan<char> text) => text switch
    {
        "kind" => CategoryClass.Kind,
        "mixin" => CategoryClass.Mixin,
        "action" => CategoryClass.Action,
        _ => null,
    };

    /// <summary>A scheme ends in #; one that repeats the term after it is tolerated.</summary>
    public static TypeId? Identifier(string scheme, string term)
    {
        var hash = scheme.LastIndexOf('#');
        if (hash <= 0 || !IsUriReference(scheme))
            return null;
        if (hash == scheme.Length - 1)
            return new TypeId(scheme, term);
        return scheme.AsSpan(hash + 1).SequenceEqual(term) ? new TypeId(scheme[..(hash + 1)], term) : null;
    }

    /// <summary>An identifier in one piece, with a scheme and a term that the grammar allows.</summary>
    public static bool TryIdentifier(string? text, out TypeId id) =>
        TypeId.TryParse(text, out id) && IsTerm(id.Term) && IsUriReference(id.Scheme);

    /// <summary>The path of an absolute URL, and anything else as it is: two forms of one local address then compare equal.</summary>
    public static string PathOf(string uri)
    {
        var authority = uri.IndexOf("://", StringComparison.Ordinal);
        if (authority < 0)
            return uri;
        var path = uri.IndexOf('/', authority + 3);
        return path < 0 ? "/" : uri[path..];
    }

    /// <summary>The lower-case UUID of an <c>occi.core.id</c>, with or without <c>urn:uuid:</c>; null when it is none.</summary>
    public static string? UuidOf(string id)
    {
        var text = id.AsSpan();
        if (text.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase))
            text = text["urn:uuid:".Length..];
        return Guid.TryParseExact(text, "D", out var uuid) ? uuid.ToString("D") : null;
    }
}
