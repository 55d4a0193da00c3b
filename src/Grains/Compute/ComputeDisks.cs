using Controller.Contracts;
using Controller.Grains.Entities;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Compute;

/// <summary>Where a compute's disks are, and which one it boots from.</summary>
internal static class ComputeDisks
{
    /// <summary>The device that a machine boots from: its root disk, or a storage where it has none.</summary>
    private const string Boot = "vda";

    /// <summary>The shared pool that the root disk is to be in; null: the host's own, or there is none.</summary>
    public static string? PoolName(ComputeRecord record) => record.Image is null ? null : record.Attributes.Text(Pools.OfCompute);

    /// <summary>The first placement names the root disk; later ones find it by that.</summary>
    public static ComputeRecord Placed(ComputeRecord record, Guid? pool) =>
        pool is null ? record : record with { Pool = pool, RootDisk = record.RootDisk ?? record.Incarnation };

    /// <summary>Why a new compute's disks cannot be; null: they can.</summary>
    public static Outcome? Refusal(CreateEntity command, ImageView? image) =>
        image is null && command.Attributes.Text(Pools.OfCompute) is not null
            ? new(OutcomeKind.Invalid, $"{Pools.OfCompute.Name}: a compute without an OS template has no root disk that could be in a pool. Put the storage that it boots from there.")
        : image is not null && command.Links.Any(IsBoot)
            ? new(OutcomeKind.Invalid, $"{Model.StorageLink.DeviceId.Name}: {Boot} is the root disk's, which comes of the OS template. Leave the template out to boot from the storage.")
        : null;

    private static bool IsBoot(CreateEntity link) => link.Attributes.Text(Model.StorageLink.DeviceId) is Boot or "/dev/vda";
}
