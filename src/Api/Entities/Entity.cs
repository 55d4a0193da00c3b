using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>One entity (GFD.223 §10), of whatever kind.</summary>
internal sealed partial class Entity(IGrainFactory grains, Creation creation, Actions actions, Catalogues catalogues, ILogger<Entity> log)
{
    public async Task<Reply> Get(OcciRequest request, Target.Entity at)
    {
        if (await View(request, at) is not { } view)
            return Problems.NotFound(request.Path);
        var tag = Showing.TagOf(view, request.Rendering);
        return request.Http.Request.Headers.IfNoneMatch.Any(given => given == "*" || given?.Split(',').Any(t => t.Trim() == tag) == true)
            ? new Reply(StatusCodes.Status304NotModified) { ETag = tag }
            : Shown(request, view);
    }

    /// <summary>Partial update (decision D-09): only what is named changes.</summary>
    public async Task<Reply> Update(OcciRequest request, Target.Entity at)
    {
        var (sent, problem) = await request.OneEntity(catalogues);
        if (problem is not null)
            return problem;
        if (await View(request, at) is not { } view)
            return Problems.NotFound(request.Path);
        return await Change(request, at, view, sent, Purpose.Update);
    }

    /// <summary>Creates at a free URL (decision D-07), else replaces.</summary>
    public async Task<Reply> Put(OcciRequest request, Target.Entity at)
    {
        var (sent, problem) = await request.OneEntity(catalogues);
        if (problem is not null)
            return problem;
        if (await View(request, at) is not { } view)
            return request.Http.Request.Headers.IfMatch.Count > 0 ? Problems.NotFound(request.Path) : await creation.CreateAt(request, at.Kind, at.Id, sent);
        return await Change(request, at, view, sent, Purpose.Replace);
    }

    public async Task<Reply> Delete(OcciRequest request, Target.Entity at)
    {
        var (version, changed) = await IfMatch(request, at, null);
        if (changed is not null)
            return changed;
        var outcome = await Twice.Try(() => grains.Entity(at.Kind.Id.Term, at.Id).Delete(new DeleteEntity(request.Caller, version)));
        if (!outcome.Ok)
            return await Refused(request, at, outcome, version);
        LogDeleted(at.Kind.Id.Term, at.Id, request.Caller.Principal, request.Caller.Project);
        return Reply.Done();
    }

    public async Task<Reply> Invoke(OcciRequest request, Target.Entity at)
    {
        if (await View(request, at) is not { } view)
            return Problems.NotFound(request.Path);
        var (invocation, problem) = await Actions.Read(request, Actions.Of(request.Catalogue, view));
        if (problem is not null)
            return problem;
        var outcome = await actions.Invoke(request.Caller, at.Kind.Id.Term, at.Id, invocation);
        if (!outcome.Ok)
            return Problems.From(outcome, request.Path);
        // GFD.224 §3.1: a save answers the new template. The catalogue has it from here on, so that whoever is told of it finds it.
        if (outcome.Template is { } template && (await catalogues.Fresh(request.Aborted)).Find(Catalogues.IdOf(template)) is { } mixin)
            return Reply.Ok(request.Writer.Categories([mixin], request.Rendering));
        return Shown(request, outcome.View ?? await View(request, at) ?? view);
    }

    /// <summary>A URL that no entity can have.</summary>
    public static Task<Reply> Unnameable(OcciRequest request, Kind kind) =>
        Task.FromResult<Reply>(Problems.Invalid($"{request.Path} can't be an entity: below {kind.Location} they are named by UUIDs."));

    private Task<EntityView?> View(OcciRequest request, Target.Entity at)
    {
        if (!at.Kind.IsOffered())
            return Task.FromResult<EntityView?>(null);
        var grain = grains.Entity(at.Kind.Id.Term, at.Id);
        return Twice.Try(() => grain.View(request.Caller));
    }

    private async Task<Reply> Change(OcciRequest request, Target.Entity at, EntityView view, Representation sent, Purpose purpose)
    {
        var (entity, error) = Check.Entity(request.Catalogue, sent, purpose, view.Show(request.Catalogue), at.Kind);
        if (entity is null)
            return Problems.From(error!);   // one of the two is there
        // Links are entities of their own: what is echoed is left alone, what is new does not belong here (decision D-08).
        if (purpose == Purpose.Replace && entity.Links.Count > 0)
            return Problems.Invalid("PUT leaves links alone; POST the new one to the collection of its kind.");
        var (version, changed) = await IfMatch(request, at, view);
        if (changed is not null)
            return changed;
        string[] mixins = [.. entity.Mixins.Select(m => m.Id.ToString())];
        var outcome = await Twice.Try(() => grains.Entity(at.Kind.Id.Term, at.Id).Update(new UpdateEntity
        {
            Caller = request.Caller,
            Replace = purpose == Purpose.Replace,
            // Only what is new, so that two updates at once don't undo each other; gone is a template whose place another one takes.
            Mixins = purpose == Purpose.Replace ? mixins : [.. mixins.Except(view.Mixins)],
            RemoveMixins = [.. view.Mixins.Except(mixins)],
            Attributes = new(entity.Attributes),
            Links = [.. entity.Links.Select(l => Creation.Command(request.Caller, l, Guid.NewGuid()))],
            IfVersion = version,
        }));
        if (!outcome.Ok)
            return await Refused(request, at, outcome, version);
        LogChanged(at.Kind.Id.Term, at.Id, request.Caller.Principal, request.Caller.Project);
        return Shown(request, outcome.View ?? await View(request, at) ?? view);
    }

    // The version that must still be the present one; none: any will do.
    private async Task<(long? Version, Problem? Problem)> IfMatch(OcciRequest request, Target.Entity at, EntityView? view)
    {
        var tags = request.Http.Request.Headers.IfMatch;
        if (tags.Count == 0)
            return (null, null);
        view ??= await View(request, at);
        if (view is null)
            return (null, Problems.NotFound(request.Path));
        return tags.SelectMany(t => t?.Split(',') ?? []).Any(t => t.Trim() == "*" || Showing.VersionIn(t) == view.Version)
            ? (view.Version, null)
            : (null, Problems.ChangedMeanwhile(request.Path, view.Version));
    }

    // A conflict that comes from the version having moved on is another one than a state that does not allow it.
    private async Task<Reply> Refused(OcciRequest request, Target.Entity at, Outcome outcome, long? version) =>
        outcome.Kind == OutcomeKind.Conflict && version is not null && await View(request, at) is { } now && now.Version != version
            ? Problems.ChangedMeanwhile(request.Path, now.Version)
            : Problems.From(outcome, request.Path);

    private static Reply Shown(OcciRequest request, EntityView view) =>
        Reply.Ok(request.Writer.Entity(view.Show(request.Catalogue), request.Rendering)) with { ETag = Showing.TagOf(view, request.Rendering) };

    [LoggerMessage(LogLevel.Information, "Changed {Kind} {Entity} for {Principal} in project {Project}")]
    private partial void LogChanged(string kind, Guid entity, string principal, Guid project);

    [LoggerMessage(LogLevel.Information, "Deleted {Kind} {Entity} for {Principal} in project {Project}")]
    private partial void LogDeleted(string kind, Guid entity, string principal, Guid project);
}
