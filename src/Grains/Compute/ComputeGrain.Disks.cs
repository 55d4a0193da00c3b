using Controller.Contracts;

namespace Controller.Grains.Compute;

// Disks in shared pools, and what hosts may store of them.
internal sealed partial class ComputeGrain
{
    public async Task<Outcome> SeesPool(Guid pool)
    {
        if (_record.Value?.Host is not { } here)
            return new(OutcomeKind.Done);   // it will be placed where the pool is
        var host = await GrainFactory.Host(here).View();
        return host?.Capabilities?.Pools.Any(p => p.Id == pool) == true
            ? new(OutcomeKind.Done)
            : new(OutcomeKind.Conflict, $"The storage is in the shared pool {pool}, which the compute's host {host?.Name ?? here.ToString()} does not see.");
    }

    public Task<bool> IsSavedBy(Guid host, Guid operation) => Task.FromResult(
        _record.Value is { } present && present.Host == host && present.Operation?.Id == operation && ComputeLifecycle.IsSaving(present.Phase));
}
