using Controller.Contracts;
using Controller.Grains.Placement;

namespace Controller.Grains.Network;

// Why it is in its state; and what is kept about it elsewhere is set right at an operator's wish.
internal sealed partial class NetworkGrain : IClaimant, IExplainedGrain
{
    public Task<long> Version() => Task.FromResult(_record.Exists ? _record.Version : 0);

    public Task<Outcome> Rewrite() => _record.Rewrite();

    // Which hosts it is on is what its claims say.
    public Task<bool> StandsBy(Guid host, Guid incarnation) => Task.FromResult(_record.Value?.OnHosts == incarnation);

    public async Task<Outcome> SettleClaims()
    {
        if (!await _record.Reread())
        {
            await _claims.ReleaseSubnet(Id);
            return await _claims.Nothing(Id);
        }
        var present = _record.Value!;   // it was just read
        return await _claims.Settle(Id, (_, incarnation) => incarnation == present.OnHosts, [], _ => Task.FromResult<PlacementResult?>(null));
    }

    public Task<Explanation?> Explain() => Task.FromResult(_record.Explain(present => new Explanation
    {
        Project = present.Project,
        State = _record.View is null ? null : NetworkProjection.ToOcci(present.Phase),
        Phase = present.Phase.ToString().ToLowerInvariant(),
        Message = present.Message,
        Incarnation = present.OnHosts,
        Generation = present.Generation,
        Operation = present.Operation?.Explain(),
    }));
}
