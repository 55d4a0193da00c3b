using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Occi;

namespace Controller.Api.Entities;

/// <summary>The entities of a kind (GFD.223 §11). Creating is <see cref="Creation"/>'s.</summary>
internal sealed class KindCollection(Listing listing, Actions actions, Locations locations, Deletion deletion)
{
    public Task<Reply> Get(OcciRequest request, Kind kind) => listing.OfKind(request, kind);

    /// <summary>An action on every member of the caller's project: on all, or on none.</summary>
    public async Task<Reply> Invoke(OcciRequest request, Kind kind)
    {
        var (invocation, problem) = await Actions.Read(request, kind.AllActions);
        if (problem is not null)
            return problem;
        var refused = await actions.InvokeAll(request, Of(request, await listing.Members(request, kind, null)), invocation);
        return refused is null ? Reply.Done() : refused;
    }

    /// <summary>Deletes the entities named, or all of the caller's project: an admin's, too, so that nobody empties the cloud by accident.</summary>
    public async Task<Reply> Delete(OcciRequest request, Kind kind) =>
        await Delete(request, k => k.Is(kind), () => listing.Members(request, kind, null));

    /// <summary>The same for everything below a path that is no location (GFD.185 §3.4.2).</summary>
    public async Task<Reply> DeleteBelow(OcciRequest request, string prefix) =>
        await Delete(request, k => Listing.IsBelow(k, prefix), () => listing.MembersBelow(request, prefix));

    private async Task<Reply> Delete(OcciRequest request, Func<Kind, bool> belongs, Func<Task<List<EntityRow>>> members)
    {
        IReadOnlyList<(Kind Kind, Guid Id)> doomed;
        if (request.HasPayload)
        {
            var (named, problem) = await locations.Read(request);
            if (problem is not null)
                return problem;
            if (named.FirstOrDefault(e => !belongs(e.Kind)) is { Kind: not null } stray)
                return Problems.Invalid($"{Showing.PathOf(stray.Kind, stray.Id)} is not in this collection.");
            doomed = named;
        }
        else
        {
            doomed = Of(request, await members());
        }
        var refused = await deletion.Of(request, doomed);
        return refused is null ? Reply.Done() : refused;
    }

    private static List<(Kind Kind, Guid Id)> Of(OcciRequest request, List<EntityRow> rows) =>
        rows.ConvertAll(r => (request.Catalogue.KindOf(r.Term)!, r.Id));   // the query asked for the catalogue's terms only
}
