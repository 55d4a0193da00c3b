using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>The entities that have a mixin (GFD.223 §11): reading and changing who has it.</summary>
internal sealed class MixinCollection(IGrainFactory grains, Listing listing, Actions actions, Locations locations, Membership membership)
{
    public Task<Reply> Get(OcciRequest request, Mixin mixin) => listing.OfMixin(request, mixin);

    /// <summary>Gives it to the entities named.</summary>
    public async Task<Reply> Add(OcciRequest request, Mixin mixin)
    {
        var (named, problem) = await Named(request, mixin);
        return problem is not null ? problem : await Give(request, mixin, named) is { } refused ? refused : await Shown(request, named);
    }

    /// <summary>From now on just these have it.</summary>
    public async Task<Reply> Replace(OcciRequest request, Mixin mixin)
    {
        var (named, problem) = await Named(request, mixin);
        if (problem is not null)
            return problem;
        var unlisted = (await Members(request, mixin)).Except(named);
        if (await Give(request, mixin, named) is { } notGiven)
            return notGiven;
        return await Take(request, mixin, unlisted) is { } notTaken ? notTaken : await Shown(request, named);
    }

    /// <summary>Takes it from the entities named, or from all: entities themselves are never deleted here (decision D-10b).</summary>
    public async Task<Reply> Remove(OcciRequest request, Mixin mixin)
    {
        var (named, problem) = request.HasPayload ? await locations.Read(request) : (await Members(request, mixin), null);
        if (problem is not null)
            return problem;
        return await Take(request, mixin, named) is { } refused ? refused : Reply.Done();
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

    // All must exist and be of a fitting kind before any is touched.
    private async Task<(IReadOnlyList<(Kind Kind, Guid Id)> Named, Problem? Problem)> Named(OcciRequest request, Mixin mixin)
    {
        var (named, problem) = await locations.Read(request);
        if (problem is not null)
            return ([], problem);
        if (mixin.Closure.SelectMany(m => m.Attributes).FirstOrDefault(a => a is { Required: true, Default: null }) is { } required)
            return ([], Problems.Invalid($"{mixin} needs a value of {required.Name}; add it by POST to the entity."));
        foreach (var (kind, id) in named)
        {
            if (!mixin.AppliesTo(kind))
                return ([], Problems.Invalid($"{mixin} does not apply to {kind}, which {Showing.PathOf(kind, id)} is of."));
            if (await Twice.Try(() => grains.Entity(kind.Id.Term, id).View(request.Caller)) is null)
                return ([], Problems.Invalid($"{Showing.PathOf(kind, id)} is no entity here."));
        }
        return (named, null);
    }

    private async Task<IReadOnlyList<(Kind Kind, Guid Id)>> Members(OcciRequest request, Mixin mixin) =>
        [.. (await listing.Members(request, null, mixin)).Select(r => (request.Catalogue.KindOf(r.Term)!, r.Id))];   // only the catalogue's terms were asked for

    private Task<Problem?> Give(OcciRequest request, Mixin mixin, IEnumerable<(Kind Kind, Guid Id)> entities) => membership.Give(request, mixin, [.. entities]);

    private Task<Problem?> Take(OcciRequest request, Mixin mixin, IEnumerable<(Kind Kind, Guid Id)> entities) => membership.Take(request, mixin, [.. entities]);

    private async Task<Reply> Shown(OcciRequest request, IReadOnlyList<(Kind Kind, Guid Id)> members)
    {
        if (request.Rendering != Rendering.Json)
            return Reply.Ok(request.Writer.Entities([.. members.Select(m => Showing.Locate(m.Kind, m.Id))], request.Rendering));
        var views = await Task.WhenAll(members.Select(m => Twice.Try(() => grains.Entity(m.Kind.Id.Term, m.Id).View(request.Caller))));
        return Reply.Ok(request.Writer.Entities([.. views.OfType<EntityView>().Select(v => v.Show(request.Catalogue))], Rendering.Json));
    }
}
