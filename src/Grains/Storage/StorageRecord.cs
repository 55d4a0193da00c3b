using Controller.Contracts;
using Controller.Grains.Compute;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Occi;
using Occi.Core;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Storage;

/// <summary>All that is durable of a storage. Persisted: additive changes only.</summary>
internal sealed record StorageRecord
{
    public required Guid Id { get; init; }

    public required Guid Project { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset Created { get; init; }

    public StoragePhase Phase { get; init; }

    public string[] Mixins { get; init; } = [];

    public Dictionary<string, AttributeValue> Attributes { get; init; } = [];

    public long Generation { get; init; }

    public Guid? Host { get; init; }

    public Guid Incarnation { get; init; }

    /// <summary>Links that use it.</summary>
    public StorageUse[] Uses { get; init; } = [];

    /// <summary>Links that are gone, whose machines may still have the volume. Of a volume in a shared pool: until they are gone it stays where it is.</summary>
    public StorageUse[] Leaving { get; init; } = [];

    /// <summary>The shared pool that it is in; null: its host's own.</summary>
    public Guid? Pool { get; init; }

    /// <summary>Of one in a shared pool: the host that it is to come to, once nobody else has it.</summary>
    public Guid? Next { get; init; }

    /// <summary>While its machine migrates. Whether it comes with it is decided by the compute's record.</summary>
    public StorageMoving? Moving { get; init; }

    /// <summary>What it was on its host's own disks before it moved, or was to be: hosts that have not said yet that it is gone.</summary>
    public LeftIncarnation[] Left { get; init; } = [];

    /// <summary>It has come from another host: an empty one can never stand for it.</summary>
    public bool Moved { get; init; }

    /// <summary>Its volume was there once.</summary>
    public bool Made { get; init; }

    /// <summary>Until it is made: what is in it at first.</summary>
    public ImageRef? Image { get; init; }

    /// <summary>Until it is made: the volume that it is a copy of.</summary>
    public VolumeSource? Source { get; init; }

    /// <summary>While it is being copied: it must be made where that is.</summary>
    public Guid? Near { get; init; }

    /// <summary>While it is reverting: the volume whose content it gets.</summary>
    public VolumeSource? Revert { get; init; }

    public Operation? Operation { get; init; }

    /// <summary>A larger size that is being claimed: until that has ended more may be claimed than is said here, and what is said here counts.</summary>
    public Operation? Claiming { get; init; }

    public string? Message { get; init; }

    /// <summary>The restore of the database after which its host was asked what it has, or in which somebody asked for something since.</summary>
    public long Era { get; init; }

    /// <summary>Its host was removed for good, and its data with it.</summary>
    public bool Lost { get; init; }

    /// <summary>Of one in a shared pool: hosts that it has gone from, and that have not said yet that they have it no more.</summary>
    public Guid[] Had { get; init; } = [];

    private const decimal MostGiB = 1024 * 1024;

    /// <summary>What a client must not ask for, in words; null when it is fine. Asked before there is a record of it.</summary>
    public static string? Refusal(IReadOnlyDictionary<string, AttributeValue> attributes) => attributes.Number(Model.Storage.Size) is > MostGiB and var size
        ? $"{Model.Storage.Size.Name}: at most {MostGiB} GiB are possible, {size} were asked for."
        : null;

    /// <summary>Whether something was in it from the beginning: an empty volume can never stand for it.</summary>
    public bool HasContent => Attributes.ContainsKey(StorageContent.Source.Name) || Attributes.ContainsKey(StorageContent.Image.Name) || Attributes.ContainsKey(StorageContent.Origin.Name);

    public string? PoolName => Attributes.Text(Pools.OfStorage);

    /// <summary>Whole MiB, rounded up: volumes have whole sectors.</summary>
    public static long BytesOf(decimal gib) => (long)Math.Ceiling(gib * 1024) << 20;

    public static long BytesOf(IReadOnlyDictionary<string, AttributeValue> attributes) => BytesOf(attributes.Number(Model.Storage.Size) ?? 0);

    public long SizeBytes => BytesOf(Attributes);
}

/// <summary>A move with its machine, and when to ask how that went. Persisted: additive changes only.</summary>
internal sealed record StorageMoving(VolumeMove Move, Operation Operation);

/// <summary>A link to it, and the compute that it starts at.</summary>
internal sealed record StorageUse(Guid Link, Guid Compute);

/// <summary>What clients see of a storage: one pure function of its record.</summary>
internal static class StorageProjection
{
    public static readonly Func<StorageRecord, long, EntityView?> View = (record, version) => record.Host is null || record.Phase == StoragePhase.Deleting
        ? null
        : new EntityView
        {
            Id = record.Id,
            Kind = Model.Storage.Kind.Id.ToString(),
            Project = record.Project,
            Mixins = record.Mixins,
            Attributes = Attributes(record),
            Actions = [.. (record.Lost ? [] : ActionsIn(record)).Select(a => a.Id.ToString())],
            Version = version,
            Created = record.Created,
        };

    public static readonly Func<StorageRecord, EntityIndex> Index = record => new()
    {
        EntityId = record.Id,
        Project = record.Project,
        State = ToOcci(record.Phase),
        Host = record.Host,
        Title = record.Attributes.Text(CoreKinds.Title),
        Mixins = record.Mixins,
        Listed = record.Host is not null && record.Phase != StoragePhase.Deleting,
        Due = Operation.FirstDue(record.Operation, record.Moving?.Operation, record.Claiming),
        Operations = Operation.UnderWay(record.Operation, record.Moving?.Operation, record.Claiming),
        Disk = record.SizeBytes,
    };

    public static string ToOcci(StoragePhase phase) => phase switch
    {
        StoragePhase.Online or StoragePhase.Resizing or StoragePhase.Reverting => "online",
        StoragePhase.Failed => "error",
        _ => "offline",
    };

    private static IEnumerable<ActionType> ActionsIn(StorageRecord record) =>
        record.Phase is StoragePhase.Online or StoragePhase.Offline && record.Mixins.Contains(StorageContent.Snapshot.Id.ToString())
            ? [.. ActionsIn(record.Phase), StorageContent.Revert]
            : ActionsIn(record.Phase);

    public static IEnumerable<ActionType> ActionsIn(StoragePhase phase) => phase switch
    {
        StoragePhase.Online => [Model.Storage.Offline, Model.Storage.Resize, Model.Storage.Snapshot, Model.Storage.Backup],
        StoragePhase.Resizing => [Model.Storage.Resize],
        StoragePhase.Offline => [Model.Storage.Online, Model.Storage.Snapshot, Model.Storage.Backup],
        StoragePhase.Failed => [Model.Storage.Online, Model.Storage.Resize],
        _ => [],
    };

    private static Dictionary<string, AttributeValue> Attributes(StorageRecord record)
    {
        var shown = new Dictionary<string, AttributeValue>(record.Attributes) { [Model.Storage.State.Name] = AttributeValue.Of(ToOcci(record.Phase)) };
        var doing = record.Phase switch
        {
            StoragePhase.Creating when record.Source is not null => "The volume is being copied.",
            StoragePhase.Creating => "The volume is being made.",
            StoragePhase.Resizing => "The volume is growing.",
            StoragePhase.Reverting => "The volume is getting its snapshot's content.",
            StoragePhase.Online when record.Moving is not null => "The volume is moving with its machine.",
            _ => null,
        };
        var message = string.Join(' ', new[] { doing, record.Operation?.LastError, record.Message }.Where(p => !string.IsNullOrEmpty(p)));
        if (message.Length > 0)
            shown[Model.Storage.StateMessage.Name] = AttributeValue.Of(message);
        return shown;
    }
}
