using Controller.Contracts;
using Controller.Grains.Entities;

namespace Controller.Grains.Compute;

/// <summary>
/// What becomes, or became, of the compute after its host was lost. Once this is written the incarnation that was there never runs again, whatever else dies or comes back. Persisted:
/// additive changes only.
/// </summary>
internal sealed record ComputeRecovery
{
    public RecoveryState State { get; init; }

    public required Guid From { get; init; }

    /// <summary>Of the host's session before the loss.</summary>
    public required long Epoch { get; init; }

    /// <summary>The incarnation that was lost.</summary>
    public required Guid Lost { get; init; }

    /// <summary>The one that takes its place.</summary>
    public required Guid Next { get; init; }

    public Guid? To { get; init; }

    public required Operation Operation { get; init; }

    /// <summary>The host that was lost was then removed for good: nobody has to be told of what was there.</summary>
    public bool IsRemoved { get; init; }

    public RecoveryView View(Guid compute) => new(compute, State, To, Operation.Since, State == RecoveryState.Placing ? Operation.LastError : null);

    public string? Words() => State switch
    {
        RecoveryState.Placing => $"Its host {From} was lost: it is going to be started on another one. {Operation.LastError}".TrimEnd(),
        RecoveryState.Starting => $"Its host {From} was lost: it is being started on host {To}.",
        RecoveryState.Running => $"It was started on host {To} after host {From} was lost at {Operation.Since:u}.",
        _ => null,
    };
}
