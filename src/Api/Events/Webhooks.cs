using Controller.Api.Admin;
using Controller.Api.Audit;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Model;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Events;

/// <summary>Webhooks of the caller's own project; those of all projects are for operators alone. A secret is in the answer that makes it and nowhere else; a URL's query, which may be one, is for those who may steer it.</summary>
internal sealed class Webhooks(IGrainFactory grains, NpgsqlDataSource database, Catalogues catalogues)
{
    private const int MostKinds = 50;

    public sealed record New(string? Url, string[]? Kinds, Guid? Entity, bool? AllProjects);

    public sealed record Made(Guid Id, string Secret);

    /// <summary>
    /// A webhook in a list. <c>State</c> is <c>active</c>, or <c>dead</c>: it was given up, and <c>LastError</c> says why. <c>Delivered</c> is the position up to which it was told; events
    /// up to <c>Missed</c> were thrown away before they could be (0: none); <c>Attempts</c> is how often the next one was tried.
    /// </summary>
    public sealed record Shown(
        Guid Id, string Url, string[] Kinds, Guid? Entity, bool AllProjects, string State, long Delivered, long Missed, int Attempts, DateTimeOffset? NextAttempt, string? LastError,
        DateTimeOffset? LastDelivery, DateTimeOffset Created, string CreatedBy);

    public async Task<IResult> List(HttpContext http, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            """
            select id, url, kinds, entity, everything, state, position, missed, attempts, next_attempt, last_error, last_delivery, created, created_by from webhook
            where project = $1 and (not everything or $2) order by created, id
            """);
        var caller = http.Caller();
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = caller.Project });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = caller.Role >= Role.Operator });
        await using var r = await command.ExecuteReaderAsync(cancel);
        var found = new List<Shown>();
        while (await r.ReadAsync(cancel))
        {
            found.Add(new(
                r.GetGuid(0), caller.Role >= Role.Member ? r.GetString(1) : r.GetString(1).Split('?')[0], r.GetFieldValue<string[]>(2), r.IsDBNull(3) ? null : r.GetGuid(3), r.GetBoolean(4), r.GetString(5), r.GetInt64(6), r.GetInt64(7), r.GetInt32(8), Time(9),
                r.IsDBNull(10) ? null : r.GetString(10), Time(11), r.GetFieldValue<DateTimeOffset>(12), r.GetString(13)));
        }
        return Results.Json(found);

        DateTimeOffset? Time(int column) => r.IsDBNull(column) ? null : r.GetFieldValue<DateTimeOffset>(column);
    }

    public async Task<IResult> Add(New webhook, HttpContext http, CancellationToken cancel)
    {
        var caller = http.Caller();
        if (caller.Project == Guid.Empty)
            return ProjectChoice.Needed(http.Arrival().Projects).ToResult();
        if (string.IsNullOrWhiteSpace(webhook.Url))
            return Problems.Invalid("url is missing: where events are to be sent.").ToResult();
        if (webhook.AllProjects == true && Access.Needs(caller, Role.Operator) is { } forbidden)
            return forbidden.ToResult();
        string[] terms = [.. (await catalogues.Of(caller.Project, cancel)).For(caller.Role).Catalogue.Kinds.Where(k => k.IsOffered()).Select(k => k.Id.Term)];
        if (webhook.Kinds?.Length > MostKinds || webhook.Kinds?.FirstOrDefault(k => !terms.Contains(k)) is not null)
            return Problems.Invalid($"kinds must be terms of kinds, which are {string.Join(", ", terms.Order(StringComparer.Ordinal))}.").ToResult();
        var id = Guid.NewGuid();
        // Not twice: an answer that was lost would leave a webhook whose secret nobody knows; it can be seen and removed.
        var outcome = await Grain.Add(new(id, caller.Project, caller.Principal, webhook.Url, webhook.Kinds ?? [], webhook.Entity, webhook.AllProjects ?? false));
        http.Touch("webhook", id, caller.Project);
        return outcome.Secret is { } secret ? Results.Json(new Made(id, secret), statusCode: StatusCodes.Status201Created) : Refused(outcome, http);
    }

    public async Task<IResult> Rotate(Guid id, HttpContext http, CancellationToken cancel)
    {
        if (await IsNotTheirs(id, http, cancel))
            return Problems.NotFound(http.Request.Path).ToResult();
        var outcome = await Twice.Try(() => Grain.Rotate(http.Caller().Project, id));
        return outcome.Secret is { } secret ? Results.Json(new Made(id, secret)) : Refused(outcome, http);
    }

    public async Task<IResult> Resume(Guid id, HttpContext http, CancellationToken cancel, bool skip = false)
    {
        if (await IsNotTheirs(id, http, cancel))
            return Problems.NotFound(http.Request.Path).ToResult();
        var outcome = await Twice.Try(() => Grain.Resume(http.Caller().Project, id, skip));
        return outcome.Kind == OutcomeKind.Done ? Results.Json(new { }) : Refused(outcome, http);
    }

    public async Task<IResult> Remove(Guid id, HttpContext http, CancellationToken cancel)
    {
        if (await IsNotTheirs(id, http, cancel))
            return Problems.NotFound(http.Request.Path).ToResult();
        var outcome = await Twice.Try(() => Grain.Remove(http.Caller().Project, id));
        return outcome.Kind == OutcomeKind.Done ? Results.Json(new { }) : Refused(outcome, http);
    }

    /// <summary>Whether it is an operator's, of all projects, and the caller is none. What is another project's is looked for by its project; this never changes, so it may be asked before.</summary>
    private async Task<bool> IsNotTheirs(Guid id, HttpContext http, CancellationToken cancel)
    {
        if (http.Caller().Role >= Role.Operator)
            return false;
        await using var command = database.CreateCommand("select exists (select from webhook where id = $1 and everything)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        return (bool)(await command.ExecuteScalarAsync(cancel))!;   // an exists
    }

    private IWebhooksGrain Grain => grains.GetGrain<IWebhooksGrain>("webhooks/all");

    private static IResult Refused(WebhookOutcome outcome, HttpContext http) => outcome.Kind switch
    {
        OutcomeKind.Invalid => Problems.Invalid(outcome.Why!).ToResult(),   // who refuses says why
        OutcomeKind.Conflict => Problems.Conflict(outcome.Why!).ToResult(),
        _ => Problems.NotFound(http.Request.Path).ToResult(),
    };
}
