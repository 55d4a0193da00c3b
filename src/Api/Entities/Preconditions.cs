using Controller.Api.Http;
using Controller.Contracts;
using Microsoft.Extensions.Primitives;
using Occi;

namespace Controller.Api.Entities;

/// <summary>What a request says of the entity's tag (RFC 9110 §13.1): whether it still wants to be carried out.</summary>
internal static class Preconditions
{
    /// <summary>The version that must still be the present one when the grain decides (null: any), or why the request is refused.</summary>
    public static (long? Version, Problem? Problem) Of(OcciRequest request, EntityView view)
    {
        var headers = request.Http.Request.Headers;
        if (headers.IfNoneMatch.Count > 0 && Names(headers.IfNoneMatch, view))
            return (null, Problems.ChangedMeanwhile($"{request.Path} is there, in version {view.Version}, which If-None-Match rules out."));
        if (headers.IfMatch.Count == 0)
            return (null, null);
        return Names(headers.IfMatch, view)
            ? (view.Version, null)
            : (null, Problems.ChangedMeanwhile($"{request.Path} has version {view.Version} now, or other links, than the one in If-Match."));
    }

    /// <summary>Whether a change wants an entity that is there: at a free URL it is refused.</summary>
    public static Problem? OfNothing(OcciRequest request) => request.Http.Request.Headers.IfMatch.Count > 0
        ? Problems.ChangedMeanwhile($"There is nothing at {request.Path}; If-Match wants something to be there.")
        : null;

    /// <summary>Whether a reader has just this already.</summary>
    public static bool IsKnown(OcciRequest request, string tag) => Tags(request.Http.Request.Headers.IfNoneMatch).Any(t => t == "*" || t == tag);

    // A tag of any rendering will do: it is the entity that must not have moved.
    private static bool Names(StringValues tags, EntityView view)
    {
        var present = Enum.GetValues<Rendering>().Select(r => Showing.TagOf(view, r)).ToHashSet();
        return Tags(tags).Any(t => t == "*" || present.Contains(t));
    }

    private static IEnumerable<string> Tags(StringValues given) => given.SelectMany(t => t?.Split(',') ?? []).Select(t => t.Trim());
}
