namespace Occi.Infrastructure;

/// <summary>Resource templates (GFD.224 §3.5.2) and the six standard ones (GFD.222, under its §2.1 scheme: D-42).</summary>
public static class ResourceTemplate
{
    /// <summary>Scheme of the standard templates.</summary>
    public const string StandardScheme = "http://schemas.ogf.org/occi/infrastructure/compute/template/1.1#";

    /// <summary><c>occi.compute.ephemeral_storage.size</c></summary>
    public static readonly Attr EphemeralSize =
        new("occi.compute.ephemeral_storage.size", AttrType.Decimal, "Scratch space for the life of the instance in GiB (2^30 bytes).")
        {
            Mutable = false, MinExclusive = 0,
        };

    /// <summary><c>occi.compute.ephemeral_storage.deviceid</c>: the server's choice when absent.</summary>
    public static readonly Attr EphemeralDeviceId =
        new("occi.compute.ephemeral_storage.deviceid", AttrType.Text, "Device of the scratch space in the instance.");

    /// <summary><c>resource_tpl</c>, which every resource template depends on. A compute has at most one of them, and its sizes win (D-41).</summary>
    public static readonly Mixin Mixin = new(new(Scheme.Kinds, "resource_tpl"))
    {
        Title = "Resource template", Location = "/mixin/resource_tpl/", Applies = [Compute.Kind], OneBelow = true, PinsBelow = true,
    };

    /// <summary>1 core, 1 GiB, 10 GiB scratch space.</summary>
    public static readonly Mixin Small = Standard("small", "A small Compute instance", 1, 1, 10);

    /// <summary>2 cores, 2 GiB, 20 GiB scratch space.</summary>
    public static readonly Mixin Medium = Standard("medium", "A medium Compute instance", 2, 2, 20);

    /// <summary>4 cores, 4 GiB, 40 GiB scratch space.</summary>
    public static readonly Mixin Large = Standard("large", "A large Compute instance", 4, 4, 40);

    /// <summary>1 core, 4 GiB, 10 GiB scratch space.</summary>
    public static readonly Mixin MemSmall = Standard("mem_small", "A small Compute instance for memory-intensive applications", 1, 4, 10);

    /// <summary>2 cores, 8 GiB, 20 GiB scratch space.</summary>
    public static readonly Mixin MemMedium = Standard("mem_medium", "A medium Compute instance for memory-intensive applications", 2, 8, 20);

    /// <summary>4 cores, 16 GiB, 40 GiB scratch space.</summary>
    public static readonly Mixin MemLarge = Standard("mem_large", "A large Compute instance for memory-intensive applications", 4, 16, 40);

    /// <summary>A resource template.</summary>
    /// <param name="id">Its identifier; the scheme is the provider's own.</param>
    /// <param name="title">For people; without commas and semicolons (D-29).</param>
    /// <param name="cores">Virtual CPU cores.</param>
    /// <param name="memory">RAM in GiB.</param>
    /// <param name="ephemeral">Scratch space in GiB.</param>
    public static Mixin Of(TypeId id, string title, int cores, decimal memory, decimal ephemeral) => new(id)
    {
        Title = title,
        Location = $"{Mixin.Location}{id.Term}/",
        Depends = [Mixin],
        Applies = [Compute.Kind],
        Attributes =
        [
            Compute.Cores with { Default = AttributeValue.Of(cores) },
            Compute.Memory with { Default = AttributeValue.Of(memory) },
            EphemeralSize with { Default = AttributeValue.Of(ephemeral) },
            EphemeralDeviceId,
        ],
    };

    private static Mixin Standard(string term, string title, int cores, decimal memory, decimal ephemeral) =>
        Of(new(StandardScheme, term), title, cores, memory, ephemeral);
}
