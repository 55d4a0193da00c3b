using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;

namespace Controller.Grains.Mixins;

/// <summary>All that is durable of a project's own mixins. Persisted: additive changes only.</summary>
internal sealed record UserMixinsRecord
{
    public required Guid Project { get; init; }

    /// <summary>Those that there are; what others depend on comes first.</summary>
    public OwnedMixin[] Mixins { get; init; } = [];

    /// <summary>Those that there are no more, for as long as an entity may have them.</summary>
    public RemovedMixin[] Removed { get; init; } = [];
}

/// <summary>Persisted: additive changes only.</summary>
internal sealed record OwnedMixin(UserMixin Mixin, string CreatedBy, DateTimeOffset Created);

/// <summary>A mixin on its way out. Persisted: additive changes only.</summary>
internal sealed record RemovedMixin
{
    public required string Type { get; init; }

    public required string RemovedBy { get; init; }

    public RemovalPhase Phase { get; init; }

    public required Operation Operation { get; init; }
}

/// <summary>Persisted: append only, never renumber.</summary>
internal enum RemovalPhase : byte
{
    None = 0,

    /// <summary>Entities may have it.</summary>
    Removing = 1,

    /// <summary>
    /// None had it when we looked. An update that was checked before the removal, and carried out after it, may still bring it back: until the operation's
    /// deadline we look again.
    /// </summary>
    Watched = 2,
}

/// <summary>What others see of the record: pure functions of it.</summary>
internal static class UserMixinsProjection
{
    public static readonly Func<UserMixinsRecord, long, UserMixinsView?> View =
        (record, _) => new(record.Project, [.. record.Mixins.Select(m => m.Mixin)]);

    public static readonly Func<UserMixinsRecord, EntityIndex> Index = record => new()
    {
        EntityId = record.Project,
        Project = record.Project,
        Due = record.Removed.Length == 0 ? null : record.Removed.Min(r => r.Operation.Due),
        Operations = Operation.UnderWay([.. record.Removed.Select(r => r.Operation)]),
    };
}
