using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Occi;
using Occi.Core;
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

    public Operation? Operation { get; init; }

    public string? Message { get; init; }

    /// <summary>Its host was removed for good, and its data with it.</summary>
    public bool Lost { get; init; }

    private const decimal MostGiB = 1024 * 1024;

    /// <summary>What a client must not ask for, in words; null when it is fine. Asked before there is a record of it.</summary>
    public static string? Refusal(IReadOnlyDictionary<string, AttributeValue> attributes) => attributes.Number(Model.Storage.Size) is > MostGiB and var size
        ? $"{Model.Storage.Size.Name}: at most {MostGiB} GiB are possible, {size} were asked for."
        : null;

    /// <summary>Whole MiB, rounded up: volumes have whole sectors.</summary>
    public long SizeBytes => (long)Math.Ceiling((Attributes.Number(Model.Storage.Size) ?? 0) * 1024) << 20;
}

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
            Actions = [.. (record.Lost ? [] : ActionsIn(record.Phase)).Select(a => a.Id.ToString())],
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
        Due = record.Operation?.Due,
        Disk = record.SizeBytes,
    };

    public static string ToOcci(StoragePhase phase) => phase switch
    {
        StoragePhase.Online or StoragePhase.Resizing => "online",
        StoragePhase.Failed => "error",
        _ => "offline",
    };

    public static IEnumerable<ActionType> ActionsIn(StoragePhase phase) => phase switch
    {
        StoragePhase.Online => [Model.Storage.Offline, Model.Storage.Resize],
        StoragePhase.Resizing => [Model.Storage.Resize],
        StoragePhase.Offline => [Model.Storage.Online],
        StoragePhase.Failed => [Model.Storage.Online, Model.Storage.Resize],
        _ => [],
    };

    private static Dictionary<string, AttributeValue> Attributes(StorageRecord record)
    {
        var shown = new Dictionary<string, AttributeValue>(record.Attributes) { [Model.Storage.State.Name] = AttributeValue.Of(ToOcci(record.Phase)) };
        var doing = record.Phase switch { StoragePhase.Creating => "The volume is being made.", StoragePhase.Resizing => "The volume is growing.", _ => null };
        var message = string.Join(' ', new[] { doing, record.Operation?.LastError, record.Message }.Where(p => !string.IsNullOrEmpty(p)));
        if (message.Length > 0)
            shown[Model.Storage.StateMessage.Name] = AttributeValue.Of(message);
        return shown;
    }
}
