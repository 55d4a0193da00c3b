using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Contracts;

namespace Controller.Api.Admin;

/// <summary>Machines that move between hosts. Operators' affair: tenants see that it happens in their compute's message.</summary>
internal sealed class Migrations(IGrainFactory grains, Rows rows)
{
    public sealed record Wish(string? To, string? Method, int? BandwidthMiB, bool? AutoConverge);

    public async Task<IResult> Migrate(Guid id, Wish wish, HttpContext context, CancellationToken cancel)
    {
        if (!Enum.TryParse<MigrateMethod>(wish.Method ?? nameof(MigrateMethod.Auto), ignoreCase: true, out var method) || !Enum.IsDefined(method))
            return Problems.Invalid($"method must be live, cold or auto, found '{wish.Method}'.").ToResult();
        if (wish.BandwidthMiB is < 1 or > 1_000_000)
            return Problems.Invalid($"bandwidthMiB must be 1 to 1000000 MiB a second, found {wish.BandwidthMiB}.").ToResult();
        Guid? to = null;
        if (wish.To is { } name)
        {
            to = (await rows.All("host", ContractsJson.Default.RowHostView, cancel)).FirstOrDefault(h => h.View.Name == name || h.View.Id.ToString() == name).View?.Id;
            if (to is null)
                return Problems.Invalid($"to must be the name or id of a host, found '{name}'.").ToResult();
        }
        var command = new MigrateCommand
        {
            By = context.Caller().Principal, To = to, Method = method, BandwidthMiB = wish.BandwidthMiB, AutoConverge = wish.AutoConverge ?? false,
        };
        return await Answer(id, () => Grain(id).Migrate(command), StatusCodes.Status202Accepted);
    }

    public Task<IResult> Cancel(Guid id, HttpContext context) => Answer(id, () => Grain(id).CancelMigration(context.Caller().Principal), StatusCodes.Status202Accepted);

    public async Task<IResult> Show(Guid id) => await Twice.Try(Grain(id).Migration) is { } migration
        ? Results.Json(migration)
        : Problems.NotFound($"/admin/computes/{id}/migration").ToResult();

    private async Task<IResult> Answer(Guid id, Func<Task<Outcome>> command, int status)
    {
        var outcome = await Twice.Try(command);
        if (!outcome.Ok)
            return Problems.From(outcome, $"/admin/computes/{id}").ToResult();
        return Results.Json(await Twice.Try(Grain(id).Migration), statusCode: status);
    }

    private IComputeGrain Grain(Guid id) => grains.At<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", id)));
}
