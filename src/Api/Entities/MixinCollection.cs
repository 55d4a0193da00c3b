using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>The entities that have a mixin (GFD.223 §11): reading and changing who has it.</summary>
internal sealed class MixinCollection(IGrainFactory grains, Listing listing, Actions actions, Locations locations, Membership membership, Catalogues catalogues)
{
    public Task<Reply> Get(OcciRequest request, Mixin mixin) => listing.OfMixin(request, mixin);

    /// <summary>Gives it to the entities named.</summary>
    public async Task<Reply> Add(OcciRequest request, Mixin mixin)
    {
        var (members, problem) = await Named(request, mixin);
        return (problem ?? await Give(request, mixin, members)) is { } refused ? refused : await Shown(request, members);
    }

    /// <summary>From now on just these have it.</summary>
    public async Task<Reply> Replace(OcciRequest request, Mixin mixin)
    {
        var (members, problem) = await Named(request, mixin);
        if (problem is not null)
            return problem;
        var unlisted = (await Members(request, mixin)).Except(members.Select(m => (m.Kind, m.View.Id)));
        return (await Give(request, mixin, members) ?? await Take(request, mixin, unlisted)) is { } refused ? refused : await Shown(request, members);
    }

    /// <summary>Takes it from the entities named, or from all: entities themselves are never deleted here (decision D-10b).</summary>
    public async Task<Reply> Remove(OcciRequest request, Mixin mixin)
    {
        if (!request.HasPayload)
            return await Take(request, mixin, await Members(request, mixin)) is { } notTaken ? notTaken : Reply.Done();
        var (members, problem) = await Named(request, mixin);
        if (problem is not null)
            return problem;
        // Who has it not has nothing to lose: Take leaves it alone.
        return await Take(request, mixin, members.Select(m => (m.Kind, m.View.Id))) is { } refused ? refused : Reply.Done();
    }

    /// <summary>An action that the mixin defines, on every member of the caller's project.</summary>
    public async Task<Reply> Invoke(OcciRequest request, Mixin mixin)
    {
        var (invocation, problem) = await Actions.Read(request, [.. Actions.Of(mixin)]);
        if (problem is not null)
            return problem;
        var refused = await actions.InvokeAll(request, await Members(request, mixin), invocation);
        return refused is null ? Reply.Done() : refused;
    }

    // All must be there before any is touched.
    private async Task<(IReadOnlyList<(Kind Kind, EntityView View)> Members, Problem? Problem)> Named(OcciRequest request, Mixin mixin)
    {
        var (named, problem) = await locations.Read(request);
        if (problem is not null)
            return ([], problem);
        var members = new List<(Kind, EntityView)>();
        foreach (var (kind, id) in named)
        {
            var view = await Twice.Try(() => grains.Entity(kind.Id.Term, id).View(request.Caller));
            // A mixin of the project's own is for its own entities: an admin sees others' too.
            if (view is null || (request.Model.IsOwn(mixin.Id) && view.Project != request.Caller.Project))
                return ([], Problems.Invalid($"{Showing.PathOf(kind, id)} is no entity here."));
            members.Add((kind, view));
        }
        return (members, null);
    }

    private async Task<IReadOnlyList<(Kind Kind, Guid Id)>> Members(OcciRequest request, Mixin mixin) =>
        [.. (await listing.Members(request, null, mixin)).Select(r => (request.Catalogue.KindOf(r.Term)!, r.Id))];   // only the catalogue's terms were asked for

    private Task<Problem?> Give(OcciRequest request, Mixin mixin, IEnumerable<(Kind Kind, EntityView View)> members) =>
        membership.Give(request, mixin, [.. members.Select(m => (m.Kind, m.View.Id))]);

    private Task<Problem?> Take(OcciRequest request, Mixin mixin, IEnumerable<(Kind Kind, Guid Id)> entities) => membership.Take(request, mixin, [.. entities]);

    private async Task<Reply> Shown(OcciRequest request, IReadOnlyList<(Kind Kind, EntityView View)> members)
    {
        if (request.Rendering != Rendering.Json)
            return Reply.Ok(request.Writer.Entities([.. members.Select(m => Showing.Locate(m.Kind, m.View.Id))], request.Rendering));
        var views = await Task.WhenAll(members.Select(m => Twice.Try(() => grains.Entity(m.Kind.Id.Term, m.View.Id).View(request.Caller))));
        var shown = new List<Representation>();
        foreach (var view in views.OfType<EntityView>())
            shown.Add(view.Show(await catalogues.Showing(view.Project, [view], request.Aborted)));
        return Reply.Ok(request.Writer.Entities(shown, Rendering.Json));
    }
}
