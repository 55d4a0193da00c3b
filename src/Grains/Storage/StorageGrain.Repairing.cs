using Controller.Contracts;
using Controller.Grains.Placement;

namespace Controller.Grains.Storage;

// What is kept about it elsewhere is set right at an operator's wish.
internal sealed partial class StorageGrain : IClaimant
{
    public Task<long> Version() => Task.FromResult(_record.Exists ? _record.Version : 0);

    public Task<Outcome> Rewrite() => _record.Rewrite();

    public Task<bool> StandsBy(Guid host, Guid incarnation) => Task.FromResult(_record.Value is { } present && StandsBy(present, host, incarnation));

    public async Task<Outcome> SettleClaims()
    {
        if (!await _record.Reread())
            return await _claims.Nothing(Id);
        var present = _record.Value!;   // it was just read
        // Before this grain has heard that it moves, its claim on the target is there already.
        foreach (var use in present.Uses)
        {
            if (await GrainFactory.At<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", use.Compute))).Migration() is { UnderWay: true })
                return new(OutcomeKind.Conflict, $"Compute {use.Compute}, which has it, is moving: repair it when that has ended.");
        }
        return await _claims.Settle(
            Id, (host, incarnation) => StandsBy(present, host, incarnation), [],
            async held => present is { Lost: false, Host: { } here } && !held.Contains((here, present.Incarnation)) ? await _claims.Place(Request(present with { Near = here })) : null);
    }

    private static bool StandsBy(StorageRecord present, Guid host, Guid incarnation)
    {
        var move = present.Moving?.Move;
        return present.Left.Contains(new(host, incarnation)) || (incarnation == present.Incarnation && present.Had.Contains(host))
            || (!present.Lost && ((incarnation == present.Incarnation && ((present.Host ?? host) == host || present.Next == host || move?.Target == host))
                || (incarnation == move?.TargetIncarnation && move.Target == host)));
    }
}
