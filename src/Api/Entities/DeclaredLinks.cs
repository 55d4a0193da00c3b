using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Contracts;
using Occi;
using Occi.Core;
using Occi.Declared;

namespace Controller.Api.Entities;

/// <summary>
/// Links of kinds that data files declare. Any resource may have them, also one whose grain knows only its own links; so here they are made beside it, shown with it,
/// and taken away after it.
/// </summary>
internal sealed class DeclaredLinks(IGrainFactory grains, EntityRows inventory, DeclaredModel model)
{
    /// <summary>Whether that is a kind of link of the files'.</summary>
    public bool Are(Kind kind) => model.LinkRuleOf(kind) is not null;

    /// <summary>Inline links apart: those that the resource's own grain makes, and those of declared kinds as commands that start at <paramref name="path"/>.</summary>
    /// <param name="links">All of them.</param>
    /// <param name="path">Where the resource is.</param>
    /// <param name="creation">The id of the resource that is created: those of the links follow from it, so repeating the creation makes none twice.</param>
    public (CreateEntity[] Own, IReadOnlyList<(Kind Kind, CreateEntity Command)> Declared) Split(CreateEntity[] links, string path, Guid? creation = null)
    {
        var found = new List<(Kind, CreateEntity)>();
        foreach (var (at, link) in links.Index())
        {
            if (KindOf(link) is { } kind)
                found.Add((kind, From(link, path) with { Id = creation is { } of ? EntityIds.Derived(of, at) : link.Id }));
        }
        return (found.Count == 0 ? links : [.. links.Where(l => KindOf(l) is null)], found);
    }

    /// <summary>
    /// The command as the link's grain reads it (of URLs that point here, the path), or why it can't be: it would close a circle where none may be. Two that are made at
    /// once can close one together; nothing follows from that but the circle.
    /// </summary>
    public async Task<(CreateEntity Command, Outcome? Refusal)> Checked(OcciRequest request, Kind kind, CreateEntity command)
    {
        var local = Local(request, command);
        return model.LinkRuleOf(kind) is { Acyclic: true } && End(local, CoreKinds.Source) is { } source && End(local, CoreKinds.Target) is { } target
            && await inventory.Leads(kind.Id.Term, target, source, request.Aborted)
            ? (local, new(OutcomeKind.Conflict, $"A {kind.Id.Term} from {source} to {target} would close a circle: others lead from {target} to {source} already."))
            : (local, null);
    }

    private static Guid? End(CreateEntity link, Attr end) =>
        link.Attributes.TryGetValue(end.Name, out var value) && EntityIds.TryParse(value.Text[(value.Text.LastIndexOf('/') + 1)..], out var id) ? id : null;

    // A link as its grain reads it: of URLs that point here, the path.
    private static CreateEntity Local(OcciRequest request, CreateEntity link)
    {
        var attributes = new Dictionary<string, AttributeValue>(link.Attributes);
        foreach (var end in new[] { CoreKinds.Source, CoreKinds.Target })
        {
            if (attributes.TryGetValue(end.Name, out var url))
                attributes[end.Name] = AttributeValue.Of(request.PathOf(url.Text));
        }
        return link with { Attributes = attributes };
    }

    /// <summary>Makes new links of a resource that is there, all or none.</summary>
    public async Task<(IReadOnlyList<EntityView> Made, Problem? Problem)> Make(OcciRequest request, IReadOnlyList<(Kind Kind, CreateEntity Command)> links)
    {
        var (made, fresh) = (new List<EntityView>(), new List<EntityView>());
        foreach (var (kind, command) in links)
        {
            var (local, refusal) = await Checked(request, kind, command);
            var outcome = refusal ?? await Twice.Try(() => grains.Entity(kind.Id.Term, command.Id).Create(local));
            if (outcome is { Ok: true, View: { } view })
            {
                made.Add(view);
                if (outcome.Kind == OutcomeKind.Created)
                    fresh.Add(view);
                continue;
            }
            await Unmake(request.Caller, fresh);
            return ([], Problems.From(outcome, request.Path));
        }
        return (made, null);
    }

    public Task Unmake(Caller caller, IEnumerable<EntityView> links) => Task.WhenAll(links.Select(l => Delete(caller, l)));

    /// <summary>The resource with the links that its grain does not know.</summary>
    public async Task<EntityView> Complete(EntityView view, CancellationToken cancel)
    {
        if (model.LinkTerms.Count == 0 || view.Source is not null)
            return view;
        var links = (await inventory.LinksOf([view.Id], cancel))[view.Id].Where(l => KindOf(l.Kind) is not null).ToArray();
        return links.Length == 0 ? view : view with { Links = [.. view.Links.Where(l => KindOf(l.Kind) is null), .. links] };
    }

    /// <summary>
    /// Deletes an entity and the declared links that start there (GFD.221 §5.4.2). Should this process die in between, the sweeper finds those whose source is gone.
    /// </summary>
    public async Task<Outcome> Delete(Kind kind, Guid id, DeleteEntity command)
    {
        var outcome = await Twice.Delete(command.IfVersion, () => grains.Entity(kind.Id.Term, id).Delete(command));
        if (outcome.Ok && model.LinkTerms.Count > 0 && !kind.Is(CoreKinds.Link))
        {
            var links = (await inventory.LinksOf([id], CancellationToken.None))[id];
            // Whose ever they are: nothing can start at what is gone.
            await Unmake(new Caller(command.Caller.Project, Role.Admin, command.Caller.Principal), links.Where(l => KindOf(l.Kind) is not null));
        }
        return outcome;
    }

    private static CreateEntity From(CreateEntity link, string path) =>
        link with { Attributes = new(link.Attributes) { [CoreKinds.Source.Name] = AttributeValue.Of(path) } };

    private Task<Outcome> Delete(Caller caller, EntityView link) =>
        Twice.Try(() => grains.Entity(KindOf(link.Kind)!.Id.Term, link.Id).Delete(new DeleteEntity(caller)));   // only links of the model's come here

    private Kind? KindOf(CreateEntity link) => KindOf(link.Kind);

    private Kind? KindOf(string identifier) =>
        TypeId.TryParse(identifier, out var id) && model.Catalogue.Find(id) is Kind kind && Are(kind) ? kind : null;
}
