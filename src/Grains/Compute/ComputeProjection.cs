using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Occi;
using Occi.Core;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Compute;

/// <summary>What clients see of a compute: one pure function of its record.</summary>
internal static class ComputeProjection
{
    public static readonly Func<ComputeRecord, long, EntityView?> View = (record, version) => record.Phase is ComputePhase.Deleting or ComputePhase.Placing
        ? null
        : new EntityView
        {
            Id = record.Id,
            Kind = Model.Compute.Kind.Id.ToString(),
            Project = record.Project,
            Mixins = record.Mixins,
            Attributes = Attributes(record),
            Actions = [.. (record is { Phase: ComputePhase.Failed, Host: null } ? [] : ActionsIn(record.Phase)).Where(a => a != Model.Compute.Save || record.Image is not null).Select(a => a.Id.ToString())],
            Version = version,
            Created = record.Created,
        };

    public static readonly Func<ComputeRecord, EntityIndex> Index = record => new()
    {
        EntityId = record.Id,
        Project = record.Project,
        State = ToOcci(record.Phase),
        Host = record.Host,
        Title = record.Attributes.Text(CoreKinds.Title),
        Mixins = record.Mixins,
        Listed = record.Phase is not (ComputePhase.Deleting or ComputePhase.Placing),
        Due = record.Recovery is { State: RecoveryState.Placing } recovery ? recovery.Operation.Due
            : Operation.FirstDue(record.Operation, record.Migration is { } migration && (migration.UnderWay || migration.OwesVolumes) ? migration.Operation : null, record.Claiming),
        Operations = Operation.UnderWay(
            record.Operation, record.Migration is { UnderWay: true } moving ? moving.Operation with { Id = moving.Id, What = "migrate", By = moving.By } : null,
            record.Recovery is { State: RecoveryState.Placing } placing ? placing.Operation : null, record.Claiming),
        Cores = ComputeSizes.Cores(record.Attributes),
        Memory = ComputeSizes.MemoryBytes(record.Attributes),
        Disk = record.RootDiskBytes,
    };

    /// <summary>GFD.224 §3.1: what is under way still shows where it came from; where it goes stands in the message.</summary>
    public static string ToOcci(ComputePhase phase) => phase switch
    {
        ComputePhase.Active or ComputePhase.Stopping or ComputePhase.Suspending or ComputePhase.Restarting or ComputePhase.Saving => "active",
        ComputePhase.Suspended => "suspended",
        ComputePhase.Failed => "error",
        _ => "inactive",
    };

    public static IEnumerable<ActionType> ActionsIn(ComputePhase phase) => phase switch
    {
        ComputePhase.Inactive => [Model.Compute.Start, Model.Compute.Save],
        ComputePhase.Active => [Model.Compute.Stop, Model.Compute.Restart, Model.Compute.Suspend, Model.Compute.Save],
        ComputePhase.Suspended or ComputePhase.Failed => [Model.Compute.Start, Model.Compute.Stop],
        ComputePhase.Starting or ComputePhase.Restarting or ComputePhase.Stopping or ComputePhase.Suspending or ComputePhase.Saving => [Model.Compute.Stop],
        ComputePhase.SavingInactive => [Model.Compute.Start],
        _ => [],
    };

    private static Dictionary<string, AttributeValue> Attributes(ComputeRecord record)
    {
        var shown = new Dictionary<string, AttributeValue>(record.Attributes)
        {
            [Model.Compute.Cores.Name] = AttributeValue.Of(ComputeSizes.Cores(record.Attributes)),
            [Model.Compute.Memory.Name] = AttributeValue.Of(ComputeSizes.MemoryGiB(record.Attributes)),
            [Model.Compute.State.Name] = AttributeValue.Of(ToOcci(record.Phase)),
        };
        shown.TryAdd(Model.Compute.Architecture.Name, AttributeValue.Of("x64"));
        shown.TryAdd(Model.Compute.Hostname.Name, AttributeValue.Of(ComputeSizes.Hostname(record)));
        ComputeHardware.Show(record, shown);
        if (Message(record) is { } message)
            shown[Model.Compute.StateMessage.Name] = AttributeValue.Of(message);
        return shown;
    }

    private static string? Message(ComputeRecord record)
    {
        var doing = record.Operation is null ? null : record.Phase switch
        {
            ComputePhase.Starting => "Starting.",
            ComputePhase.Stopping => "Stopping.",
            ComputePhase.Suspending => "Suspending.",
            ComputePhase.Restarting => "Restarting.",
            ComputePhase.Saving or ComputePhase.SavingInactive => $"Saving. The OS template is {record.Save?.Term}.",
            _ => null,
        };
        var parts = new[]
        {
            doing, Migrating(record.Migration), record.Recovery?.Words(), record.Operation?.LastError, record.Message, record.RestartPending ? "A change takes effect at the next start, or at a restart that is not warm." : null,
        };
        var text = string.Join(' ', parts.Where(p => !string.IsNullOrEmpty(p)));
        return text.Length == 0 ? null : text;
    }

    private static string? Migrating(ComputeMigration? migration) => migration is not { UnderWay: true }
        ? null
        : $"{(migration.Cancelling ? "The migration is being cancelled" : migration.Method == MigrateMethod.Live ? "Migrating live" : "Migrating cold")}"
            + (migration.TotalBytes > 0 ? FormattableString.Invariant($", {Math.Clamp(100 - (100 * migration.RemainingBytes / migration.TotalBytes), 0, 100)}%.") : ".");
}
