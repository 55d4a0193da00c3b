using Controller.Api.Admin;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Contracts;

namespace Controller.Api.Operations;

/// <summary>What is under way: operators see all of it, everybody else what belongs to the own project, and nothing of hosts.</summary>
internal sealed class Operations(IGrainFactory grains, OperationRows rows, Projects projects, TimeProvider time)
{
    /// <summary>
    /// Something under way with an entity: of a kind, or a <c>creation</c> (a request that creates several), a project's <c>usermixins</c>, an <c>image</c> (whose term is the entity's name).
    /// Nobody asked (By) for what the control plane does by itself. The sweeper goes on with it when it is due; it is stuck once it is past its deadline.
    /// </summary>
    public sealed record Answer(
        Guid Id, string Kind, string Entity, Guid? Project, string? Title, string? State, Guid? Host, string What, string? By, DateTimeOffset Since, DateTimeOffset Deadline,
        DateTimeOffset Due, int Attempts, string? LastError, string? Trace, bool Stuck);

    public async Task<IResult> List(HttpContext http, CancellationToken cancel, bool stuck = false)
    {
        var sight = Sight(http.Caller());
        var (project, problem) = await projects.Narrowed(http, sight, cancel);
        return problem is not null ? problem.ToResult()
            : Results.Json((await rows.All(sight ?? project, null, stuck ? time.GetUtcNow() : null, cancel)).Select(r => Shown(r, http.Caller())));
    }

    public async Task<IResult> Show(Guid id, HttpContext http, CancellationToken cancel) =>
        await Find(id, http.Caller(), cancel) is { } row ? Results.Json(Shown(row, http.Caller())) : Gone(id);

    /// <summary>Does its next step now, whenever it is due.</summary>
    public async Task<IResult> Retry(Guid id, HttpContext http, CancellationToken cancel)
    {
        if (await Find(id, http.Caller(), cancel) is not { } row)
            return Gone(id);
        if (row.Entity is not { } entity)
            return Problems.Conflict($"The silos are at the {row.Kind} '{row.Key}' by themselves: there is no step to be done earlier.").ToResult();
        await (row.Kind == GrainKeys.UserMixinsTerm ? grains.UserMixins(entity).Reconcile()
            : row.Kind == GrainKeys.Creation ? grains.CreationOf(entity).Reconcile()
            : grains.Entity(row.Kind, entity).Reconcile());
        return await Find(id, http.Caller(), cancel) is { } now ? Results.Json(Shown(now, http.Caller())) : Results.NoContent();
    }

    private async Task<OperationRow?> Find(Guid id, Caller caller, CancellationToken cancel) =>
        (await rows.All(Sight(caller), id, null, cancel)) is [var row, ..] ? row : null;

    private static Guid? Sight(Caller caller) => caller.Role >= Role.Operator ? null : caller.Project;

    private static IResult Gone(Guid id) => Problems.NotFound($"/admin/operations/{id}: it has ended, or there never was one. What has ended its entity tells: controller explain KIND ID").ToResult();

    private Answer Shown(OperationRow row, Caller caller)
    {
        var (operation, steers) = (row.Operation, caller.Role >= Role.Operator);
        // What waits for a host names it.
        return new(
            operation.Id, row.Kind, row.Entity?.ToString("D") ?? row.Key[(row.Key.IndexOf('/', StringComparison.Ordinal) + 1)..], row.Project, row.Title, row.State, steers ? row.Host : null,
            operation.What, operation.By, operation.Since, operation.Deadline, operation.Due, operation.Attempts, steers ? operation.LastError : null, operation.Trace,
            operation.Deadline < time.GetUtcNow());
    }
}
