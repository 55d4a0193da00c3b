using Controller.Cli.Processes;

namespace Controller.Cli.Local.Steps;

/// <summary>Where an agent finds its hypervisor.</summary>
/// <param name="Driver">Libvirt or simulated; never auto.</param>
/// <param name="Hosts">One for each host; empty for simulated.</param>
/// <param name="Why">Why this driver.</param>
internal sealed record Hypervisors(Driver Driver, IReadOnlyList<Hypervisor> Hosts, string Why);

/// <summary>A libvirtd.</summary>
/// <param name="Uri">How to reach it.</param>
/// <param name="NamespacePidFile">Names the process in whose network namespace it lives; null: the machine's own.</param>
/// <param name="Underlay">The host's address between hosts; null: it has none.</param>
internal sealed record Hypervisor(string Uri, string? NamespacePidFile = null, string? Underlay = null);

/// <summary>Decides on the driver, and runs libvirtds of our own where the system has none.</summary>
internal sealed class Libvirt(DataDirectory data, Supervisor supervisor)
{
    private const string SystemSocket = "/run/libvirt/libvirt-sock";

    private const string Fabric = "fabric";

    // The first start probes what QEMU can do.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static string Deploy => Path.Combine(Programs.Home, "deploy", "libvirtd");

    /// <summary>The Debian packages that a libvirtd of our own takes.</summary>
    public static PackageSet Packages() => PackageSet.FromList("virtual machines (libvirt, QEMU, DHCP)", Path.Combine(Deploy, "packages"));

    /// <summary>Why a libvirtd can't be used on this machine whatever is installed; null: it can.</summary>
    public static string? Obstacle(DataDirectory data, int hosts)
    {
        if (Environment.UserName != "root")
            return "only root may make the namespaces and bridges that machines need";
        var socket = Socket(data, hosts);
        return socket.Length > 107 ? $"the kernel takes 107 characters for a socket's path, and this one has {socket.Length}: {socket}. A data directory with a shorter path helps"
            : data.Root.AsSpan().ContainsAny('\'', '"', '\n') ? $"libvirt takes no quotes in paths: {data.Root}"
            : null;
    }

    /// <summary>Starts what is needed, and says what the agents shall use.</summary>
    /// <param name="driver">What was asked for, or what the cluster settled on before.</param>
    /// <param name="hosts">How many hosts.</param>
    /// <param name="unusable">Why libvirt is out of the question, if it is.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<Hypervisors> Start(Driver driver, int hosts, string? unusable, CancellationToken cancel)
    {
        if (driver == Driver.Simulated)
            return new(Driver.Simulated, [], "as asked for");
        if (unusable is not null)
            return driver == Driver.Auto ? new(Driver.Simulated, [], "libvirt does not work here: " + unusable) : throw new CliException("libvirt does not work here: " + unusable);
        if (hosts == 1 && await SystemRuns(cancel))
            return new(Driver.Libvirt, [new("qemu:///system")], "the system's libvirtd runs");
        try
        {
            return new(Driver.Libvirt, await OfOurOwn(hosts, cancel), $"{(hosts == 1 ? "a libvirtd" : $"{hosts} libvirtds")} of our own in private namespaces");
        }
        catch (StepFailedException e) when (driver == Driver.Auto)
        {
            return new(Driver.Simulated, [], $"libvirt does not work here: {e.Message}; see {e.Log}");
        }
    }

    private async Task<IReadOnlyList<Hypervisor>> OfOurOwn(int hosts, CancellationToken cancel)
    {
        string[] names = [.. Enumerable.Range(1, hosts).Select(i => $"libvirtd-{i}")];
        try
        {
            supervisor.Start(FabricSpec());
            await supervisor.Ready(Fabric, Patience, cancel);
            foreach (var (index, name) in names.Index())
            {
                supervisor.Start(Spec(index + 1, name));
                // One by one: the first probes QEMU, which is work for all cores.
                await supervisor.Ready(name, Patience, cancel);
            }
        }
        catch (StepFailedException)
        {
            await Task.WhenAll(names.Append(Fabric).Select(supervisor.End));
            throw;
        }
        return
        [
            .. Enumerable.Range(1, hosts).Select(i => new Hypervisor(
                $"qemu+unix:///system?socket={Uri.EscapeDataString(Socket(data, i)).Replace("%2F", "/", StringComparison.Ordinal)}",
                Path.Combine(Home(data, i), "run", "init.pid"),
                Underlay(i))),
        ];
    }

    /// <summary>What joins the hosts: they plug themselves into it.</summary>
    private ProcessSpec FabricSpec()
    {
        var ready = Path.Combine(FabricHome, "init.pid");
        Directory.CreateDirectory(FabricHome);
        File.Delete(ready);   // of the last time
        return new(Fabric, Role.Libvirt, "bash", [Path.Combine(Deploy, "fabric.sh"), FabricHome])
        {
            Address = "joins the hosts",
            Ready = _ => Task.FromResult(File.Exists(ready) ? null : "its network namespace is not there yet"),
        };
    }

    private ProcessSpec Spec(int index, string name)
    {
        var socket = Socket(data, index);
        // The socket of the last time must not pass for the new one's.
        if (File.Exists(socket))
            File.Delete(socket);
        return new(name, Role.Libvirt, "bash", [Path.Combine(Deploy, "run.sh"), "--fabric", FabricHome, "--underlay", $"{Underlay(index)}/24", Home(data, index), $"host-{index}"])
        {
            Address = socket,
            Health = socket,
        };
    }

    private string FabricHome => Path.Combine(data.Libvirt, Fabric);

    /// <summary>Of TEST-NET-1 (RFC 5737), which no network of a tenant meets.</summary>
    private static string Underlay(int index) => $"192.0.2.{index}";

    private static string Home(DataDirectory data, int index) => Path.Combine(data.Libvirt, index.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static string Socket(DataDirectory data, int index) => Path.Combine(Home(data, index), "run", "libvirt-sock");

    private static async Task<bool> SystemRuns(CancellationToken cancel) =>
        File.Exists(SystemSocket) && Tool.Find("virsh") is { } virsh && (await Tool.Run("timeout", ["5", virsh, "-c", "qemu:///system", "version"], cancel)).Ok;
}
