using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Contracts;

namespace Controller.Api.Admin;

/// <summary>Hypervisor hosts.</summary>
internal sealed class Hosts(IGrainFactory grains, Rows rows)
{
    public async Task<IResult> List(CancellationToken cancel) =>
        Results.Json((await rows.All("host", ContractsJson.Default.RowHostView, cancel)).Select(h => h.View));

    public async Task<IResult> Show(Guid id) =>
        await Twice.Try(Grain(id).View) is { } host ? Results.Json(host) : Problems.NotFound($"/admin/hosts/{id}").ToResult();

    public async Task<IResult> Remove(Guid id)
    {
        return Answer(id, await Twice.Try(Grain(id).Remove));
    }

    public async Task<IResult> SetFence(Guid id, FenceSettings fence) => Answer(id, await Twice.Try(() => Grain(id).SetFence(fence)));

    public async Task<IResult> ClearFence(Guid id) => Answer(id, await Twice.Try(() => Grain(id).SetFence(null)));

    public async Task<IResult> ConfirmOff(Guid id, HttpContext context) => Answer(id, await Twice.Try(() => Grain(id).ConfirmOff(context.Caller().Principal)));

    private static IResult Answer(Guid id, Outcome outcome) => outcome.Ok ? Results.Json(new { }) : Problems.From(outcome, $"/admin/hosts/{id}").ToResult();

    private IHostGrain Grain(Guid id) => grains.GetGrain<IHostGrain>(GrainKeys.Of("host", id));
}
