using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Controller.Agent.Drivers.Simulated;

/// <summary>
/// What there is of a simulated root disk: its size, and the count that the demo guest (deploy/guest/init) writes where that one does. As a file it is a real qcow2,
/// which any tool reads.
/// </summary>
internal static class SimulatedDisk
{
    private const string Mark = "DEMO-BOOTS ";
    private const uint Magic = 0x514649fb;
    private const int ClusterBits = 16;
    private const int Cluster = 1 << ClusterBits;
    private const long CountAt = 512 << 10;   // on the disk: between the boot record and the first partition
    private const int EntriesOfTable = Cluster / sizeof(ulong);
    private const ulong Used = 1UL << 63;

    /// <summary>A file of this length or shorter is looked through.</summary>
    public const int MostBytes = 8 * Cluster;

    /// <summary>Writes one. Clusters: header, refcount table, refcount block, L1 table, L2 table, the cluster with the count.</summary>
    public static byte[] Write(ulong virtualSize, uint boots, string note)
    {
        const int l1 = 3, l2 = 4, data = 5, clusters = 6;
        var file = new byte[clusters * Cluster];
        var header = file.AsSpan();
        BinaryPrimitives.WriteUInt32BigEndian(header, Magic);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt32BigEndian(header[20..], ClusterBits);
        BinaryPrimitives.WriteUInt64BigEndian(header[24..], Math.Max(virtualSize, CountAt + Cluster));
        BinaryPrimitives.WriteUInt32BigEndian(header[36..], Math.Min(EntriesOfTable, (uint)(virtualSize / Cluster / EntriesOfTable) + 1));
        BinaryPrimitives.WriteUInt64BigEndian(header[40..], l1 * Cluster);
        BinaryPrimitives.WriteUInt64BigEndian(header[48..], 1 * Cluster);
        BinaryPrimitives.WriteUInt32BigEndian(header[56..], 1);                 // clusters of the refcount table
        BinaryPrimitives.WriteUInt64BigEndian(header[Cluster..], 2 * Cluster);  // its first entry: the refcount block
        for (var used = 0; used < clusters; used++)
            BinaryPrimitives.WriteUInt16BigEndian(header[(2 * Cluster + 2 * used)..], 1);
        BinaryPrimitives.WriteUInt64BigEndian(header[(l1 * Cluster)..], Used | l2 * Cluster);
        BinaryPrimitives.WriteUInt64BigEndian(header[(l2 * Cluster + (int)(CountAt / Cluster) * sizeof(ulong))..], Used | data * Cluster);
        Encoding.ASCII.GetBytes($"{Mark}{boots.ToString(CultureInfo.InvariantCulture)}\n{note}\n", header[(data * Cluster)..]);
        return file;
    }

    /// <summary>What <see cref="Write"/> wrote; of any other image: nothing was booted from it yet.</summary>
    public static (uint Boots, ulong VirtualSize) Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 72 || BinaryPrimitives.ReadUInt32BigEndian(file) != Magic) return (0, 0);
        var size = BinaryPrimitives.ReadUInt64BigEndian(file[24..]);
        var at = file.IndexOf(Encoding.ASCII.GetBytes(Mark));
        if (at < 0) return (0, size);
        var count = file[(at + Mark.Length)..];
        return (uint.TryParse(count[..Math.Max(0, count.IndexOf((byte)'\n'))], CultureInfo.InvariantCulture, out var boots) ? boots : 0, size);
    }
}
