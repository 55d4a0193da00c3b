using System.Buffers.Binary;

namespace Controller.Api.Admin;

/// <summary>The first bytes of a qcow2 image: magic, version, backing file (offset, length), cluster bits, and the virtual size, big endian.</summary>
internal static class Qcow2Header
{
    private const uint Magic = 0x514649fb;   // "QFI\xfb"
    private const int SizeAt = 24;

    /// <summary>Size of the disk that the guest sees, in bytes; null when this is no qcow2 image.</summary>
    public static long? VirtualSize(ReadOnlySpan<byte> head) =>
        head.Length >= SizeAt + sizeof(ulong)
        && BinaryPrimitives.ReadUInt32BigEndian(head) == Magic
        && BinaryPrimitives.ReadUInt32BigEndian(head[4..]) is 2 or 3
        && BinaryPrimitives.ReadInt64BigEndian(head[SizeAt..]) is > 0 and var size
            ? size : null;
}
