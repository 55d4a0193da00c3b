using Controller.Api.Http;
using Controller.Api.Model;
using Occi;
using Occi.Core;

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
        var parsed = OcciReader.Entities(message, request.Catalogue);
        if (!parsed.Ok)
            return ([], Problems.BadRendering(parsed.Error!));
        var sent = Owned(parsed.Value!);
        request.Model = await catalogues.Knowing(request.Model, request.Caller.Project, sent.SelectMany(Categories), request.Aborted);
        return (sent, null);
    }

    // In drafts, a link beside the only resource of the message needs no source: it is that resource's.
    private static IReadOnlyList<Representation> Owned(IReadOnlyList<Representation> sent)
    {
        static bool IsOwned(Representation one) => one.Where?.StartsWith("$.links[", StringComparison.Ordinal) == true && !one.Attributes.ContainsKey(CoreKinds.Source.Name);
        return sent.Any(IsOwned) && sent.Where(s => s.Where?.StartsWith("$.resources[", StringComparison.Ordinal) == true).ToList() is [var only]
            ? [only with { Links = [.. only.Links, .. sent.Where(IsOwned)] }, .. sent.Where(s => s != only && !IsOwned(s))]
            : sent;
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
