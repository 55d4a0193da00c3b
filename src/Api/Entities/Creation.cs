using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;
using Occi.Core;

namespace Controller.Api.Entities;

/// <summary>
/// Creates entities (GFD.223 §11.3.1). A batch is checked whole before anything is created; if one is refused nevertheless, those created before
/// it are deleted again (decision D-48; a crash in between leaves them).
/// </summary>
internal sealed partial class Creation(IGrainFactory grains, EntityRows inventory, Catalogues catalogues, DeclaredLinks declared, ILogger<Creation> log)
{
    /// <summary>Creates what was sent: of that kind, or of whatever kind (POST to <c>/</c>, decision D-19).</summary>
    public async Task<Reply> Create(OcciRequest request, Kind? expected)
    {
        var (sent, problem) = await request.Entities(catalogues);
        if (problem is not null)
            return problem;
        if (sent.Count == 0)
            return Problems.Invalid("An entity was wanted, none was sent.");
        var wanted = new List<(Kind Kind, CreateEntity Command)>();
        foreach (var one in sent)
        {
            var (kind, command, refused) = await Prepare(request, one, expected);
            if (refused is not null)
                return refused;
            wanted.Add((kind, command));
        }
        if (wanted.GroupBy(w => w.Command.Id).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return Problems.Invalid($"The id {twice.Key} is in the request twice.");

        var (created, failed) = await CreateAll(request, wanted);
        return failed ?? Created(request, created);
    }

    /// <summary>Creates the one entity that was PUT at a free URL.</summary>
    public async Task<Reply> CreateAt(OcciRequest request, Kind kind, Guid id, Representation sent)
    {
        var (_, command, problem) = await Prepare(request, sent with { Attributes = WithId(sent, id) }, kind);
        if (problem is not null)
            return problem;
        if (command.Id != id)
            return Problems.Conflict($"The id {id} is used by another entity.");
        var (created, failed) = await CreateAll(request, [(kind, command)]);
        return failed ?? Created(request, created);
    }

    private static Dictionary<string, AttributeValue> WithId(Representation sent, Guid id) =>
        new(sent.Attributes) { [CoreKinds.Id.Name] = AttributeValue.Of(Showing.UrnOf(id)) };

    private async Task<(Kind Kind, CreateEntity Command, Problem? Problem)> Prepare(OcciRequest request, Representation sent, Kind? expected)
    {
        var (entity, error) = Check.Entity(request.Catalogue, sent, Purpose.Create, expected: expected);
        if (entity is null)
            return (null!, null!, Problems.From(error!));   // one of the two is there
        if (!entity.Kind.IsOffered())
            return (null!, null!, Problems.Invalid($"{entity.Kind} stands for its descendants; an entity needs one of their kinds."));
        var id = await FreeId(request, entity.Kind, sent);
        return (entity.Kind, Command(request.Caller, entity, id), null);
    }

    // The client's id if it is a UUID that is free (decision D-24). If an entity of this kind and project has it, it may be the same request again,
    // and gets the same answer.
    private async Task<Guid> FreeId(OcciRequest request, Kind kind, Representation sent)
    {
        if (!sent.Attributes.TryGetValue(CoreKinds.Id.Name, out var given) || !EntityIds.TryParse(given.Text, out var id))
            return Guid.NewGuid();
        var users = await inventory.Users(id, request.Catalogue.TermsBelow(CoreKinds.Entity), request.Aborted);
        return users.TrueForAll(u => u.Term == kind.Id.Term && u.Project == request.Caller.Project) ? id : Guid.NewGuid();
    }

    /// <summary>The command that creates a checked entity, with new ids for its links: what clients say of those comes from templates (clients.md).</summary>
    public static CreateEntity Command(Caller caller, CheckedEntity entity, Guid id) => new()
    {
        Caller = caller,
        Id = id,
        Kind = entity.Kind.Id.ToString(),
        Mixins = [.. entity.Mixins.Select(m => m.Id.ToString())],
        Attributes = new(entity.Attributes),
        Links = [.. entity.Links.Select(l => Command(caller, l, Guid.NewGuid()))],
    };

    private async Task<(List<EntityView> Created, Problem? Problem)> CreateAll(OcciRequest request, List<(Kind Kind, CreateEntity Command)> wanted)
    {
        var done = new List<(Kind Kind, EntityView View, bool New)>();
        var answers = new EntityView[wanted.Count];
        var inline = new List<(int At, IReadOnlyList<(Kind, CreateEntity)> Links)>();
        // Links last: they may point to resources of the same batch.
        foreach (var (at, (kind, command)) in wanted.Index().OrderBy(w => w.Item.Kind.Is(CoreKinds.Link)))
        {
            var (own, links) = declared.Split(command.Links, Showing.PathOf(kind, command.Id), command.Id);
            var outcome = await CreateOne(request, kind, command with { Links = own });
            if (!outcome.Ok || outcome.View is null)
            {
                await TakeBack(request.Caller, done);
                return ([], outcome.Ok ? Problems.Conflict("The entity was deleted meanwhile.") : Problems.From(outcome, request.Path));
            }
            done.Add((kind, outcome.View, outcome.Kind == OutcomeKind.Created));
            inline.Add((at, links));
            answers[at] = outcome.View;
            LogCreated(kind.Id.Term, outcome.View.Id, request.Caller.Principal, outcome.View.Project);
        }
        foreach (var (at, links) in inline)
        {
            var (linked, notLinked) = await declared.Make(request, links);
            if (notLinked is not null)
            {
                await TakeBack(request.Caller, done);
                return ([], notLinked);
            }
            answers[at] = answers[at] with { Links = [.. answers[at].Links, .. linked] };
        }
        return ([.. answers], null);
    }

    private async Task<Outcome> CreateOne(OcciRequest request, Kind kind, CreateEntity command)
    {
        var grain = grains.Entity(kind.Id.Term, command.Id);
        var outcome = declared.Are(kind) ? await declared.Create(request, kind, command) : await Twice.Try(() => grain.Create(command));
        return outcome.Ok && outcome.View is null ? outcome with { View = await Twice.Try(() => grain.View(request.Caller)) } : outcome;
    }

    // The newest first, so links go before what they hold. What was there before the request stays.
    private async Task TakeBack(Caller caller, List<(Kind Kind, EntityView View, bool New)> done)
    {
        foreach (var (kind, view, isNew) in Enumerable.Reverse(done))
        {
            if (!isNew)
                continue;
            var outcome = await declared.Delete(kind, view.Id, new DeleteEntity(caller));
            LogTakenBack(kind.Id.Term, view.Id, outcome.Kind);
        }
    }

    // Location and body in every rendering: each of the known clients reads another one of them (decision D-06).
    private static Reply Created(OcciRequest request, List<EntityView> created)
    {
        Representation[] shown = [.. created.Select(v => v.Show(request.Model))];
        var message = request.Rendering == Rendering.Json && shown is [var one]
            ? request.Writer.Entity(one, Rendering.Json)
            : request.Writer.Entities(shown, request.Rendering);
        return new(StatusCodes.Status201Created)
        {
            Message = message with { Body = message.Body.TrimEnd('\r', '\n') },
            Location = shown is [var single] ? request.Authority + single.Location : null,
        };
    }

    [LoggerMessage(LogLevel.Information, "Created {Kind} {Entity} for {Principal} in project {Project}")]
    private partial void LogCreated(string kind, Guid entity, string principal, Guid project);

    [LoggerMessage(LogLevel.Information, "Took back {Kind} {Entity}: {Outcome}")]
    private partial void LogTakenBack(string kind, Guid entity, OutcomeKind outcome);
}
