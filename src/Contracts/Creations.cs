namespace Controller.Contracts;

/// <summary>
/// A request that creates: written down before anything of it exists, with the ids that were chosen. Whoever tries again, after whatever died, makes the
/// same entities and no second ones; what cannot be made whole is taken back (decision D-48). Keyed <c>creation/uuid</c>.
/// </summary>
[Alias("ICreationGrain")]
public interface ICreationGrain : IGrainWithStringKey
{
    /// <summary>Begins it, or goes on with it: repeat it while the answer is <see cref="CreationStatus.Unfinished"/>. The request that came first counts.</summary>
    [Alias("Create")] Task<CreationProgress> Create(CreationRequest request);

    /// <summary>Goes on with the request of that fingerprint, if it was begun; null: nothing is known of it.</summary>
    [Alias("Recall")] Task<CreationProgress?> Recall(string fingerprint);

    /// <summary>Goes on with what nobody waits for any more, and forgets what is old. May be called at any time by anyone.</summary>
    [Alias("Reconcile")] Task Reconcile();
}

/// <summary>A checked request that creates one or more entities.</summary>
[GenerateSerializer, Immutable, Alias("CreationRequest")]
public sealed record CreationRequest
{
    [Id(0)] public required Guid Project { get; init; }

    /// <summary>A hash of what was sent: the same key with another request is a mistake.</summary>
    [Id(1)] public required string Fingerprint { get; init; }

    /// <summary>In the order in which they can be created.</summary>
    [Id(2)] public required PlannedEntity[] Entities { get; init; }

    /// <summary>Ids of the entities that the answer shows, in the order in which they were sent: some are inline links of others.</summary>
    [Id(3)] public required Guid[] Shown { get; init; }

    /// <summary>How long its repeat is recognised after it is done.</summary>
    [Id(4)] public required TimeSpan Remember { get; init; }
}

/// <summary>One entity of a request that creates.</summary>
/// <param name="Term">Its kind's term.</param>
/// <param name="Command">What creates it.</param>
/// <param name="Where">Where it stood in the message; empty: it was the only one.</param>
/// <param name="Existed">Whether the client named an entity that was there before: it is never taken back.</param>
[GenerateSerializer, Immutable, Alias("PlannedEntity")]
public sealed record PlannedEntity(
    [property: Id(0)] string Term, [property: Id(1)] CreateEntity Command, [property: Id(2)] string Where = "", [property: Id(3)] bool Existed = false);

/// <summary>How far a creation is. On the wire: append only.</summary>
public enum CreationStatus : byte
{
    /// <summary>Some of it is still to be done: ask again.</summary>
    Unfinished = 0,

    /// <summary>All entities exist.</summary>
    Done = 1,

    /// <summary>One of them cannot be: none is left, and the request is forgotten.</summary>
    Refused = 2,

    /// <summary>Another request was made under this key before.</summary>
    OtherRequest = 3,
}

/// <summary>How far a creation is.</summary>
[GenerateSerializer, Immutable, Alias("CreationProgress")]
public sealed record CreationProgress([property: Id(0)] CreationStatus Status)
{
    /// <summary>When it is done: the entities to show, as they were created.</summary>
    [Id(1)] public EntityView[] Entities { get; init; } = [];

    /// <summary>Whether it was done before this call.</summary>
    [Id(2)] public bool Before { get; init; }

    /// <summary>Why it was refused.</summary>
    [Id(3)] public Outcome? Why { get; init; }

    /// <summary>Of the entity that was refused: where it stood in the message.</summary>
    [Id(4)] public string Where { get; init; } = "";

    /// <summary>What could not be taken back, in words: somebody else uses it already.</summary>
    [Id(5)] public string[] Left { get; init; } = [];
}
