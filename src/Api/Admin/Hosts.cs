using Controller.Api.Cluster;
using Controller.Api.Http;
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
        var outcome = await Twice.Try(Grain(id).Remove);
        return outcome.Ok ? Results.Json(new { }) : Problems.From(outcome, $"/admin/hosts/{id}").ToResult();
    }

    private IHostGrain Grain(Guid id) => grains.GetGrain<IHostGrain>(GrainKeys.Of("host", id));
}
