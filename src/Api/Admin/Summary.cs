using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Occi.Core;

namespace Controller.Api.Admin;

/// <summary>How many resources there are of each kind, and in which states: what a dashboard begins with, at the price of one query and not of all the entities.</summary>
internal sealed class Summary(EntityRows rows, Catalogues catalogues)
{
    public sealed record OfKind(string Kind, long Total, IReadOnlyDictionary<string, long> States);

    public sealed record Answer(IReadOnlyList<OfKind> Kinds);

    /// <summary>Of the caller's project, for an admin of all. A kind of which there is nothing is not there; what has no state yet is in the state "".</summary>
    public async Task<IResult> Show(HttpContext http, CancellationToken cancel)
    {
        var caller = http.Caller();
        var catalogue = (await catalogues.Of(caller.Project, cancel)).For(caller.Role).Catalogue;
        string[] terms = [.. catalogue.Kinds.Where(k => k.IsOffered() && !k.Is(CoreKinds.Link)).Select(k => k.Id.Term)];
        var counts = await rows.CountByState(new() { Terms = terms, Project = Access.Listed(http), Unowned = Access.SeesUnowned(caller) }, cancel);
        return Results.Json(new Answer(
        [
            .. counts.GroupBy(c => c.Term).OrderBy(k => Array.IndexOf(terms, k.Key))
                .Select(k => new OfKind(k.Key, k.Sum(c => c.Count), k.OrderBy(c => c.State, StringComparer.Ordinal).ToDictionary(c => c.State, c => c.Count))),
        ]));
    }
}
