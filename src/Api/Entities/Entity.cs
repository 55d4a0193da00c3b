using Controller.Api.Audit;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>One entity (GFD.223 §10), of whatever kind.</summary>
internal sealed partial class Entity(IGrainFactory grains, Sightings sightings, Creation creation, Actions actions, DeclaredLinks declared, Catalogues catalogues, ILogger<Entity> log)
{
    public async Task<Reply> Get(OcciRequest request, Target.Entity at)
    {
        if (await Look(request, at) is not { } seen)
            return Problems.NotFound(request.Path);
        var shown = await Rendered(request, seen);
        if (Preconditions.IsKnown(request, shown.Tag))
            return shown.NotModified;
        return request.Http.Request.Headers.IfMatch.Count > 0 && Preconditions.Of(request, seen.View).Problem is { } changed ? changed : shown.Reply;
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
        var view = await View(request, at);
        if (view is null)
        {
            if (Preconditions.OfNothing(request) is { } missing)
                return missing;
            if (await creation.CreateAt(request, at.Kind, at.Id, sent) is { } created)
                return created;
            // Another PUT was faster: it is this one's turn to replace.
            if ((view = await View(request, at)) is null)
                return Problems.Conflict("The entity was deleted meanwhile.");
        }
        return await Change(request, at, view, sent, Purpose.Replace);
    }

    public async Task<Reply> Delete(OcciRequest request, Target.Entity at)
    {
        if (await View(request, at) is not { } view)
            return Problems.NotFound(request.Path);
        var (version, changed) = Preconditions.Of(request, view);
        if (changed is not null)
            return changed;
        var outcome = await declared.Delete(at.Kind, at.Id, new DeleteEntity(request.Caller, version));
        if (!outcome.Ok)
            return await Refused(request, at, outcome, version);
        LogDeleted(at.Kind.Id.Term, at.Id, request.Caller.Principal, request.Caller.Project);
        return Reply.Done();
    }

    public async Task<Reply> Invoke(OcciRequest request, Target.Entity at)
    {
        if (await View(request, at) is not { } view)
            return Problems.NotFound(request.Path);
        await Judge(request, view);
        var (invocation, problem) = await Actions.Read(request, Actions.Of(request.Catalogue, view));
        if (problem is not null)
            return problem;
        var (version, changed) = Preconditions.Of(request, view);
        if (changed is not null)
            return changed;
        var outcome = await actions.Invoke(request.Caller, at.Kind.Id.Term, at.Id, invocation, version);
        if (!outcome.Ok)
            return await Refused(request, at, outcome, version);
        // GFD.224 §3.1: a save answers the new template. The catalogue has it from here on, so that whoever is told of it finds it.
        if (outcome.Template is { } template && (await catalogues.Fresh(view.Project, request.Aborted)).Catalogue.Find(ImageTemplates.IdOf(template)) is { } mixin)
            return Reply.Ok(request.Writer.Categories([mixin], request.Rendering));
        return await Shown(request, await Now(request, at, outcome) ?? view);
    }

    /// <summary>A URL that no entity can have.</summary>
    public static Task<Reply> Unnameable(OcciRequest request, Kind kind) =>
        Task.FromResult<Reply>(Problems.Invalid($"{request.Path} can't be an entity: below {kind.Location} they are named by UUIDs."));

    private async Task<EntityView?> View(OcciRequest request, Target.Entity at) => (await Look(request, at))?.View;

    private async Task<Seen?> Look(OcciRequest request, Target.Entity at)
    {
        if (!at.Kind.IsOffered() || await sightings.Look(request.Caller, at.Kind.Id.Term, at.Id) is not { } seen)
            return null;
        request.Http.Touch(at.Kind.Id.Term, at.Id, seen.View.Project);
        var complete = await declared.Complete(seen.View, request.Aborted);
        return ReferenceEquals(complete, seen.View) ? seen : new(0, complete);
    }

    private async Task<EntityView?> Now(OcciRequest request, Target.Entity at, Outcome outcome) =>
        outcome.View is { } view ? await declared.Complete(view, request.Aborted) : await View(request, at);

    private async Task<Reply> Change(OcciRequest request, Target.Entity at, EntityView view, Representation sent, Purpose purpose)
    {
        await Judge(request, view);
        request.Model = await catalogues.Knowing(request.Model, view.Project, Reading.Categories(sent), request.Aborted);
        var present = view.Show(request.Model);
        var (entity, error) = Check.Entity(request.Catalogue, sent, purpose, present, at.Kind);
        if (entity is null)
            return Problems.From(error!);   // one of the two is there
        // Links are entities of their own: what is echoed is left alone, what is new does not belong here (decision D-08).
        if (purpose == Purpose.Replace && entity.Links.Count > 0)
            return Problems.Invalid("PUT leaves links alone; POST the new one to the collection of its kind.");
        var (version, changed) = Preconditions.Of(request, view);
        if (changed is not null)
            return changed;
        var update = Updates.Of(request.Caller, request.Catalogue, view, entity, purpose == Purpose.Replace, version);
        var (own, links) = declared.Split(update.Links, Showing.PathOf(at.Kind, at.Id));
        var (linked, notLinked) = await declared.Make(request, links);
        if (notLinked is not null)
            return notLinked;
        var outcome = await Twice.Try(version, () => grains.Entity(at.Kind.Id.Term, at.Id).Update(update with { Links = own }));
        if (!outcome.Ok)
        {
            await declared.Unmake(request.Caller, linked);
            return await Refused(request, at, outcome, version);
        }
        LogChanged(at.Kind.Id.Term, at.Id, request.Caller.Principal, request.Caller.Project);
        return await Shown(request, await Now(request, at, outcome) ?? view);
    }

    // A conflict that comes from the version having moved on is another one than a state that does not allow it.
    private async Task<Reply> Refused(OcciRequest request, Target.Entity at, Outcome outcome, long? version) =>
        outcome.Kind == OutcomeKind.Conflict && version is not null && await View(request, at) is { } now && now.Version != version
            ? Preconditions.Of(request, now).Problem ?? Problems.From(outcome, request.Path)
            : Problems.From(outcome, request.Path);

    private async Task<Reply> Shown(OcciRequest request, EntityView view) => (await Rendered(request, new(0, view))).Reply;

    private async Task<Rendered> Rendered(OcciRequest request, Seen seen)
    {
        var known = (await catalogues.Of(seen.View.Project, request.Aborted)).For(request.Caller.Role);
        if (seen.Find(known, request.Rendering, request.Authority) is { } before)
            return before;
        await Judge(request, seen.View);
        var rendered = seen.Render(request);
        // While a mixin is not known, whether it is there by now is asked each time.
        if (ReferenceEquals(request.Model, known) && known.ShowsAllOf(seen.View))
            seen.Keep(rendered);
        return rendered;
    }

    // By what the entity's project has, which for an admin may be another one than the caller's.
    private async Task Judge(OcciRequest request, EntityView view) => request.Model = await catalogues.Showing(view.Project, [view], request.Aborted);

    [LoggerMessage(LogLevel.Information, "Changed {Kind} {Entity} for {Principal} in project {Project}")]
    private partial void LogChanged(string kind, Guid entity, string principal, Guid project);

    [LoggerMessage(LogLevel.Information, "Deleted {Kind} {Entity} for {Principal} in project {Project}")]
    private partial void LogDeleted(string kind, Guid entity, string principal, Guid project);
}
