using System.Buffers.Binary;

namespace Controller.Agent.Drivers.Simulated.Consoles;

/// <summary>RFC 6143 §7.4: how a pixel is written. True colour alone.</summary>
internal sealed record PixelFormat(byte Bits, bool BigEndian, ushort RedMax, ushort GreenMax, ushort BlueMax, byte RedShift, byte GreenShift, byte BlueShift)
{
    public static readonly PixelFormat Default = new(32, false, 255, 255, 255, 16, 8, 0);

    public int Bytes => Bits / 8;

    public static PixelFormat Read(ReadOnlySpan<byte> format) =>
        format[0] is 8 or 16 or 32 && format[3] != 0
            ? new(
                format[0], format[2] != 0, BinaryPrimitives.ReadUInt16BigEndian(format[4..]), BinaryPrimitives.ReadUInt16BigEndian(format[6..]),
                BinaryPrimitives.ReadUInt16BigEndian(format[8..]), format[10], format[11], format[12])
            : throw new InvalidOperationException($"Pixels of true colour with 8, 16 or 32 bits were wanted, {format[0]} bits came.");

    public void Write(Span<byte> format)
    {
        (format[0], format[1], format[2], format[3]) = (Bits, 24, BigEndian ? (byte)1 : (byte)0, 1);
        BinaryPrimitives.WriteUInt16BigEndian(format[4..], RedMax);
        BinaryPrimitives.WriteUInt16BigEndian(format[6..], GreenMax);
        BinaryPrimitives.WriteUInt16BigEndian(format[8..], BlueMax);
        (format[10], format[11], format[12]) = (RedShift, GreenShift, BlueShift);
    }

    /// <summary>The picture: redder to the right, greener to the bottom.</summary>
    public void Paint(Span<byte> pixel, int x, int y, int width, int height)
    {
        var colour = ((uint)(x * RedMax / (width - 1)) << RedShift) | ((uint)(y * GreenMax / (height - 1)) << GreenShift) | ((uint)(BlueMax / 2) << BlueShift);
        for (var i = 0; i < Bytes; i++) pixel[BigEndian ? Bytes - 1 - i : i] = (byte)(colour >> (8 * i));
    }
}
