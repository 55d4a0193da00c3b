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

    private const decimal MostMemoryGiB = 65536;
    private const int MostCores = 512;

    /// <summary>What Linux takes for <c>cpu.shares</c>.</summary>
    private const int MostShares = 262_144;

    public static int Cores(IReadOnlyDictionary<string, AttributeValue> attributes) => (int)(attributes.Number(Model.Compute.Cores) ?? 1);

    public static decimal MemoryGiB(IReadOnlyDictionary<string, AttributeValue> attributes) => attributes.Number(Model.Compute.Memory) ?? DefaultMemoryGiB;

    public static long MemoryBytes(IReadOnlyDictionary<string, AttributeValue> attributes) => (long)Math.Ceiling(MemoryGiB(attributes) * 1024) << 20;

    public static long RootDiskBytes(IReadOnlyDictionary<string, AttributeValue> attributes, ImageView? image) =>
        Math.Max(image?.VirtualSizeBytes ?? 0, (long)Math.Ceiling((attributes.Number(Model.ResourceTemplate.EphemeralSize) ?? 0) * 1024) << 20);

    public static string Architecture(IReadOnlyDictionary<string, AttributeValue> attributes) => attributes.Text(Model.Compute.Architecture) ?? "x64";

    /// <summary>A name that a guest can take: what was asked for, else one made of the id.</summary>
    public static string Hostname(ComputeRecord record) => record.Attributes.Text(Model.Compute.Hostname) ?? Links.NicAddressing.Hostname(record.Id);

    /// <summary>What a client must not ask for, in words; null when it is fine.</summary>
    public static string? Refusal(IReadOnlyDictionary<string, AttributeValue> attributes)
    {
        // As they were sent: what is too large for a record is too large for its types.
        var (cores, memory, share) = (attributes.Number(Model.Compute.Cores) ?? 1, MemoryGiB(attributes), attributes.Number(Model.Compute.Share) ?? 0);
        return cores > MostCores ? $"{Model.Compute.Cores.Name}: at most {MostCores} are possible, {cores} were asked for."
            : memory < LeastMemoryGiB ? $"{Model.Compute.Memory.Name}: at least {LeastMemoryGiB} GiB are needed, {memory} were asked for."
            : memory > MostMemoryGiB ? $"{Model.Compute.Memory.Name}: at most {MostMemoryGiB} GiB are possible, {memory} were asked for."
            : GuestData.UserData(attributes).Length is var data && data > GuestData.MostBytes
                ? $"User data: at most {GuestData.MostBytes} bytes are taken, {data} were given."
            : share > MostShares ? $"{Model.Compute.Share.Name}: at most {MostShares} are possible, {share} were asked for."
            : null;
    }
}
