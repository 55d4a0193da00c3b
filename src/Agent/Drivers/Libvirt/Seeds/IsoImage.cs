using System.Buffers.Binary;
using System.Text;

namespace Controller.Agent.Drivers.Libvirt.Seeds;

/// <summary>
/// Writes an ISO 9660 image with Joliet names: a flat set of small files. The two trees share the files' data.
/// The same input gives the same bytes, so an unchanged seed is not written again: all dates are the epoch.
/// <code>
/// sector 16 primary volume   17 Joliet volume   18 end   19-22 path tables (L, M, Joliet L, Joliet M)   23 root   24 Joliet root   25… data
/// </code>
/// </summary>
internal static class IsoImage
{
    private const int Sector = 2048;
    private const int FirstData = 25;
    private const int RecordHeader = 33;

    /// <param name="label">Of the volume: at most 16 characters.</param>
    /// <param name="files">Names of at most 30 characters; few enough that the directory fits into one sector.</param>
    public static byte[] Write(string label, IReadOnlyList<(string Name, byte[] Data)> files)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(label.Length, 16);
        var next = FirstData;
        var placed = new List<Placed>();
        foreach (var (name, data) in files.OrderBy(file => file.Name, StringComparer.OrdinalIgnoreCase))
        {
            placed.Add(new(name, data, next));
            next += Math.Max(1, (data.Length + Sector - 1) / Sector);
        }

        var image = new byte[next * Sector];
        Span<byte> At(int sector) => image.AsSpan(sector * Sector, Sector);
        Volume(At(16), label, next, joliet: false);
        Volume(At(17), label, next, joliet: true);
        At(18)[0] = 255;
        "CD001"u8.CopyTo(At(18)[1..]);
        At(18)[6] = 1;
        PathTable(At(19), 23, bigEndian: false);
        PathTable(At(20), 23, bigEndian: true);
        PathTable(At(21), 24, bigEndian: false);
        PathTable(At(22), 24, bigEndian: true);
        Root(At(23), 23, placed, name => Encoding.ASCII.GetBytes(name.ToUpperInvariant() + ";1"));
        Root(At(24), 24, placed, Encoding.BigEndianUnicode.GetBytes);
        foreach (var file in placed)
            file.Data.CopyTo(image, file.Sector * Sector);
        return image;
    }

    private static void Volume(Span<byte> volume, string label, int sectors, bool joliet)
    {
        volume[0] = joliet ? (byte)2 : (byte)1;
        "CD001"u8.CopyTo(volume[1..]);
        volume[6] = 1;
        Text(volume.Slice(8, 32), "", joliet);
        Text(volume.Slice(40, 32), label, joliet);
        Both32(volume[80..], sectors);
        if (joliet)
            "%/E"u8.CopyTo(volume[88..]);   // UCS-2 level 3
        Both16(volume[120..], 1);           // volumes in the set
        Both16(volume[124..], 1);           // number of this one
        Both16(volume[128..], Sector);
        Both32(volume[132..], 10);          // bytes of a path table
        BinaryPrimitives.WriteInt32LittleEndian(volume[140..], joliet ? 21 : 19);
        BinaryPrimitives.WriteInt32BigEndian(volume[148..], joliet ? 22 : 20);
        Record(volume[156..], [0], joliet ? 24 : 23, Sector, directory: true);
        foreach (var (at, length) in ((int, int)[])[(190, 128), (318, 128), (446, 128), (574, 128), (702, 37), (739, 37), (776, 37)])
            Text(volume.Slice(at, length), "", joliet);
        for (var date = 813; date < 881; date += 17)
            volume.Slice(date, 16).Fill((byte)'0');   // not specified
        volume[881] = 1;
    }

    private static void PathTable(Span<byte> table, int root, bool bigEndian)
    {
        table[0] = 1;
        if (bigEndian)
        {
            BinaryPrimitives.WriteInt32BigEndian(table[2..], root);
            BinaryPrimitives.WriteInt16BigEndian(table[6..], 1);
        }
        else
        {
            BinaryPrimitives.WriteInt32LittleEndian(table[2..], root);
            BinaryPrimitives.WriteInt16LittleEndian(table[6..], 1);
        }
    }

    private static void Root(Span<byte> directory, int sector, List<Placed> files, Func<string, byte[]> encode)
    {
        var at = Record(directory, [0], sector, Sector, directory: true);
        at += Record(directory[at..], [1], sector, Sector, directory: true);
        foreach (var file in files)
            at += Record(directory[at..], encode(file.Name), file.Sector, file.Data.Length, directory: false);
    }

    private static int Record(Span<byte> record, byte[] name, int sector, int bytes, bool directory)
    {
        var length = RecordHeader + name.Length;
        length += length & 1;
        record[0] = checked((byte)length);
        Both32(record[2..], sector);
        Both32(record[10..], bytes);
        ((ReadOnlySpan<byte>)[70, 1, 1, 0, 0, 0, 0]).CopyTo(record[18..]);
        record[25] = directory ? (byte)2 : (byte)0;
        Both16(record[28..], 1);
        record[32] = (byte)name.Length;
        name.CopyTo(record[RecordHeader..]);
        return length;
    }

    private static void Text(Span<byte> field, string text, bool joliet)
    {
        if (!joliet)
        {
            field.Fill((byte)' ');
            Encoding.ASCII.GetBytes(text, field);
            return;
        }
        for (var i = 0; i + 1 < field.Length; i += 2)
            (field[i], field[i + 1]) = (0, (byte)' ');
        Encoding.BigEndianUnicode.GetBytes(text, field);
    }

    private static void Both32(Span<byte> field, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(field, value);
        BinaryPrimitives.WriteInt32BigEndian(field[4..], value);
    }

    private static void Both16(Span<byte> field, short value)
    {
        BinaryPrimitives.WriteInt16LittleEndian(field, value);
        BinaryPrimitives.WriteInt16BigEndian(field[2..], value);
    }

    private sealed record Placed(string Name, byte[] Data, int Sector);
}
