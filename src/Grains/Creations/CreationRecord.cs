using Controller.Contracts;
using Controller.Grains.Persistence;

namespace Controller.Grains.Creations;

/// <summary>Where a request that creates is. Persisted: append only, never renumber.</summary>
internal enum CreationPhase : byte
{
    None = 0,

    /// <summary>Its entities are being created, one after the other.</summary>
    Creating = 1,

    /// <summary>All are there. Remembered for a while, so that a repeat finds them.</summary>
    Done = 2,

    /// <summary>One cannot be: those created before it are being deleted.</summary>
    TakingBack = 3,
}

/// <summary>All that is durable of a request that creates. Persisted: additive changes only.</summary>
internal sealed record CreationRecord
{
    public required Guid Id { get; init; }

    public required Guid Project { get; init; }

    public required string Fingerprint { get; init; }

    public required DateTimeOffset Started { get; init; }

    public CreationPhase Phase { get; init; }

    /// <summary>In the order in which they are created. Empty when all are there: what they were asked to be is theirs to know.</summary>
    public PlannedEntity[] Entities { get; init; } = [];

    /// <summary>Ids of what the answer shows.</summary>
    public Guid[] Shown { get; init; } = [];

    public TimeSpan Remember { get; init; }

    /// <summary>What was created so far as it was then, the links that came with it each beside it.</summary>
    public EntityView[] Views { get; init; } = [];

    /// <summary>How many of <see cref="Entities"/> are certainly there.</summary>
    public int Next { get; init; }

    /// <summary>Those that came into being by this request: what is taken back.</summary>
    public Guid[] Made { get; init; } = [];

    /// <summary>Why it is taken back.</summary>
    public OutcomeKind Refusal { get; init; }

    public string? Why { get; init; }

    /// <summary>Where the one that was refused stood in the message.</summary>
    public string Where { get; init; } = "";

    public int Attempts { get; init; }

    /// <summary>The principal whose request it is.</summary>
    public string? By { get; init; }

    /// <summary>The trace id of the request.</summary>
    public string? Trace { get; init; }

    /// <summary>When the sweeper looks again: to go on with it, or to forget it.</summary>
    public DateTimeOffset Due { get; init; }

    public static EntityIndex Index(CreationRecord record) => new()
    {
        EntityId = record.Id,
        Project = record.Project,
        State = record.Phase.ToString().ToLowerInvariant(),
        Listed = false,
        Due = record.Due,
        Operations = record.Phase == CreationPhase.Done ? null
            : [new(record.Id, record.Phase.ToString().ToLowerInvariant(), record.Started, record.Started + CreationGrain.Limit, record.Due, record.Attempts, record.Why) { By = record.By, Trace = record.Trace }],
    };
}
