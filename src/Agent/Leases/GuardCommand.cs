using System.Globalization;

namespace Controller.Agent.Leases;

/// <summary><c>controller-agent fence-guard --state DIR [--namespace-pid-file FILE] [--watchdog DEVICE] [--boot-id-file FILE] [--agent PID]</c>.</summary>
internal static class GuardCommand
{
    public const string Name = "fence-guard";
    public const string AliveFileName = "guard";

    public static async Task<int> Run(string[] args)
    {
        var settings = new ConfigurationBuilder().AddCommandLine(args[1..]).Build();
        if (settings["state"] is not { Length: > 0 } state)
        {
            await Console.Error.WriteLineAsync($"usage: controller-agent {Name} --state DIR [--namespace-pid-file FILE] [--watchdog DEVICE] [--boot-id-file FILE] [--agent PID]");
            return 2;
        }
        using var watchdog = new Watchdog(settings["watchdog"]);
        var bootId = (await File.ReadAllTextAsync(settings["boot-id-file"] ?? "/proc/sys/kernel/random/boot_id")).Trim();
        var guard = new FenceGuard(
            new LeaseFile(state), Path.Combine(state, AliveFileName), new QemuProcesses(settings["namespace-pid-file"]), watchdog, bootId, BootClock.Instance, Console.Error.WriteLine);
        // With its agent's number it ends some time after that; as a service of its own, never.
        await guard.Run(() => settings["agent"] is not { } agent || IsAlive(int.Parse(agent, CultureInfo.InvariantCulture)), CancellationToken.None);
        watchdog.Disarm();
        return 0;
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            return !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
