using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>
/// Gives a mixin to entities, or takes it away: from all, or from none. The same as a partial update of each would do, so a template brings its values and
/// takes another one's place (GFD.224 §3.5).
/// </summary>
internal sealed class Membership(IGrainFactory grains, Catalogues catalogues)
{
    public Task<Problem?> Give(OcciRequest request, Mixin mixin, IReadOnlyList<(Kind Kind, Guid Id)> entities) => Change(request, entities, (kind, view, model) =>
    {
        if (view.Mixins.Contains(mixin.Id.ToString()))
            return (null, null);
        var (entity, error) = Check.Entity(model.Catalogue, new() { Mixins = [mixin.Id] }, Purpose.Update, view.Show(model), kind);
        return entity is null ? (null, error) : (Updates.Of(request.Caller, model.Catalogue, view, entity, replace: false, version: null), null);
    });

    public Task<Problem?> Take(OcciRequest request, Mixin mixin, IReadOnlyList<(Kind Kind, Guid Id)> entities) => Change(request, entities, (kind, view, model) =>
        (view.Mixins.Contains(mixin.Id.ToString()) ? Updates.Without(request.Caller, model.Catalogue, kind, view, mixin) : null, null));

    private async Task<Problem?> Change(
        OcciRequest request, IReadOnlyList<(Kind Kind, Guid Id)> entities, Func<Kind, EntityView, ProjectModel, (UpdateEntity? Update, CheckError? Error)> decide)
    {
        var updates = new Dictionary<Guid, UpdateEntity>();
        foreach (var (kind, id) in entities)
        {
            if (await Twice.Try(() => grains.Entity(kind.Id.Term, id).View(request.Caller)) is not { } view)
                continue;   // it went meanwhile, and its membership with it
            // By what the entity's project has, which for an admin may be another one than the caller's.
            var (update, error) = decide(kind, view, await catalogues.Showing(view.Project, [view], request.Aborted));
            if (error is not null)
                return Problems.From(error with { Message = $"{Showing.PathOf(kind, id)}: {error.Message}" });
            if (update is not null)
                updates[id] = update;
        }
        return await Batch.AllOrNone(
            request, [.. entities.Where(e => updates.ContainsKey(e.Id))],
            (kind, id) => Twice.Try(() => grains.Entity(kind.Id.Term, id).MayUpdate(updates[id])),
            (kind, id) => Twice.Try(() => grains.Entity(kind.Id.Term, id).Update(updates[id])));
    }
}
