using System.Text;
using Controller.Agent.Drivers;
using Controller.Agent.Protocol;

namespace Controller.Agent.Tests.Drivers;

/// <summary>What one sees of a machine that runs: its consoles, and what it uses.</summary>
public abstract partial class MachineContract
{
    [DriverFact]
    public async Task It_is_typed_to_seen_and_measured()
    {
        await using var bench = new Bench(Host);
        var network = await bench.Network(spec => Addressed(spec, "10.202.9.0/24", "10.202.9.1"));
        var volume = await bench.Volume(8 * MiB);
        var machine = bench.Machine(spec =>
        {
            spec.Disks.Add(Bench.Disk(volume));
            spec.Nics.Add(Bench.Nic(network, "52:54:00:00:09:01"));
        });
        await bench.Ensure(machine);
        foreach (var kind in Enum.GetValues<ConsoleKind>())
            await Bench.Refused("not-running", () => Driver.OpenConsole(machine.Id, kind, default));
        Assert.DoesNotContain(await Driver.Measure(default), measured => measured.Id == machine.Id);

        await bench.Ensure(machine, spec => spec.Power = Power.Running);
        await bench.WaitForConsole(machine, Ready);
        var first = Assert.Single(await Driver.Measure(default), measured => measured.Id == machine.Id);

        // The newest has the console; the one before reads its end.
        await using var before = await Driver.OpenConsole(machine.Id, ConsoleKind.ConsoleSerial, default);
        Assert.Contains("42", await Ask(before, "echo $((6*7))\r", "42"), StringComparison.Ordinal);
        await using (var after = await Driver.OpenConsole(machine.Id, ConsoleKind.ConsoleSerial, default))
        {
            Assert.Contains("72", await Ask(after, "echo $((8*9))\r", "72"), StringComparison.Ordinal);
            await UntilOver(before);
        }
        await bench.WaitForConsole(machine, "42");

        await using (var screen = await Driver.OpenConsole(machine.Id, ConsoleKind.ConsoleVnc, default))
        await using (var another = await Driver.OpenConsole(machine.Id, ConsoleKind.ConsoleVnc, default))
        {
            foreach (var viewer in new[] { screen, another })
                Assert.Equal("RFB 003.008\n", await ReadText(viewer, text => text.Length >= 12));
            await screen.Write("RFB 003.008\n"u8.ToArray(), default);
            Assert.Equal(new byte[] { 1, 1 }, Encoding.Latin1.GetBytes(await ReadText(screen, text => text.Length >= 2)));   // one type of security: none
        }

        await using var last = await Driver.OpenConsole(machine.Id, ConsoleKind.ConsoleSerial, default);
        var measured = first;
        await Bench.Until(
            async () =>
            {
                measured = Assert.Single(await Driver.Measure(default), measured => measured.Id == machine.Id);
                return measured.CpuNanoseconds > first.CpuNanoseconds && measured.Nics is [{ SentPackets: > 0 }] && measured.Disks[0].ReadOperations > 0;   // DHCP; its root disk
            },
            () => Task.FromResult($"counters to grow: {first} {measured}"));
        Assert.Equal((machine.Incarnation, machine.Spec.MemoryBytes), (measured.Incarnation, measured.MemoryBytes));
        Assert.True(measured.MemoryRssBytes > 0);
        Assert.Equal(["vda", "vdb"], measured.Disks.Select(disk => disk.Device));
        Assert.Equal("eth0", measured.Nics[0].Device);

        await bench.Ensure(machine, spec => (spec.Power, spec.Stop) = (Power.Off, StopMethod.StopPoweroff));
        await UntilOver(last);
    }

    private static async Task<string> Ask(IMachineConsole console, string line, string answer)
    {
        await console.Write(Encoding.ASCII.GetBytes(line), default);
        return await ReadText(console, text => text.Contains(answer, StringComparison.Ordinal));
    }

    protected static async Task<string> ReadText(IMachineConsole console, Func<string, bool> enough)
    {
        using var patience = new CancellationTokenSource(Bench.Patience);
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        while (!enough(text.ToString()))
        {
            var read = await console.Read(buffer, patience.Token);
            Assert.True(read > 0, $"The console ended after: {text}");
            text.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        return text.ToString();
    }

    private static async Task UntilOver(IMachineConsole console)
    {
        using var patience = new CancellationTokenSource(Bench.Patience);
        var buffer = new byte[4096];
        while (await console.Read(buffer, patience.Token) > 0)
        {
            // What was said before.
        }
    }
}
