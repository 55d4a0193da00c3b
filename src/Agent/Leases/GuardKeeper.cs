using System.Diagnostics;
using System.Globalization;
using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Libvirt;
using Controller.Systemd;
using Microsoft.Extensions.Options;

namespace Controller.Agent.Leases;

/// <summary>Sees to it that a guard runs, and knows whether one does.</summary>
internal sealed partial class GuardKeeper(IOptions<AgentOptions> options, IOptions<LibvirtOptions> libvirt, ActiveDriver active, ILogger<GuardKeeper> log) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    private readonly string _alive = Path.Combine(options.Value.StateDirectory, GuardCommand.AliveFileName);
    private Process? _guard;

    /// <summary>Why the host's machines would outlive their lease if the agent hung; null: they would not.</summary>
    public string? WhyNot
    {
        get
        {
            if (active.Driver.EndsWithTheAgent) return null;
            var qemu = new QemuProcesses(libvirt.Value.NamespaceFile);
            if (qemu.Blind is { } blind) return blind;
            if (!qemu.Sees && libvirt.Value.NamespaceFile is null) return "libvirtd runs in other namespaces than the agent: Libvirt:NamespacePidFile has to name one of its processes.";
            return IsAlive ? null : "No guard runs beside the agent (Agent:LeaseGuard).";
        }
    }

    /// <summary>Starts one where there is none.</summary>
    public void Keep()
    {
        if (active.Driver.EndsWithTheAgent || options.Value.LeaseGuard == LeaseGuardChoice.Service || IsAlive || _guard is { HasExited: false }) return;
        _guard?.Dispose();
        var start = new ProcessStartInfo(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardInput = true };
        // With "dotnet agent.dll" the process is dotnet.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(GuardKeeper).Assembly.Location);
        foreach (var argument in Arguments()) start.ArgumentList.Add(argument);
        // It is no service of systemd's, and a word of its own would be taken for the agent's.
        start.Environment.Remove(NotifySocket.PathVariable);
        start.Environment.Remove(NotifySocket.WatchdogVariable);
        _guard = Process.Start(start);
        LogStarted(_guard?.Id);
    }

    /// <summary>It is not ended: it has to see machines to their end.</summary>
    public void Dispose() => _guard?.Dispose();

    private bool IsAlive
    {
        get
        {
            try
            {
                return long.TryParse(File.ReadAllText(_alive), NumberStyles.None, CultureInfo.InvariantCulture, out var seen) && BootClock.Instance.GetElapsedTime(seen) is var age && age >= TimeSpan.Zero && age < Fresh;
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    private IEnumerable<string> Arguments()
    {
        yield return GuardCommand.Name;
        yield return $"--state={options.Value.StateDirectory}";
        yield return $"--boot-id-file={options.Value.BootIdFile}";
        yield return $"--agent={Environment.ProcessId}";
        if (libvirt.Value.NamespaceFile is { } file) yield return $"--namespace-pid-file={file}";
        if (options.Value.WatchdogDevice is { Length: > 0 } device) yield return $"--watchdog={device}";
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The lease's guard runs as process {Pid}")]
    private partial void LogStarted(int? pid);
}
