namespace Controller.Contracts;

/// <summary>Why an entity is in its state, by its grain's record. Where it was placed, and why there, the placement's decision says.</summary>
[GenerateSerializer, Immutable, Alias("Explanation")]
public sealed record Explanation
{
    [Id(0)] public required Guid Project { get; init; }

    /// <summary>As clients see it; null while they see nothing of it.</summary>
    [Id(1)] public string? State { get; init; }

    /// <summary>Where it is in its life, finer than the state.</summary>
    [Id(2)] public required string Phase { get; init; }

    [Id(3)] public string? Message { get; init; }

    [Id(4)] public Guid? Host { get; init; }

    [Id(5)] public Guid? Incarnation { get; init; }

    /// <summary>Of what is wanted.</summary>
    [Id(6)] public long Generation { get; init; }

    /// <summary>Of what was seen done.</summary>
    [Id(7)] public long ObservedGeneration { get; init; }

    /// <summary>What is under way.</summary>
    [Id(8)] public ExplainedOperation? Operation { get; init; }

    /// <summary>All that is under way with it, <see cref="Operation"/> included: a machine that starts may be moving, too.</summary>
    [Id(39)] public ExplainedOperation[] UnderWay { get; init; } = [];

    /// <summary>What was under way before, the newest first; a few are kept.</summary>
    [Id(40)] public PastOperation[] Past { get; init; } = [];
}

/// <summary>What is under way with an entity: since when, until when at most, and what went wrong last.</summary>
[GenerateSerializer, Immutable, Alias("ExplainedOperation")]
public sealed record ExplainedOperation(
    [property: Id(0)] Guid Id,
    [property: Id(1)] string What,
    [property: Id(2)] DateTimeOffset Since,
    [property: Id(3)] DateTimeOffset Deadline,
    [property: Id(4)] DateTimeOffset Due,
    [property: Id(5)] int Attempts,
    [property: Id(6)] string? LastError)
{
    /// <summary>The principal that asked for it; null: the control plane by itself.</summary>
    [Id(37)] public string? By { get; init; }

    /// <summary>The trace id of the request that began it.</summary>
    [Id(38)] public string? Trace { get; init; }
}

/// <summary>What was under way with an entity and is no more. <paramref name="State"/>: the entity's when it ended. Persisted: additive changes only.</summary>
[GenerateSerializer, Immutable, Alias("PastOperation")]
public sealed record PastOperation(
    [property: Id(0)] Guid Id,
    [property: Id(1)] string What,
    [property: Id(2)] DateTimeOffset Since,
    [property: Id(3)] DateTimeOffset Ended,
    [property: Id(4)] int Attempts,
    [property: Id(5)] string? State)
{
    [Id(6)] public string? By { get; init; }

    [Id(7)] public string? Trace { get; init; }

    /// <summary>What went wrong last; it may have been done nevertheless.</summary>
    [Id(8)] public string? LastError { get; init; }
}

/// <summary>An entity that can say why it is as it is.</summary>
[Alias("IExplainedGrain")]
public interface IExplainedGrain : IGrainWithStringKey
{
    /// <summary>Null: it is not there. Whether the caller may know is for who asks.</summary>
    [Alias("Explain"), Orleans.Concurrency.AlwaysInterleave] Task<Explanation?> Explain();
}
