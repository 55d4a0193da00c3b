using System.Buffers.Binary;
using System.Text;

namespace Controller.Agent.Drivers.Simulated.Consoles;

/// <summary>A server of RFC 6143 (RFB 3.3, 3.7 and 3.8) with one picture that never changes, without security and with the raw encoding alone.</summary>
internal sealed class RfbServer(Stream from, Stream to, string name)
{
    private const int Width = 320, Height = 200;
    private const byte NoSecurity = 1;
    private const uint LongestText = 1 << 20;

    private PixelFormat _format = PixelFormat.Default;

    public async Task Serve(CancellationToken cancel)
    {
        await Greet(cancel);
        while (true)
        {
            switch ((await Take(1, cancel))[0])
            {
                case 0:
                    _format = PixelFormat.Read((await Take(19, cancel)).AsSpan(3));
                    break;
                case 2:
                    await Take(4 * BinaryPrimitives.ReadUInt16BigEndian((await Take(3, cancel)).AsSpan(1)), cancel);
                    break;
                case 3:
                    await Update(await Take(9, cancel), cancel);
                    break;
                case 4:
                    await Take(7, cancel);
                    break;
                case 5:
                    await Take(5, cancel);
                    break;
                case 6:
                    var length = BinaryPrimitives.ReadUInt32BigEndian((await Take(7, cancel)).AsSpan(3));
                    if (length > LongestText) throw new InvalidOperationException($"A text of at most {LongestText} bytes was wanted, {length} were announced.");
                    await Take((int)length, cancel);
                    break;
                case var unknown:
                    throw new InvalidOperationException($"A message of RFC 6143 was wanted, one of type {unknown} came.");
            }
        }
    }

    // RFC 6143 §7.1 to §7.3.
    private async Task Greet(CancellationToken cancel)
    {
        await to.WriteAsync("RFB 003.008\n"u8.ToArray(), cancel);
        var version = Encoding.ASCII.GetString(await Take(12, cancel));
        if (version == "RFB 003.003\n")
        {
            await to.WriteAsync(new byte[] { 0, 0, 0, NoSecurity }, cancel);
        }
        else
        {
            await to.WriteAsync(new byte[] { 1, NoSecurity }, cancel);
            if ((await Take(1, cancel))[0] != NoSecurity) throw new InvalidOperationException("No security was offered, and something else chosen.");
            if (version != "RFB 003.007\n") await to.WriteAsync(new byte[4], cancel);
        }
        await Take(1, cancel);   // shared or not: all are

        var title = Encoding.UTF8.GetBytes(name);
        var init = new byte[24 + title.Length];
        BinaryPrimitives.WriteUInt16BigEndian(init, Width);
        BinaryPrimitives.WriteUInt16BigEndian(init.AsSpan(2), Height);
        PixelFormat.Default.Write(init.AsSpan(4));
        BinaryPrimitives.WriteInt32BigEndian(init.AsSpan(20), title.Length);
        title.CopyTo(init.AsSpan(24));
        await to.WriteAsync(init, cancel);
    }

    private async Task Update(byte[] request, CancellationToken cancel)
    {
        if (request[0] != 0) return;   // incremental: nothing has changed
        int Number(int at) => BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(at));
        var (left, top) = (Math.Min(Number(1), Width), Math.Min(Number(3), Height));
        var (width, height) = (Math.Min(Number(5), Width - left), Math.Min(Number(7), Height - top));
        var header = new byte[16];   // one rectangle, raw
        header[3] = 1;
        foreach (var (value, at) in new[] { (left, 4), (top, 6), (width, 8), (height, 10) }) BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(at), (ushort)value);
        await to.WriteAsync(header, cancel);
        var picture = new byte[width * height * _format.Bytes];
        for (var at = 0; at < width * height; at++) _format.Paint(picture.AsSpan(at * _format.Bytes), left + (at % width), top + (at / width), Width, Height);
        await to.WriteAsync(picture, cancel);
    }

    private async Task<byte[]> Take(int count, CancellationToken cancel)
    {
        var taken = new byte[count];
        await from.ReadExactlyAsync(taken, cancel);
        return taken;
    }
}
