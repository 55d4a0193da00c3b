using Controller.Contracts;
using Controller.Grains.Placement;

namespace Controller.Grains.Compute;

// What is kept about it elsewhere is set right at an operator's wish.
internal sealed partial class ComputeGrain : IClaimant
{
    public Task<long> Version() => Task.FromResult(_record.Exists ? _record.Version : 0);

    public Task<Outcome> Rewrite() => _record.Rewrite();

    public Task<bool> StandsBy(Guid host, Guid incarnation) => Task.FromResult(_record.Value is { } present && StandsBy(present, host, incarnation));

    public async Task<Outcome> SettleClaims()
    {
        if (!await _record.Reread())
            return await _claims.Nothing(Id);
        var present = _record.Value!;   // it was just read
        return await _claims.Settle(
            Id, (host, incarnation) => StandsBy(present, host, incarnation), [.. present.Links.Concat(present.LeavingLinks).Select(l => l.Id), .. present.Inline.Select(l => l.Id)],
            async held => present.Host is { } here && !held.Contains((here, present.Incarnation)) && !IsLost(present) ? await _claims.Place(Request(present, here)) : null);
    }

    // While it is being placed nobody can know yet where.
    private static bool StandsBy(ComputeRecord present, Guid host, Guid incarnation) =>
        (incarnation == present.Incarnation && (present.Host ?? host) == host)
        || (present.Migration is { UnderWay: true } migration && incarnation == migration.Target.Incarnation && (migration.Target.Host ?? host) == host)
        || present.Left.Any(l => l.Incarnation == incarnation && l.Host == host)
        || (present.Recovery is { State: RecoveryState.Placing } recovery && ((incarnation == recovery.Lost && host == recovery.From) || incarnation == recovery.Next));
}
