using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>The entities of a kind (GFD.223 §11). Creating is <see cref="Creation"/>'s.</summary>
internal sealed class KindCollection(Listing listing, Actions actions, Locations locations, DeclaredLinks declared)
{
    public Task<Reply> Get(OcciRequest request, Kind kind) => listing.OfKind(request, kind);

    /// <summary>An action on every member of the caller's project. Not atomic: what was refused is listed, the rest is done.</summary>
    public async Task<Reply> Invoke(OcciRequest request, Kind kind)
    {
        var (invocation, problem) = await Actions.Read(request, kind.AllActions);
        if (problem is not null)
            return problem;
        var members = await listing.Members(request, kind, null);
        var refused = await Batch.ForEach(request, Of(request, members), (k, id) => actions.Invoke(request.Caller, k.Id.Term, id, invocation));
        return refused is null ? Reply.Done() : refused;
    }

    /// <summary>Deletes the entities named, or all of the caller's project: an admin's, too, so that nobody empties the cloud by accident.</summary>
    public async Task<Reply> Delete(OcciRequest request, Kind kind)
    {
        IReadOnlyList<(Kind Kind, Guid Id)> doomed;
        if (request.HasPayload)
        {
            var (named, problem) = await locations.Read(request);
            if (problem is not null)
                return problem;
            if (named.FirstOrDefault(e => !e.Kind.Is(kind)) is { Kind: not null } stray)
                return Problems.Invalid($"{Showing.PathOf(stray.Kind, stray.Id)} is not in this collection.");
            doomed = named;
        }
        else
        {
            doomed = [.. Of(request, await listing.Members(request, kind, null))];
        }
        var refused = await Batch.ForEach(request, doomed, (k, id) => declared.Delete(k, id, new DeleteEntity(request.Caller)));
        return refused is null ? Reply.Done() : refused;
    }

    private static IEnumerable<(Kind Kind, Guid Id)> Of(OcciRequest request, List<EntityRow> rows) =>
        rows.Select(r => (request.Catalogue.KindOf(r.Term)!, r.Id));   // the query asked for the catalogue's terms only
}
