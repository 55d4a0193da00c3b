using System.Text.Json.Nodes;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Contracts;

namespace Controller.Api.Admin;

/// <summary>Why something is where it is and in its state, or is nowhere. Of hosts, who is no operator hears only numbers.</summary>
internal sealed class Explanations(IGrainFactory grains, Rows rows)
{
    // Whose grains can say it (IExplainedGrain).
    private static readonly string[] Terms = ["compute", "storage"];

    public sealed record OnHost(Guid? Id, string? Name, HostStatus? Status, string? Why);

    public sealed record Placed(DateTimeOffset At, string Outcome, Guid? Host, string? Why, JsonObject Detail);

    public sealed record Answer(string Kind, Guid Id, Guid Project, Explanation? Now, OnHost? Host, Placed? Placement, Placed? Refusal);

    public async Task<IResult> Explain(string term, Guid id, HttpContext http, CancellationToken cancel)
    {
        if (!Terms.Contains(term))
            return Problems.NotImplemented($"Only these can be explained: {string.Join(", ", Terms)}; found '{term}'.").ToResult();
        var caller = http.Caller();
        var now = await Twice.Try(() => grains.GetGrain<IExplainedGrain>(GrainId.Create(term, GrainKeys.Of(term, id))).Explain());
        var (placed, refused) = (await rows.Placement(term, id, placed: true, cancel), await rows.Placement(term, id, placed: false, cancel));
        var steers = caller.Role >= Role.Operator;
        if ((now?.Project ?? placed?.Project ?? refused?.Project) is not { } project || !(caller.Sees(project) || steers))
            return Problems.NotFound($"{http.Request.Path} (nothing is known of it, or not any more)").ToResult();
        return Results.Json(new Answer(term, id, project, steers ? now : Blurred(now), await Host(now?.Host, steers), Shown(placed, project, steers), Shown(refused, project, steers)));
    }

    // What waits for a host names it.
    private static Explanation? Blurred(Explanation? now) =>
        now is null ? null : now with { Host = null, Operation = now.Operation is { } operation ? operation with { LastError = null } : null };

    private async Task<OnHost?> Host(Guid? id, bool steers)
    {
        if (id is not { } host)
            return null;
        var view = await Twice.Try(grains.GetGrain<IHostGrain>(GrainKeys.Of("host", host)).View);
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
