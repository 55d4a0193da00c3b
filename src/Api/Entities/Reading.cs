using Controller.Api.Http;
using Controller.Api.Model;
using Occi;

namespace Controller.Api.Entities;

/// <summary>Reads the entities that a request sent.</summary>
internal static class Reading
{
    /// <summary>One or more; the request's catalogue is fresh enough for all categories that they name, if these exist.</summary>
    public static async Task<(IReadOnlyList<Representation> Sent, Problem? Problem)> Entities(this OcciRequest request, Catalogues catalogues)
    {
        var (message, problem) = await request.Read();
        if (problem is not null)
            return ([], problem);
        var parsed = OcciReader.Entities(message);
        if (!parsed.Ok)
            return ([], Problems.BadRendering(parsed.Error!));
        var sent = parsed.Value!;
        request.Model = await catalogues.Knowing(request.Model, request.Caller.Project, sent.SelectMany(Categories), request.Aborted);
        return (sent, null);
    }

    /// <summary>Exactly one.</summary>
    public static async Task<(Representation Sent, Problem? Problem)> OneEntity(this OcciRequest request, Catalogues catalogues)
    {
        var (sent, problem) = await request.Entities(catalogues);
        return problem is not null ? (null!, problem)   // never read where there is a problem
            : sent is [var one] ? (one, null)
            : (null!, Problems.Invalid($"One entity was wanted, {sent.Count} were sent."));
    }

    /// <summary>The categories that it names, its links' too.</summary>
    public static IEnumerable<TypeId> Categories(Representation sent) =>
        [.. sent.Kind is { } kind ? [kind] : (IEnumerable<TypeId>)[], .. sent.Mixins, .. sent.Links.SelectMany(Categories)];
}
