namespace Occi.Extension;

/// <summary>
/// Which pool a disk is in: a shared one, that several hosts see, by its name. Without the mixin it is in the pool of the host that it is placed on.
/// </summary>
public static class Pools
{
    private const string Name = "^[a-z][a-z0-9_-]{0,62}$";

    /// <summary><c>local.controller.storage.pool</c></summary>
    public static readonly Attr OfStorage = new("local.controller.storage.pool", AttrType.Text, "Name of the shared pool that the volume is in.")
    {
        Required = true, SetOnce = true, Pattern = Name,
    };

    /// <summary><c>local.controller.compute.pool</c></summary>
    public static readonly Attr OfCompute = new("local.controller.compute.pool", AttrType.Text, "Name of the shared pool that the root disk is in.")
    {
        Required = true, SetOnce = true, Pattern = Name,
    };

    /// <summary>A storage in a shared pool: a compute on any host that sees the pool can be linked to it.</summary>
    public static readonly Mixin Storage = new(new(Scheme.Storage, "pool"))
    {
        Title = "Storage in a shared pool", Location = "/mixin/storage/pool/", Applies = [Infrastructure.Storage.Kind], Attributes = [OfStorage],
    };

    /// <summary>A compute whose root disk is in a shared pool: it can go on elsewhere when its host is lost.</summary>
    public static readonly Mixin Compute = new(new(Scheme.Compute, "pool"))
    {
        Title = "Root disk in a shared pool", Location = "/mixin/compute/pool/", Applies = [Infrastructure.Compute.Kind], Attributes = [OfCompute],
    };
}
