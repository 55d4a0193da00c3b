using System.Text;
using Controller.Agent.Drivers.Libvirt.Consoles;

namespace Controller.Agent.Tests.Drivers;

/// <summary>What a guest says while its viewer does not read.</summary>
public sealed class TailTests
{
    [Fact]
    public async Task The_newest_is_kept_up_to_the_limit_and_the_reader_is_told_of_the_rest()
    {
        var tail = new Tail(10);
        tail.Add("abcdef"u8.ToArray());
        Assert.Equal("abc", await Read(tail, 3));
        tail.Add("ghijkl"u8.ToArray());
        Assert.Equal((9, 0L), (tail.Length, tail.Dropped));
        tail.Add("mn"u8.ToArray());
        Assert.Equal((8, 3L), (tail.Length, tail.Dropped));

        var text = await Read(tail, 100);
        Assert.Equal("\r\n[3 bytes were dropped: the viewer was too slow]\r\nghijkl", text);
        Assert.Equal("mn", await Read(tail, 100));
        tail.Add("op"u8.ToArray());
        tail.End();
        Assert.Equal("op", await Read(tail, 100));
        Assert.Equal("", await Read(tail, 100));
    }

    [Fact]
    public async Task A_reader_waits_for_the_next()
    {
        var tail = new Tail(10);
        var reading = Read(tail, 10);
        Assert.False(reading.IsCompleted);
        tail.Add("x"u8.ToArray());
        Assert.Equal("x", await reading);
    }

    private static async Task<string> Read(Tail tail, int most)
    {
        var buffer = new byte[most];
        return Encoding.ASCII.GetString(buffer, 0, await tail.Read(buffer, default));
    }
}
