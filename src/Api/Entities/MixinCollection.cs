using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>The entities that have a mixin (GFD.223 §11): reading and changing who has it.</summary>
internal sealed class MixinCollection(IGrainFactory grains, Listing listing, Actions actions, Locations locations, Catalogues catalogues)
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
        var named = await Members(request, mixin);
        if (request.HasPayload)
        {
            var (members, problem) = await Named(request, mixin);
            if (problem is not null)
                return problem;
            named = [.. members.Where(m => m.View.Mixins.Contains(mixin.Id.ToString())).Select(m => (m.Kind, m.View.Id))];
        }
        return await Take(request, mixin, named) is { } refused ? refused : Reply.Done();
    }

    /// <summary>An action that the mixin defines, on every member of the caller's project.</summary>
    public async Task<Reply> Invoke(OcciRequest request, Mixin mixin)
    {
        var (invocation, problem) = await Actions.Read(request, [.. Actions.Of(mixin)]);
        if (problem is not null)
            return problem;
        var refused = await Batch.ForEach(request, await Members(request, mixin), (k, id) => actions.Invoke(request.Caller, k.Id.Term, id, invocation));
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

    // As a partial update that names the mixin: it must apply, it brings its defaults, and a template takes another one's place.
    private async Task<Problem?> Give(OcciRequest request, Mixin mixin, IEnumerable<(Kind Kind, EntityView View)> members)
    {
        var sent = new Representation { Mixins = [mixin.Id] };
        var commands = new Dictionary<(Kind, Guid), UpdateEntity>();
        foreach (var (kind, view) in members.Where(m => !m.View.Mixins.Contains(mixin.Id.ToString())))
        {
            var model = await catalogues.Showing(view.Project, [view], request.Aborted);
            var present = view.Show(model);
            var (entity, error) = Check.Entity(model.Catalogue, sent, Purpose.Update, present, kind);
            if (entity is null)
                return Problems.From(error! with { Message = $"{Showing.PathOf(kind, view.Id)}: {error.Message}" });   // one of the two is there
            commands[(kind, view.Id)] = Changing.Command(request, present, entity, Purpose.Update, null);
        }
        return await Batch.ForEach(request, commands.Keys, (kind, id) => Twice.Try(() => grains.Entity(kind.Id.Term, id).Update(commands[(kind, id)])));
    }

    private Task<Problem?> Take(OcciRequest request, Mixin mixin, IEnumerable<(Kind Kind, Guid Id)> entities)
    {
        var command = new UpdateEntity { Caller = request.Caller, RemoveMixins = [mixin.Id.ToString()] };
        return Batch.ForEach(request, entities, (kind, id) => Twice.Try(() => grains.Entity(kind.Id.Term, id).Update(command)));
    }

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
