using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Occi;

namespace Controller.Api.Http;

/// <summary>Chooses the rendering of a response (RFC 9110 §12.5.1; decisions D-03, D-04).</summary>
internal static class Negotiation
{
    /// <summary>The best of what the client takes and we have, or why there is none.</summary>
    /// <param name="accept">The request's <c>Accept</c> fields; none means text/plain.</param>
    /// <param name="listing">Whether the answer is a list of entities: only that can be a text/uri-list.</param>
    public static (MediaType? Media, Problem? Problem) Choose(StringValues accept, bool listing)
    {
        if (accept.Count == 0 || accept is [null or "" or "*/*"])
            return (MediaType.TextPlain, null);
        // Nearly everybody names one type, as it is: nothing to be weighed.
        if (accept.Count == 1 && MediaType.Named(accept[0]) is { } named && (listing || named.Rendering != Rendering.UriList))
            return (named, null);
        if (!MediaType.TryParseList(accept, out var ranges))
            return (null, Problems.NotAcceptable(accept.ToString()));

        var (best, bestRank) = ((MediaType?)null, default(Rank));
        var wantsUris = false;
        foreach (var media in MediaType.All)
        {
            if (RankOf(media, ranges) is not { } rank)
                continue;
            if (media.Rendering == Rendering.UriList && !listing)
                wantsUris = rank.Specificity == 2;
            else if (best is null || rank.CompareTo(bestRank) > 0)
                (best, bestRank) = (media, rank);
        }
        return best is not null ? (best, null)
            : (null, wantsUris ? Problems.NotAListing() : Problems.NotAcceptable(accept.ToString()));
    }

    /// <summary>For an error's body: whatever fits, text/plain if nothing does.</summary>
    public static MediaType ForProblem(StringValues accept) => Choose(accept, listing: false).Media ?? MediaType.TextPlain;

    // The most specific range that covers the type gives its quality; quality zero excludes it.
    private static Rank? RankOf(MediaType media, IList<MediaTypeHeaderValue> ranges)
    {
        Rank? found = null;
        for (var i = 0; i < ranges.Count; i++)
        {
            var range = ranges[i];
            var specificity =
                range.MatchesAllTypes ? 0
                : range.MatchesAllSubTypes && media.Name.StartsWith(range.Type + "/", StringComparison.OrdinalIgnoreCase) ? 1
                : range.MediaType.Equals(media.Name, StringComparison.OrdinalIgnoreCase) ? 2
                : -1;
            if (specificity >= 0 && (found is null || specificity > found.Value.Specificity))
                found = new(range.Quality ?? 1, specificity, i);
        }
        return found is { Quality: > 0 } ? found : null;
    }

    // Better quality first, then the more specific range, then what the client named first.
    private readonly record struct Rank(double Quality, int Specificity, int Position) : IComparable<Rank>
    {
        public int CompareTo(Rank other) =>
            (Quality, Specificity, -Position).CompareTo((other.Quality, other.Specificity, -other.Position));
    }
}
