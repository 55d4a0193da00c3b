using System.Buffers.Binary;

namespace Controller.Agent.Drivers.Libvirt.Storage;

/// <summary>What a disk image says of itself in its first bytes.</summary>
internal static class ImageHeader
{
    // docs/interop/qcow2.txt of QEMU.
    private const uint Magic = 0x514649fb;
    private const ulong ExternalDataFile = 1 << 2;

    /// <summary>Bytes that a guest sees.</summary>
    public static ulong VirtualSize(string path, string format)
    {
        if (format == "raw")
            return (ulong)new FileInfo(path).Length;
        var header = Read(path);
        return BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(24));
    }

    /// <summary>The path of a qcow2's backing file; null: it has none, or is gone.</summary>
    public static string? BackingFile(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var header = new byte[20];
            file.ReadExactly(header);
            var at = BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(8));
            if (at == 0)
                return null;
            var name = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(16))];
            file.Position = at;
            file.ReadExactly(name);
            return System.Text.Encoding.UTF8.GetString(name);
        }
        catch (Exception gone) when (gone is FileNotFoundException or EndOfStreamException)
        {
            return null;
        }
    }

    /// <summary>
    /// Code <c>image-format</c> when the file is not what it is said to be, or names another file: opening that would let an image read
    /// any file of the host.
    /// </summary>
    public static void Check(string path, string format)
    {
        if (format == "raw")
            return;
        if (format != "qcow2")
            throw Wrong($"The image's format must be qcow2 or raw, and is '{format}'.");
        if (new FileInfo(path).Length < 72)
            throw Wrong("The image was said to be qcow2, and is shorter than a qcow2 header.");
        var header = Read(path);
        if (BinaryPrimitives.ReadUInt32BigEndian(header) != Magic)
            throw Wrong("The image was said to be qcow2, and does not begin as one.");
        if (BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(8)) != 0)
            throw Wrong("The image has a backing file; only images that stand alone are taken.");
        var version = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4));
        if (version >= 3 && (BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(72)) & ExternalDataFile) != 0)
            throw Wrong("The image keeps its data in another file; only images that stand alone are taken.");
    }

    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var header = new byte[104];
        file.ReadAtLeast(header, 72, throwOnEndOfStream: false);
        return header;
    }

    private static DriverException Wrong(string message) => new("image-format", message, retryable: false);
}
