using System.Buffers.Binary;
using System.Text;
using Controller.Agent.Drivers;
using Controller.Agent.Protocol;

namespace Controller.Agent.Tests.Drivers;

/// <summary>The simulated screen, as a VNC viewer meets it (RFC 6143).</summary>
public sealed class SimulatedScreenTests(SimulatedTestHost host) : IClassFixture<SimulatedTestHost>
{
    [Theory]
    [InlineData("RFB 003.008\n", "0101", "00000000")]
    [InlineData("RFB 003.007\n", "0101", "")]
    [InlineData("RFB 003.003\n", "00000001", "")]
    public async Task A_viewer_of_every_version_gets_a_picture(string version, string offered, string result)
    {
        await using var bench = new Bench(host);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        await bench.Ensure(machine);
        await using var screen = await host.Driver.OpenConsole(machine.Id, ConsoleKind.ConsoleVnc, default);
        await Take(screen, 12);
        await screen.Write(Encoding.ASCII.GetBytes(version), default);
        Assert.Equal(offered, Convert.ToHexString(await Take(screen, offered.Length / 2)));
        if (offered == "0101")
            await screen.Write(new byte[] { 1 }, default);
        Assert.Equal(result, Convert.ToHexString(await Take(screen, result.Length / 2)));
        await screen.Write(new byte[] { 1 }, default);
        var init = await Take(screen, 24);
        Assert.Equal((320, 200, 32), (Number(init, 0), Number(init, 2), init[4]));
        Assert.Equal(machine.Spec.Name, Encoding.UTF8.GetString(await Take(screen, BinaryPrimitives.ReadInt32BigEndian(init.AsSpan(20)))));

        // 16 bits, encodings, a key, a click, some text: all as viewers do; then a part of the picture, and one that has not changed.
        await screen.Write(Convert.FromHexString("00000000" + "10100001" + "001F003F001F" + "0B0500" + "000000"), default);
        await screen.Write(Convert.FromHexString("02000001" + "00000000" + "0401000000000041" + "050100010001" + "06000000" + "00000002" + "6869"), default);
        await screen.Write(Convert.FromHexString("0300" + "013E" + "00C6" + "0010" + "0010"), default);
        Assert.Equal("00000001" + "013E00C60002000200000000", Convert.ToHexString(await Take(screen, 16)));
        var pixels = await Take(screen, 2 * 2 * 2);
        Assert.Equal(0xFFEF, BinaryPrimitives.ReadUInt16LittleEndian(pixels.AsSpan(6)));   // the last one: all red and green, half blue
        await screen.Write(Convert.FromHexString("0301" + "00000000" + "00100010" + "0300" + "00000000" + "00010001"), default);
        Assert.Equal("00000001" + "000000000001000100000000", Convert.ToHexString(await Take(screen, 16)));
    }

    [Fact]
    public async Task A_picture_that_nobody_takes_waits_in_the_machine()
    {
        await using var bench = new Bench(host);
        var machine = bench.Machine(spec => spec.Power = Power.Running);
        await bench.Ensure(machine);
        await using var screen = await host.Driver.OpenConsole(machine.Id, ConsoleKind.ConsoleVnc, default);
        await screen.Write("RFB 003.003\n\u0001"u8.ToArray(), default);
        await Take(screen, 12 + 4 + 24 + Encoding.UTF8.GetByteCount(machine.Spec.Name));
        for (var i = 0; i < 10; i++)
            await screen.Write(Convert.FromHexString("0300" + "00000000" + "014000C8"), default);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("00000001" + "00000000014000C800000000", Convert.ToHexString(await Take(screen, 16)));
            await Take(screen, 320 * 200 * 4);
        }
    }

    private static int Number(byte[] data, int at) => BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(at));

    private static async Task<byte[]> Take(IMachineConsole console, int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var taken = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await console.Read(taken.AsMemory(at), patience.Token);
            Assert.True(read > 0, $"It ended after {at} of {count} bytes.");
            at += read;
        }
        return taken;
    }
}
