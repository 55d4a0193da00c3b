using System.Text.RegularExpressions;
using Controller.Contracts;
using Controller.Grains.Entities;
using Controller.Grains.Persistence;
using Microsoft.Extensions.Logging;
using Occi;
using Orleans.Placement;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Links;

/// <summary>A disk: compute to storage.</summary>
[GrainType("storagelink"), PreferLocalPlacement]
internal sealed partial class StorageLinkGrain(
    [PersistentState("storagelink", "entities")] IPersistentState<Stored<LinkRecord, EntityView>> state, TimeProvider time, ILogger<StorageLinkGrain> logger)
    : LinkGrain(state, time, logger)
{
    /// <summary>Slot 0 is vdb: vda is the root disk, or the storage that a compute without an OS template boots from.</summary>
    private const int MostDisks = 25;

    protected override Kind TargetKind => Model.Storage.Kind;

    protected override EntityView? Project(LinkRecord record, long version) => LinkProjection.View(
        record, version, Model.StorageLink.Kind, Model.Storage.Kind, Model.StorageLink.State, Model.StorageLink.StateMessage,
        (r, shown) => shown[Model.StorageLink.DeviceId.Name] = AttributeValue.Of(r.Device ?? DeviceOf(r) ?? ""));

    protected override (LinkRecord Record, string? Why) Complete(LinkRecord record) => (
        record,
        record.Slot >= MostDisks ? $"A compute can have {MostDisks} storages linked, not more."
        : record.Attributes.Text(Model.StorageLink.DeviceId) is { } asked && !Offered().IsMatch(asked)
            ? $"{Model.StorageLink.DeviceId.Name}: one of vdb … vdz was wanted (vda: to boot from it), \"{asked}\" was given. Leave it out to get a free one."
        : null);

    protected override async Task<(LinkRecord Record, AttachResult Result)> Arrange(LinkRecord record, Caller caller)
    {
        var attached = await Target(record).Attach(caller, Id, record.Source);
        return (record with { Pool = attached.Pool }, attached);
    }

    protected override Task Leave(LinkRecord record) => Target(record).Detached(Id);

    protected override Task Free(LinkRecord record) => Target(record).LetGo(Id);

    protected override Attachment Device(LinkRecord record) => new(new(record.Id, record.Target, DeviceOf(record)), null, record.Pool);

    private IStorageGrain Target(LinkRecord record) => GrainFactory.At<IStorageGrain>(GrainId.Create("storage", GrainKeys.Of("storage", record.Target)));

    private static string? DeviceOf(LinkRecord record) =>
        record.Attributes.Text(Model.StorageLink.DeviceId) is { } asked ? asked.Replace("/dev/", "", StringComparison.Ordinal)
        : record.Slot >= 0 ? "vd" + (char)('b' + record.Slot)
        : null;

    [GeneratedRegex("^(/dev/)?vd[a-z]$")]
    private static partial Regex Offered();
}
