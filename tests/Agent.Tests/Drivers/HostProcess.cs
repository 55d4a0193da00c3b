using System.Diagnostics;

namespace Controller.Agent.Tests.Drivers;

/// <summary>A process of a libvirtd of ours, found by its arguments. Frozen, it neither answers nor ends; it goes on when this is disposed.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly int _id;

    private HostProcess(int id) => _id = id;

    /// <summary>The QEMU of a machine, whose uuid is in its arguments.</summary>
    public static HostProcess Qemu(string machine) => Find(arguments => arguments.Contains("-uuid") && arguments.Contains(machine), $"QEMU of {machine}");

    public static HostProcess Find(Predicate<string[]> whose, string what)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && whose(Arguments(folder)))
                return new(id);
        }
        throw new InvalidOperationException($"no {what} is running");
    }

    public static async Task<HostProcess> FrozenQemu(string machine)
    {
        var qemu = Qemu(machine);
        await qemu.Freeze();
        return qemu;
    }

    public async Task Freeze()
    {
        await Signal("-STOP");
        await Bench.Until(() => Task.FromResult(State is 'T'), () => Task.FromResult($"process {_id} to stand still, and it is {State}"));
    }

    public Task Thaw() => Signal("-CONT");

    public void Kill()
    {
        using var process = Process.GetProcessById(_id);
        process.Kill();
    }

    public bool IsGone => State is '-' or 'Z';

    public async ValueTask DisposeAsync()
    {
        if (!IsGone)
            await Thaw();
    }

    private char State
    {
        get
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{_id}/stat");
                return stat[stat.LastIndexOf(')') + 2];
            }
            catch (IOException)
            {
                return '-';
            }
        }
    }

    private async Task Signal(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{_id}"]);
        await kill.WaitForExitAsync();
    }

    private static string[] Arguments(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0');
        }
        catch (IOException)
        {
            return [""];   // it ended while we looked
        }
    }
}
