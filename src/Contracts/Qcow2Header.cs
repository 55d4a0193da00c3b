using System.Buffers.Binary;

namespace Controller.Contracts;

/// <summary>The first bytes of a qcow2 image (docs/interop/qcow2.txt of QEMU), big endian: magic, version, backing file (offset, length), cluster bits, virtual size.</summary>
public static class Qcow2Header
{
    /// <summary>As much of a file as <see cref="Read"/> wants.</summary>
    public const int Length = 512;

    private const uint Magic = 0x514649fb;   // "QFI\xfb"
    private const int Shortest = 72;
    private const ulong ExternalDataFile = 1 << 2;

    /// <summary>
    /// Size of the disk that the guest sees, in bytes; or why the image is not taken. One that names another file would let whoever made it read any file of a host.
    /// </summary>
    public static (long VirtualSize, string? Why) Read(ReadOnlySpan<byte> head)
    {
        if (head.Length < Shortest || BinaryPrimitives.ReadUInt32BigEndian(head) != Magic)
            return (0, "The image is no qcow2: its header was wanted and not found. For a plain disk image say format=raw.");
        var version = BinaryPrimitives.ReadUInt32BigEndian(head[4..]);
        if (version is not (2 or 3))
            return (0, $"The image is a qcow2 of version {version}: 2 or 3 was wanted.");
        if (BinaryPrimitives.ReadUInt64BigEndian(head[8..]) != 0)
            return (0, "The image has a backing file: only images that stand alone are taken.");
        if (version == 3 && head.Length >= Shortest + 8 && (BinaryPrimitives.ReadUInt64BigEndian(head[Shortest..]) & ExternalDataFile) != 0)
            return (0, "The image keeps its data in another file: only images that stand alone are taken.");
        return BinaryPrimitives.ReadInt64BigEndian(head[24..]) is > 0 and var size
            ? (size, null)
            : (0, "The image is a qcow2 of no size.");
    }
}
