namespace Controller.Contracts;

/// <summary>An address of the world outside, and how to get there: the network that it is of, whose range and gateway are as they are outside. Persisted: additive changes only.</summary>
[GenerateSerializer, Immutable, Alias("FloatingAddress")]
public sealed record FloatingAddress([property: Id(0)] Guid Network, [property: Id(1)] string Address, [property: Id(2)] string Cidr, [property: Id(3)] string Gateway);

/// <summary>An address, or why there is none.</summary>
[GenerateSerializer, Immutable, Alias("ReserveResult")]
public sealed record ReserveResult([property: Id(0)] Outcome Outcome, [property: Id(1)] FloatingAddress? Address);

[Alias("IIpReservationGrain")]
public interface IIpReservationGrain : IEntityGrain
{
    /// <summary>A link is about to give the address to its compute. Conflict: another has it. Repeating it answers the same.</summary>
    [Alias("Attach")] Task<ReserveResult> Attach(Caller caller, Guid link);

    /// <summary>The link is going: it no longer stands in the way of the reservation's deletion, but its machine may still have the address.</summary>
    [Alias("Leaving")] Task Leaving(Guid link);

    /// <summary>The machine has let it go: another may have it.</summary>
    [Alias("Detached")] Task Detached(Guid link);
}
