using System.Text.Json.Nodes;
using Controller.Api.Audit;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Api.Model;
using Controller.Contracts;

namespace Controller.Api.Admin;

/// <summary>Why something is where it is and in its state, or is nowhere. Of hosts, who is no operator hears only numbers.</summary>
internal sealed class Explanations(IGrainFactory grains, Rows rows, Catalogues catalogues, AuditRows audit)
{
    // A timeline is for a look; the audit log has all of it.
    private const int MostAudit = 20;

    public sealed record OnHost(Guid? Id, string? Name, HostStatus? Status, string? Why);

    public sealed record Placed(DateTimeOffset At, string Outcome, Guid? Host, string? Why, JsonObject Detail);

    public sealed record Answer(string Kind, Guid Id, Guid Project, Explanation? Now, OnHost? Host, Placed? Placement, Placed? Refusal, IReadOnlyList<AuditRow> Audit);

    public async Task<IResult> Explain(string term, Guid id, HttpContext http, CancellationToken cancel)
    {
        var caller = http.Caller();
        string[] terms = [.. (await catalogues.Of(caller.Project, cancel)).For(caller.Role).Catalogue.Kinds.Where(k => k.IsOffered()).Select(k => k.Id.Term)];
        if (!terms.Contains(term))
            return Problems.NotFound($"{http.Request.Path}: there are the kinds {string.Join(", ", terms.Order(StringComparer.Ordinal))}").ToResult();
        var now = await Twice.Try(grains.Entity(term, id).AsReference<IExplainedGrain>().Explain);
        var (placed, refused) = (await rows.Placement(term, id, placed: true, cancel), await rows.Placement(term, id, placed: false, cancel));
        var steers = caller.Role >= Role.Operator;
        if ((now?.Project ?? placed?.Project ?? refused?.Project) is not { } project || !(caller.Sees(project) || steers))
            return Problems.NotFound($"{http.Request.Path} (nothing is known of it, or not any more)").ToResult();
        return Results.Json(new Answer(term, id, project, steers ? now : Blurred(now), await Host(now?.Host, steers), Shown(placed, project, steers), Shown(refused, project, steers),
            [.. (await audit.Newest(new() { Sight = AuditRoutes.Sight(caller), Entity = id }, null, MostAudit, cancel)).Select(row => AuditRoutes.Shown(row, caller))]));
    }

    // What waits for a host names it.
    private static Explanation? Blurred(Explanation? now) =>
        now is null ? null : now with
        {
            Host = null,
            Operation = now.Operation is { } operation ? operation with { LastError = null } : null,
            UnderWay = [.. now.UnderWay.Select(o => o with { LastError = null })],
            Past = [.. now.Past.Select(o => o with { LastError = null })],
        };

    private async Task<OnHost?> Host(Guid? id, bool steers)
    {
        if (id is not { } host)
            return null;
        var view = await Twice.Try(grains.Host(host).View);
        return new(steers ? host : null, steers ? view?.Name : null, view?.Status, steers ? view?.Why : null);
    }

    private static Placed? Shown(PlacementDecision? decision, Guid project, bool steers)
    {
        if (decision?.Project != project)
            return null;
        if (!steers)
        {
            decision.Detail.Remove("hosts");
            (decision.Detail["request"] as JsonObject)?.Remove("onlyHost");
        }
        return new(decision.Decided, decision.Outcome, steers ? decision.Host : null, decision.Why, decision.Detail);
    }
}
