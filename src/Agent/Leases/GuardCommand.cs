using System.Globalization;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Controller.Agent.Drivers.Libvirt;
using Controller.Agent.Hosting;
using Controller.Systemd;

namespace Controller.Agent.Leases;

/// <summary>
/// <c>controller-agent fence-guard [--state DIR] [--namespace-pid-file FILE] [--watchdog DEVICE] [--boot-id-file FILE] [--agent PID]</c>. What is not given is as for the
/// agent, from the same file and variables. SIGTERM ends it, and the kernel's watchdog with it.
/// </summary>
internal static class GuardCommand
{
    public const string Name = "fence-guard";
    public const string AliveFileName = "guard";

    private const string StateDirectory = $"{AgentOptions.Section}:{nameof(AgentOptions.StateDirectory)}";
    private const string BootIdFile = $"{AgentOptions.Section}:{nameof(AgentOptions.BootIdFile)}";
    private const string WatchdogDevice = $"{AgentOptions.Section}:{nameof(AgentOptions.WatchdogDevice)}";
    private const string NamespacePidFile = $"{LibvirtOptions.Section}:{nameof(LibvirtOptions.NamespacePidFile)}";
    private const string Uri = $"{LibvirtOptions.Section}:{nameof(LibvirtOptions.Uri)}";
    private const string AgentProcess = "Guard:Agent";

    private static readonly Dictionary<string, string> Options = new()
    {
        ["--state"] = StateDirectory, ["--namespace-pid-file"] = NamespacePidFile, ["--watchdog"] = WatchdogDevice, ["--boot-id-file"] = BootIdFile, ["--agent"] = AgentProcess,
    };

    public static async Task<int> Run(string[] args)
    {
        var settings = new ConfigurationBuilder().AddAgentSources(args[1..], Options).Build();
        // One by one: a wrong setting of the agent's is no reason for a host to be without a guard.
        if (settings[StateDirectory] is not { Length: > 0 } state)
        {
            await Console.Error.WriteLineAsync($"{StateDirectory} is not set.\nusage: controller-agent {Name} [--state DIR] [--namespace-pid-file FILE] [--watchdog DEVICE] [--boot-id-file FILE] [--agent PID]");
            return 2;
        }
        var libvirt = new LibvirtOptions { NamespacePidFile = settings[NamespacePidFile] };
        if (settings[Uri] is { } uri) libvirt.Uri = uri;
        using var watchdog = new Watchdog(settings[WatchdogDevice]);
        var bootId = (await File.ReadAllTextAsync(settings[BootIdFile] ?? new AgentOptions().BootIdFile)).Trim();
        var systemd = NotifySocket.FromEnvironment();
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => (signal.Cancel, _) = (true, stop.CancelAsync()));
        var guard = new FenceGuard(
            new LeaseFile(state), Path.Combine(state, AliveFileName), new QemuProcesses(libvirt.NamespaceFile), watchdog, systemd, bootId, BootClock.Instance, Say());
        // With its agent's number it ends some time after that; as a service of its own, when it is told to.
        await guard.Run(() => settings[AgentProcess] is not { } agent || IsAlive(int.Parse(agent, CultureInfo.InvariantCulture)), stop.Token);
        return 0;
    }

    /// <summary>Standard error may go to a journal whose disk hangs: words are lost then, and nobody waits.</summary>
    private static Action<string> Say()
    {
        var said = Channel.CreateBounded<string>(new BoundedChannelOptions(100) { FullMode = BoundedChannelFullMode.DropWrite });
        _ = Task.Run(async () =>
        {
            await foreach (var line in said.Reader.ReadAllAsync()) await Console.Error.WriteLineAsync(line);
        });
        return line => said.Writer.TryWrite(line);
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
