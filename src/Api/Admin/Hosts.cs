using System.Text.Json;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Contracts;

namespace Controller.Api.Admin;

/// <summary>Hypervisor hosts.</summary>
internal sealed class Hosts(IGrainFactory grains, Rows rows)
{
    public sealed record Order(DrainMethod? Method, DrainStop? Stop);

    public async Task<IResult> List(CancellationToken cancel) =>
        Results.Json((await rows.All("host", ContractsJson.Default.RowHostView, cancel)).Select(h => h.View with { Entity = null }));

    public async Task<IResult> Show(Guid id) =>
        await Twice.Try(Grain(id).View) is { } host ? Results.Json(host) : Problems.NotFound($"/admin/hosts/{id}").ToResult();

    public Task<IResult> Approve(Guid id, HttpContext http) => Answer(id, Grain(id).Approve(http.Caller().Principal));

    public Task<IResult> Drain(Guid id, Order? order, HttpContext http) =>
        (order?.Method ?? default, order?.Stop ?? default) is var (method, stop) && Enum.IsDefined(method) && Enum.IsDefined(stop)
            ? Answer(id, Grain(id).Drain(new(method, stop, http.Caller().Principal)))
            : Task.FromResult(Problems.Invalid("method must be auto, live or cold, and stop never, graceful or powerOff.").ToResult());

    public Task<IResult> Undrain(Guid id, HttpContext http) => Answer(id, Grain(id).Undrain(http.Caller().Principal));

    /// <summary>Only what is named changes; null sets it back to the silo's own setting.</summary>
    public async Task<IResult> Change(Guid id, JsonElement change)
    {
        if (await Twice.Try(Grain(id).View) is not { } host)
            return Problems.NotFound($"/admin/hosts/{id}").ToResult();
        var (settings, name, wrong) = HostChange.Of(change, host);
        return wrong is null ? await Answer(id, Grain(id).Configure(settings, name)) : Problems.Invalid(wrong).ToResult();
    }

    public Task<IResult> Remove(Guid id, HttpContext http, bool force = false) => Answer(id, Grain(id).Discard(force, http.Caller().Principal), gone: true);

    public Task<IResult> SetFence(Guid id, FenceSettings fence) => Answer(id, Twice.Try(() => Grain(id).SetFence(fence)));

    public Task<IResult> ClearFence(Guid id) => Answer(id, Twice.Try(() => Grain(id).SetFence(null)));

    public Task<IResult> ConfirmOff(Guid id, HttpContext http) => Answer(id, Twice.Try(() => Grain(id).ConfirmOff(http.Caller().Principal)));

    private async Task<IResult> Answer(Guid id, Task<Outcome> command, bool gone = false)
    {
        var outcome = await command;
        return !outcome.Ok ? Problems.From(outcome, $"/admin/hosts/{id}").ToResult() : gone ? Results.Json(new { }) : await Show(id);
    }

    private IHostGrain Grain(Guid id) => grains.Host(id);
}
