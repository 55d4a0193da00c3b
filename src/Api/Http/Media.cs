using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Occi;

namespace Controller.Api.Http;

/// <summary>A media type and the rendering that it means.</summary>
internal sealed record MediaType(string Name, Rendering Rendering)
{
    public static readonly MediaType TextPlain = new("text/plain", Rendering.TextPlain);
    public static readonly MediaType TextOcci = new("text/occi", Rendering.TextOcci);
    public static readonly MediaType Json = new("application/occi+json", Rendering.Json);
    public static readonly MediaType UriList = new("text/uri-list", Rendering.UriList);

    private const int LongestList = 4096;

    /// <summary>All, in the server's order of preference.</summary>
    public static readonly IReadOnlyList<MediaType> All =
        [TextPlain, TextOcci, Json, new("application/json", Rendering.Json), UriList, new("text/occi+plain", Rendering.TextPlain)];

    /// <summary>The value of the response header <c>Accept</c> (GFD.223 §5.2).</summary>
    public static readonly string Supported = string.Join(", ", All.Select(m => m.Name));

    /// <summary>The type of just that name; null: there is none.</summary>
    public static MediaType? Named(string? name)
    {
        foreach (var media in All)
        {
            if (media.Name == name)
                return media;
        }
        return null;
    }

    /// <summary>
    /// What a request's body is: the first known type, since old clients send <c>Content-Type: text/plain,text/occi</c>. Parameters don't matter.
    /// Null where there are types and none is known.
    /// </summary>
    public static MediaType? OfRequest(StringValues contentType)
    {
        if (string.IsNullOrWhiteSpace(contentType.ToString()))
            return TextPlain;
        if (!TryParseList(contentType, out var types))
            return null;
        foreach (var type in types)
        {
            if (All.FirstOrDefault(m => type.MediaType.Equals(m.Name, StringComparison.OrdinalIgnoreCase)) is { } known)
                return known;
        }
        return null;
    }

    /// <summary>A list of media types or ranges, leniently: Java's own Accept has <c>*; q=.2</c> in it. False where it is none, or longer than any client's.</summary>
    public static bool TryParseList(StringValues fields, [NotNullWhen(true)] out IList<MediaTypeHeaderValue>? types)
    {
        types = null;
        // The parser begins anew at every character of what it can't read, which takes the square of its length.
        return fields.Sum(f => f?.Length ?? 0) <= LongestList && MediaTypeHeaderValue.TryParseList([.. fields.OfType<string>()], out types);
    }
}
