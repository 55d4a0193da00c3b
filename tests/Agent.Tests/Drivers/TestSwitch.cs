using System.Diagnostics;
using Controller.Agent.Drivers.Libvirt.Networks;

namespace Controller.Agent.Tests.Drivers;

/// <summary>An Open vSwitch of a host's own, in the host's network namespace. It switches in its own process, so no module of the kernel is needed.</summary>
internal sealed class TestSwitch : IAsyncDisposable
{
    public const string Bridge = "ovsbr0";

    private readonly string _directory;
    private readonly List<Process> _processes = [];

    private TestSwitch(string directory) => _directory = directory;

    public static string Database(string directory) => $"unix:{directory}/db.sock";

    /// <param name="network">The host's.</param>
    /// <param name="directory">Becomes its directory, and goes with it.</param>
    /// <param name="namespaceOf">A process in the host's network namespace.</param>
    public static async Task<TestSwitch> Start(HostNetwork network, string directory, string namespaceOf)
    {
        Directory.CreateDirectory(directory);
        var started = new TestSwitch(directory);
        await network.Run("ovsdb-tool", ["create", $"{directory}/conf.db", "/usr/share/openvswitch/vswitch.ovsschema"], default);
        started.Run(namespaceOf, "ovsdb-server", $"{directory}/conf.db", $"--remote=p{Database(directory)}", $"--unixctl={directory}/db.ctl");
        await Harness.Eventually.That(() => File.Exists($"{directory}/db.sock"), "Open vSwitch's database");
        await started.Set(network, "--no-wait", "init");
        started.Run(namespaceOf, "ovs-vswitchd", Database(directory), $"--unixctl={directory}/switch.ctl");
        await started.Set(network, "add-br", Bridge, "--", "set", "bridge", Bridge, "datapath_type=netdev");
        return started;
    }

    /// <summary>A port of the host's own in a VLAN, with an address.</summary>
    public async Task Join(HostNetwork network, string port, int vlan, string address)
    {
        await Set(network, "add-port", Bridge, port, $"tag={vlan}", "--", "set", "interface", port, "type=internal");
        await network.Run("ip", ["address", "add", address, "dev", port], default);
        await network.Run("ip", ["link", "set", port, "up"], default);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
        Directory.Delete(_directory, recursive: true);
    }

    private Task<string> Set(HostNetwork network, params string[] command) => network.Run("ovs-vsctl", ["--timeout=20", $"--db={Database(_directory)}", .. command], default);

    private void Run(string namespaceOf, params string[] command)
    {
        var start = new ProcessStartInfo("nsenter", [$"--net=/proc/{namespaceOf}/ns/net", "--", .. command]) { Environment = { ["OVS_RUNDIR"] = _directory } };
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
    }
}
