using Controller.Api.Audit;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Microsoft.Extensions.Options;
using Occi;
using Occi.Core;

namespace Controller.Api.Entities;

/// <summary>
/// Creates entities (GFD.223 §11.3.1): all that a request names, or none (decision D-48). Several at once, and what comes with an <c>Idempotency-Key</c>,
/// are a <see cref="ICreationGrain"/>'s business, which outlives this process.
/// </summary>
internal sealed partial class Creation(IGrainFactory grains, Planning planning, Catalogues catalogues, DeclaredLinks declared, IOptions<ApiOptions> options, ILogger<Creation> log)
{
    /// <summary>Without a key nobody but this process repeats it.</summary>
    private static readonly TimeSpan Briefly = TimeSpan.FromMinutes(1);

    /// <summary>Creates what was sent: of that kind, or of whatever kind (POST to <c>/</c>, decision D-19).</summary>
    public async Task<Reply> Create(OcciRequest request, Kind? expected)
    {
        var (key, badKey) = IdempotencyKey.Of(request.Http.Request.Headers[IdempotencyKey.Header]);
        if (badKey is not null)
            return badKey;
        var (sent, problem) = await request.Entities(catalogues);
        if (problem is not null)
            return problem;
        if (sent.Count == 0)
            return Problems.Invalid("An entity was wanted, none was sent.");
        var fingerprint = key is null ? "" : IdempotencyKey.Fingerprint(request.Path, request.Sent!);   // it was read
        var grain = grains.CreationOf(key is null ? Guid.NewGuid() : IdempotencyKey.IdOf(request.Caller.Project, key));
        // Before anything is checked: what was right the first time may not be so any more.
        if (key is not null && await Recall(grain, fingerprint) is { } before)
            return await Answer(request, before);
        var (plan, refused) = await planning.Of(request, sent, expected);
        if (plan is null)
            return refused!;   // one of the two is there
        if (key is null && plan.Entities is [var one] && plan.Shown.Length == 1)
            return (await CreateOne(request, one)).Reply;
        return await Answer(request, await Carry(grain, new()
        {
            Project = request.Caller.Project,
            Fingerprint = fingerprint,
            Entities = plan.Entities,
            Shown = plan.Shown,
            Remember = key is null ? Briefly : options.Value.RememberKeysFor,
        }));
    }

    /// <summary>Creates the one entity that was PUT at a free URL; null: somebody else was faster.</summary>
    public async Task<Reply?> CreateAt(OcciRequest request, Kind kind, Guid id, Representation sent)
    {
        var (plan, problem) = await planning.Of(request, [sent with { Attributes = WithId(sent, id) }], kind);
        if (plan is null)
            return problem!;   // one of the two is there
        if (plan.Shown[0] != id)
            return Problems.Conflict($"The id {id} is used by another entity.");
        var (reply, isNew, again) = await CreateOne(request, plan.Entities[0]);
        // What a second attempt finds is most likely the first one's work. It may be replaced all the same, but for links: those can't be PUT at what is there.
        return reply.Problem is not null || isNew || (again && sent.Links.Count > 0) ? reply : null;
    }

    private static Dictionary<string, AttributeValue> WithId(Representation sent, Guid id) =>
        new(sent.Attributes) { [CoreKinds.Id.Name] = AttributeValue.Of(Showing.UrnOf(id)) };

    private async Task<(Reply Reply, bool IsNew, bool Again)> CreateOne(OcciRequest request, PlannedEntity planned)
    {
        var grain = grains.Entity(planned.Term, planned.Command.Id);
        var (outcome, again) = await Twice.Counted(() => grain.Create(planned.Command));
        if (!outcome.Ok)
            return (Explained(Problems.From(outcome, request.Path), outcome, planned), false, again);
        if ((outcome.View ?? await Twice.Try(() => grain.View(request.Caller))) is not { } view)
            return (Problems.Conflict("The entity was deleted meanwhile."), false, again);
        request.Http.Touch(planned.Term, view.Id, view.Project);
        LogCreated(planned.Term, view.Id, request.Caller.Principal, view.Project);
        return (Created(request, [view]), outcome.Kind == OutcomeKind.Created, again);
    }

    // Nothing of it is left but why it was refused: for a while that can be asked by its id.
    private static Problem Explained(Problem problem, Outcome outcome, PlannedEntity planned) => outcome.Kind != OutcomeKind.NoCapacity
        ? problem
        : problem with { Message = $"{problem.Message} More tells: controller explain {planned.Term} {planned.Command.Id}" };

    private static async Task<CreationProgress?> Recall(ICreationGrain grain, string fingerprint)
    {
        CreationProgress? progress;
        do
            progress = await Twice.Try(() => grain.Recall(fingerprint));
        while (progress?.Status == CreationStatus.Unfinished);
        return progress;
    }

    private static async Task<CreationProgress> Carry(ICreationGrain grain, CreationRequest creation)
    {
        CreationProgress progress;
        do
            progress = await Twice.Try(() => grain.Create(creation));
        while (progress.Status == CreationStatus.Unfinished);
        return progress;
    }

    private async Task<Reply> Answer(OcciRequest request, CreationProgress progress)
    {
        if (progress.Status == CreationStatus.OtherRequest)
            return Problems.KeyUsed($"This {IdempotencyKey.Header} came with another request before; a new request needs a new one.");
        if (progress.Status == CreationStatus.Refused)
            return Refused(request, progress);
        if (progress.Before)
            return Created(request, [.. await Task.WhenAll(progress.Entities.Select(v => Now(request, v)))]);
        foreach (var view in progress.Entities)
        {
            if (TypeId.TryParse(view.Kind, out var kind))
                request.Http.Touch(kind.Term, view.Id, view.Project);
            LogCreated(view.Kind, view.Id, request.Caller.Principal, view.Project);
        }
        return Created(request, progress.Entities);
    }

    private static Problem Refused(OcciRequest request, CreationProgress progress)
    {
        var problem = Problems.From(progress.Why!, request.Path);   // where it is refused, it says why
        return progress.Where.Length == 0 ? problem with { Details = progress.Left } : problem with
        {
            Message = $"{progress.Where}: {problem.Message}",
            Details = [$"{progress.Where} was refused, so nothing of the request was created.", .. progress.Left],
        };
    }

    // As it is now; as it was, if it is gone.
    private async Task<EntityView> Now(OcciRequest request, EntityView then)
    {
        if (TypeId.TryParse(then.Kind, out var kind) && await Twice.Try(() => grains.Entity(kind.Term, then.Id).View(request.Caller)) is { } now)
            return await declared.Complete(now, request.Aborted);
        return then;
    }

    // Location and body in every rendering: each of the known clients reads another one of them (decision D-06).
    private static Reply Created(OcciRequest request, EntityView[] created)
    {
        Representation[] shown = [.. created.Select(v => v.Show(request.Model))];
        var message = request.Rendering == Rendering.Json && shown is [var one]
            ? request.Writer.Entity(one, Rendering.Json)
            : request.Writer.Entities(shown, request.Rendering);
        return new(StatusCodes.Status201Created)
        {
            Message = message with { Body = message.Body.TrimEnd('\r', '\n') },
            Location = shown is [var single] ? request.Authority + single.Location : null,
            ETag = created is [var view] ? Showing.TagOf(view, request.Rendering) : null,
        };
    }

    [LoggerMessage(LogLevel.Information, "Created {Kind} {Entity} for {Principal} in project {Project}")]
    private partial void LogCreated(string kind, Guid entity, string principal, Guid project);
}
