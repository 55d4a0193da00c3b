using Controller.Contracts;

namespace Controller.Grains.Reservations;

// Why it is in its state; and what is kept about it elsewhere is set right at an operator's wish.
internal sealed partial class IpReservationGrain : IClaimant, IExplainedGrain
{
    public Task<long> Version() => Task.FromResult(_record.Exists ? _record.Version : 0);

    public Task<Outcome> Rewrite() => _record.Rewrite();

    // An address is all that it takes.
    public Task<bool> StandsBy(Guid host, Guid incarnation) => Task.FromResult(false);

    public async Task<Outcome> SettleClaims()
    {
        if (await _record.Reread())
        {
            var reserved = await Network(_record.Value!.Network).Reserve(Id, _record.Value.Address?.Address);
            return reserved.Outcome.Ok ? new(OutcomeKind.Done, "It has its address.") : reserved.Outcome;
        }
        var released = await _claims.ReleaseAddressesBut(Id, []);
        return new(OutcomeKind.Done, $"It is not there: {released} address(es) were given back.");
    }

    public Task<Explanation?> Explain() => Task.FromResult(_record.Explain(present => new Explanation
    {
        Project = present.Project,
        State = _record.View is null ? null : "active",
        Phase = present.Phase.ToString().ToLowerInvariant(),
        Operation = present.Operation?.Explain(),
    }));
}
