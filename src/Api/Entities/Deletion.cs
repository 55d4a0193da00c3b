using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Contracts;
using Occi;
using Occi.Core;

namespace Controller.Api.Entities;

/// <summary>
/// Deletes many entities (GFD.223 §11.4): all are asked first, then those go first that others are in use by: links before their ends, machines before the
/// networks and storages that they hold.
/// </summary>
internal sealed partial class Deletion(IGrainFactory grains, EntityRows inventory, DeclaredLinks declared, ILogger<Deletion> log)
{
    /// <summary>Null: all are gone.</summary>
    public async Task<Problem?> Of(OcciRequest request, IReadOnlyList<(Kind Kind, Guid Id)> doomed)
    {
        var at = doomed.Index().ToDictionary(d => d.Item.Id, d => d.Index);
        var links = await inventory.LinksAt([.. at.Keys], request.Aborted);
        // A link goes with its source.
        var going = links.Where(l => at.ContainsKey(l.Id) || at.ContainsKey(l.Source)).ToLookup(l => l.Target, l => l.Id);
        if (await Batch.Ask(request, doomed, (k, id) => Ask(request, k, id, [.. going[id]])) is { } refused)
            return refused;
        var (byId, bySource) = (links.ToDictionary(l => l.Id), links.ToLookup(l => l.Source));
        int[] Needed((Kind Kind, Guid Id) entity) => entity.Kind.Is(CoreKinds.Link)
            ? byId.TryGetValue(entity.Id, out var link) ? [.. Present(link.Source), .. Present(link.Target)] : []
            : [.. bySource[entity.Id].SelectMany(l => Present(l.Target))];
        int[] Present(Guid id) => at.TryGetValue(id, out var index) ? [index] : [];
        var layers = Layers.Of([.. doomed.Select(Needed)]);
        foreach (var layer in doomed.Index().GroupBy(d => layers[d.Index], d => d.Item).OrderByDescending(g => g.Key))
        {
            var alone = layer.Where(e => !byId.TryGetValue(e.Id, out var link) || !at.ContainsKey(link.Source)).ToList();
            if (await Batch.Do(request, alone, (k, id) => One(request, k, id)) is { } changed)
                return changed;
        }
        return null;
    }

    private Task<Outcome> Ask(OcciRequest request, Kind kind, Guid id, Guid[] going) =>
        Twice.Try(() => grains.Entity(kind.Id.Term, id).MayDelete(new DeleteEntity(request.Caller), going));

    private async Task<Outcome> One(OcciRequest request, Kind kind, Guid id)
    {
        var outcome = await declared.Delete(kind, id, new DeleteEntity(request.Caller));
        LogDeleted(kind.Id.Term, id, outcome.Kind, request.Caller.Principal, request.Caller.Project);
        return outcome;
    }

    [LoggerMessage(LogLevel.Information, "Deletion of {Kind} {Entity}: {Outcome}, for {Principal} in project {Project}")]
    private partial void LogDeleted(string kind, Guid entity, OutcomeKind outcome, string principal, Guid project);
}
