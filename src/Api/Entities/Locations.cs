using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Occi;
using Occi.Core;

namespace Controller.Api.Entities;

/// <summary>Reads a collection of entities that a request names by URL or id.</summary>
internal sealed class Locations(EntityRows rows)
{
    /// <summary>Kinds and ids, each once; whether they exist has not been asked.</summary>
    public async Task<(IReadOnlyList<(Kind Kind, Guid Id)> Named, Problem? Problem)> Read(OcciRequest request)
    {
        var (message, problem) = await request.Read();
        if (problem is not null)
            return ([], problem);
        var parsed = OcciReader.Locations(message);
        if (!parsed.Ok)
            return ([], Problems.BadRendering(parsed.Error!));
        var named = new List<(Kind, Guid)>();
        foreach (var url in parsed.Value!)
        {
            if (await Resolve(request, url) is not { } entity)
                return ([], Problems.Invalid($"{url} is no entity here."));
            named.Add(entity);
        }
        return ([.. named.Distinct()], null);
    }

    private async Task<(Kind, Guid)?> Resolve(OcciRequest request, string url)
    {
        if (Target.Of(request.PathOf(url), request.Catalogue) is Target.Entity at && at.Kind.IsOffered())
            return (at.Kind, at.Id);
        if (!EntityIds.TryParse(url, out var id))
            return null;
        // Of what the caller can see: an answer must not tell whether somebody else has that id.
        var query = new EntityQuery { Terms = request.Catalogue.TermsBelow(CoreKinds.Entity), Project = Access.Sight(request.Caller), Unowned = Access.SeesUnowned(request.Caller), Id = id };
        return await rows.List(query, views: false, request.Aborted) is [var row, ..]
            ? (request.Catalogue.KindOf(row.Term)!, id)   // the query asked for the catalogue's terms only
            : null;
    }
}
