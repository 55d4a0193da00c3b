using Controller.Contracts;
using Controller.Grains.Entities;
using Occi;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Compute;

/// <summary>What a compute asks of a host, with the provider's defaults where a client says nothing.</summary>
internal static class ComputeSizes
{
    private const decimal DefaultMemoryGiB = 0.5m;

    /// <summary>Less than this no guest boots.</summary>
    private const decimal LeastMemoryGiB = 0.0625m;

    public static int Cores(IReadOnlyDictionary<string, AttributeValue> attributes) => (int)(attributes.Number(Model.Compute.Cores) ?? 1);

    public static decimal MemoryGiB(IReadOnlyDictionary<string, AttributeValue> attributes) => attributes.Number(Model.Compute.Memory) ?? DefaultMemoryGiB;

    public static long MemoryBytes(IReadOnlyDictionary<string, AttributeValue> attributes) => (long)Math.Ceiling(MemoryGiB(attributes) * 1024) << 20;

    public static long RootDiskBytes(IReadOnlyDictionary<string, AttributeValue> attributes, ImageView? image) =>
        Math.Max(image?.VirtualSizeBytes ?? 0, (long)Math.Ceiling((attributes.Number(Model.ResourceTemplate.EphemeralSize) ?? 0) * 1024) << 20);

    public static string Architecture(IReadOnlyDictionary<string, AttributeValue> attributes) => attributes.Text(Model.Compute.Architecture) ?? "x64";

    /// <summary>A name that a guest can take: what was asked for, else one made of the id.</summary>
    public static string Hostname(ComputeRecord record) => record.Attributes.Text(Model.Compute.Hostname) ?? Links.NicAddressing.Hostname(record.Id);

    /// <summary>What a client must not ask for, in words; null when it is fine.</summary>
    public static string? Refusal(IReadOnlyDictionary<string, AttributeValue> attributes) => (Cores(attributes), MemoryGiB(attributes)) switch
    {
        ( > 512, _) => $"{Model.Compute.Cores.Name}: at most 512 are possible, {Cores(attributes)} were asked for.",
        (_, < LeastMemoryGiB) => $"{Model.Compute.Memory.Name}: at least {LeastMemoryGiB} GiB are needed, {MemoryGiB(attributes)} were asked for.",
        (_, > 65536) => $"{Model.Compute.Memory.Name}: at most 65536 GiB are possible, {MemoryGiB(attributes)} were asked for.",
        _ => null,
    };
}
