using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>Actions (GFD.223 §10.3.2, §11.3.3): which one is meant, and its invocation.</summary>
internal sealed partial class Actions(IGrainFactory grains, ILogger<Actions> log)
{
    /// <summary>The actions that an entity's kind and mixins define, applicable now or not.</summary>
    public static IReadOnlyList<ActionType> Of(Catalogue catalogue, EntityView view) =>
    [
        .. TypeId.TryParse(view.Kind, out var id) && catalogue.Find(id) is Kind kind ? kind.AllActions : [],
        .. view.Mixins.SelectMany(m => TypeId.TryParse(m, out var mixin) && catalogue.Find(mixin) is Mixin found ? Of(found) : []),
    ];

    /// <summary>The actions of a mixin and of those that it depends on.</summary>
    public static IEnumerable<ActionType> Of(Mixin mixin) => mixin.Closure.SelectMany(m => m.Actions);

    /// <summary>The invocation that was sent: of one of the actions defined here, the one that the URL names, with valid attributes.</summary>
    public static async Task<(Invocation Invocation, Problem? Problem)> Read(OcciRequest request, IReadOnlyList<ActionType> defined)
    {
        var (message, problem) = await request.Read();
        if (problem is not null)
            return (null!, problem);   // never read where there is a problem, here and below
        var parsed = OcciReader.Invocation(message);
        if (!parsed.Ok)
            return (null!, Problems.BadRendering(parsed.Error!));
        var sent = parsed.Value!;
        var term = request.Query["action"]!;   // the dispatcher came here because of it
        if (sent.Action.Term != term)
            return (null!, Problems.Invalid($"The URL names the action '{term}', the message {sent.Action}."));
        if (defined.FirstOrDefault(a => a.Id == sent.Action) is not { } action)
        {
            return (null!, Problems.Invalid(
                $"{sent.Action} is not defined here; there are {(defined.Count == 0 ? "no actions" : string.Join(", ", defined.Select(a => a.Id)))}."));
        }
        var (attributes, error) = Check.Invocation(action, sent);
        return error is not null ? (null!, Problems.From(error)) : (new Invocation(action.Id, attributes!), null);
    }

    /// <summary>Invokes it, once: a restart is not idempotent.</summary>
    public async Task<Outcome> Invoke(Caller caller, string term, Guid id, Invocation invocation, long? version = null)
    {
        var outcome = await grains.Entity(term, id).Invoke(new InvokeAction(caller, invocation.Action.ToString(), new(invocation.Attributes), version));
        LogInvoked(invocation.Action.Term, term, id, outcome.Kind, caller.Principal, caller.Project);
        return outcome;
    }

    /// <summary>Invokes it on all of them, or on none: null, or why not.</summary>
    public Task<Problem?> InvokeAll(OcciRequest request, IReadOnlyList<(Kind Kind, Guid Id)> entities, Invocation invocation) => Batch.AllOrNone(
        request, entities,
        (k, id) => Twice.Try(() => grains.Entity(k.Id.Term, id).MayInvoke(new InvokeAction(request.Caller, invocation.Action.ToString(), new(invocation.Attributes)))),
        (k, id) => Invoke(request.Caller, k.Id.Term, id, invocation));

    [LoggerMessage(LogLevel.Information, "{Action} of {Kind} {Entity}: {Outcome}, for {Principal} in project {Project}")]
    private partial void LogInvoked(string action, string kind, Guid entity, OutcomeKind outcome, string principal, Guid project);
}
