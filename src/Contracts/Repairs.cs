namespace Controller.Contracts;

/// <summary>
/// An entity that sets right what is kept about it elsewhere. Only it can: it alone knows what it is, and asks its row for that anew before it does anything.
/// </summary>
[Alias("IRepairedGrain")]
public interface IRepairedGrain : IGrainWithStringKey
{
    /// <summary>The version of the record that it goes by; 0: it is not there. It differs from its row's only when somebody else wrote that.</summary>
    [Alias("Version"), Orleans.Concurrency.AlwaysInterleave] Task<long> Version();

    /// <summary>Reads its row anew, and writes it again as it has to be. NotFound: there is none.</summary>
    [Alias("Rewrite")] Task<Outcome> Rewrite();
}

/// <summary>An entity for which there are claims.</summary>
[Alias("IClaimant")]
public interface IClaimant : IRepairedGrain
{
    /// <summary>Whether it stands by what is claimed for that placement of it.</summary>
    [Alias("StandsBy"), Orleans.Concurrency.AlwaysInterleave] Task<bool> StandsBy(Guid host, Guid incarnation);

    /// <summary>
    /// Reads its row anew, gives back what is claimed for it and it does not stand by (all of it, where it is not there), and claims what it lacks. The reason says what was done; NoCapacity,
    /// QuotaExceeded: what it lacks cannot be had, and why.
    /// </summary>
    [Alias("SettleClaims")] Task<Outcome> SettleClaims();
}

/// <summary>What is on a host, by its agent's reports since the grain was activated.</summary>
[GenerateSerializer, Immutable, Alias("HostReport")]
public sealed record HostReport([property: Id(0)] DateTimeOffset Since, [property: Id(1)] ReportedObject[] Objects);

/// <summary>Something of ours on a host.</summary>
[GenerateSerializer, Immutable, Alias("ReportedObject")]
public sealed record ReportedObject([property: Id(0)] string Term, [property: Id(1)] Guid Id, [property: Id(2)] Guid Incarnation);

/// <summary>A host, to be compared with what is kept of it.</summary>
[Alias("IReportingHost")]
public interface IReportingHost : IClaimant
{
    /// <summary>What is there; null: no complete report came, or it is not connected.</summary>
    [Alias("Reported"), Orleans.Concurrency.AlwaysInterleave] Task<HostReport?> Reported();

    /// <summary>Tells the host once more all that is wanted there.</summary>
    [Alias("TellAll")] Task<Outcome> TellAll();

    /// <summary>Has an object removed of which its entity says that it is not its. Conflict: the entity stands by it.</summary>
    [Alias("RemoveStray")] Task<Outcome> RemoveStray(string term, Guid id, Guid incarnation);
}
