using System.Globalization;
using Controller.Contracts;

namespace Controller.Grains.Hosts;

// Why it is in its state; and what is kept about it elsewhere, and what is on it, is compared and set right at an operator's wish.
internal sealed partial class HostGrain : IReportingHost, IExplainedGrain
{
    private readonly ReportedObjects _reported = new();

    public Task<long> Version() => Task.FromResult(_record.Exists ? _record.Version : 0);

    public Task<Outcome> Rewrite() => _record.Rewrite();

    /// <summary>Whatever is placed on a host that is there may be.</summary>
    public Task<bool> StandsBy(Guid host, Guid incarnation) => Task.FromResult(_record.Exists && host == Id);

    /// <summary>A host that nobody knows has nothing on it: whoever is said to be there is told that it is lost.</summary>
    public async Task<Outcome> SettleClaims()
    {
        if (await _record.Reread())
            return new(OutcomeKind.AlreadyDone, "The host is there: what is claimed of it is its objects' affair.");
        var placed = await _claims.OnHost(Id);
        foreach (var there in placed)
            await Entity<IHostedGrain>(there.Term, there.Consumer).HostRemoved(Id, "that is not known (any more)");
        await _claims.Forget(Id);
        return new(OutcomeKind.Done, string.Create(CultureInfo.InvariantCulture, $"The host is not there: {placed.Count} claim(s) of it were given back, and their objects told."));
    }

    public Task<HostReport?> Reported() => Task.FromResult(_stream is null ? null : _reported.Report);

    public Task<Outcome> TellAll()
    {
        if (_stream is null)
            return Task.FromResult(new Outcome(OutcomeKind.Conflict, $"Host {_record.Value?.Name ?? Id.ToString()} is not connected: it is told everything when it is."));
        _resyncDue = _time.GetUtcNow();
        LookSoon();
        return Task.FromResult(new Outcome(OutcomeKind.Done, "It is being told all that is wanted there."));
    }

    public async Task<Outcome> RemoveStray(string term, Guid id, Guid incarnation)
    {
        if (_reported.Report?.Objects.Contains(new(term, id, incarnation)) != true)
            return new(OutcomeKind.NotFound, $"The host reports no {term} {id} with the incarnation {incarnation}.");
        var entity = GrainFactory.At<IClaimant>(GrainId.Create(term, GrainKeys.Of(term, id)));
        if (!(await entity.SettleClaims()).Ok || await entity.StandsBy(Id, incarnation))   // it has read its row anew
            return new(OutcomeKind.Conflict, $"The {term} {id} says that it is on this host: it is not removed.");
        _sentAway.Remove(incarnation);   // once a session is enough by itself; who asks for it is obeyed
        await SendAway(term, id, incarnation);
        return new(OutcomeKind.Done, $"The host is told to remove the {term} {id}.");
    }

    public Task<Explanation?> Explain() => Task.FromResult(_record.Explain(present => new Explanation
    {
        Project = Guid.Empty,   // nobody's
        State = present.Status.ToString().ToLowerInvariant(),
        Phase = present.Removing ? "removing" : present.Drain switch { null => "serving", { Finished: null } => "draining", _ => "drained" },
        Message = string.Join(' ', new[] { present.Why, present.Waits }.Where(w => w is not null)) is { Length: > 0 } message ? message : null,
        Operation = _record.UnderWay.Count > 0 ? _record.UnderWay[0] : null,
    }));
}
