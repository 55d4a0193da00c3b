using Controller.Contracts;
using Controller.Grains.Entities;
using Occi;
using Occi.Core;
using Model = Occi.Infrastructure.Compute;

namespace Controller.Grains.Hosts;

/// <summary>What a drain sees of one compute.</summary>
/// <param name="Title">For people.</param>
/// <param name="Runs">Whether it has a process on its host.</param>
/// <param name="Busy">Something is under way with it, which ends by itself.</param>
/// <param name="Message">Why its state is what it is.</param>
/// <param name="Host">Where it is.</param>
/// <param name="Migration">The one under way, or the last one.</param>
internal sealed record DrainSight(string? Title, bool Runs, bool Busy, string? Message, Guid? Host, MigrationView? Migration);

/// <summary>What a drain asks of one compute of the host that is drained.</summary>
internal sealed class DrainedMachine(IGrainFactory grains, Guid host, Guid compute, string by)
{
    /// <summary>An operator's drain is of all projects.</summary>
    public static readonly Caller Anyone = new(Guid.Empty, Role.Admin, "drain");

    private readonly IComputeGrain _compute = grains.At<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", compute)));

    public Guid Host => host;

    /// <summary>Null: it is gone.</summary>
    public async Task<DrainSight?> Look()
    {
        if (await grains.GetGrain<IExplainedGrain>(_compute.GetGrainId()).Explain() is not { Phase: not "deleting" } now)
            return null;
        // One that is being created has a claim here, and is shown to nobody yet.
        var view = await _compute.View(Anyone);
        return new(
            view?.Attributes.Text(CoreKinds.Title), now.State is "active" or "suspended", view is null || now.Operation is not null, view?.Attributes.Text(Model.StateMessage), now.Host,
            await _compute.Migration());
    }

    /// <summary>Orders the guest to end; null, or why not.</summary>
    public async Task<string?> Stop(DrainStop how)
    {
        var method = AttributeValue.Of(how == DrainStop.PowerOff ? "poweroff" : "graceful");
        var outcome = await _compute.Invoke(new(Anyone, Model.Stop.ToString(), new() { [Model.StopMethod.Name] = method }));
        return outcome.Ok ? null : outcome.Why ?? outcome.Kind.ToString();
    }

    /// <summary>Orders it to leave for the host that placement finds best; the migration, or why not.</summary>
    public async Task<(Guid? Migration, string? Why)> Move(MigrateMethod how)
    {
        var outcome = await _compute.Migrate(new() { By = by, Method = how });
        return outcome.Ok && await _compute.Migration() is { } migration ? (migration.Id, null) : (null, outcome.Why ?? outcome.Kind.ToString());
    }
}
