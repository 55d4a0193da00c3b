using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Controller.Agent.Ledger;
using Controller.Agent.Leases;
using Controller.Agent.Tests.Drivers;
using Controller.Agent.Tests.Harness;

namespace Controller.Agent.Tests.Leases;

/// <summary>The process beside the agent, with real QEMUs: it ends those that are leased when the lease is over, whatever the agent does meanwhile (here: nothing, as one that is stopped).</summary>
[NeedsLibvirt]
public sealed class GuardTests : IDisposable
{
    private readonly ScratchDirectory _state = new();
    private readonly List<Process> _processes = [];
    private readonly string _boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    [DriverFact]
    public async Task Machines_end_with_their_lease_and_no_others()
    {
        var (leased, plain, elsewhere) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        var (first, second) = (Qemu(leased), Qemu(plain));
        // The same machine on another host, as it is after a recovery: a host whose processes are in another namespace.
        var third = Qemu(leased, "unshare", "--pid", "--fork", "--kill-child");
        var file = new LeaseFile(_state.Path);
        ObjectKey[] machines = [new(leased, elsewhere)];
        file.Write(new(_boot, Until(TimeSpan.FromMinutes(5)), machines));
        var guard = Guard("--agent=1");
        await Eventually.That(() => File.Exists(Path.Combine(_state.Path, GuardCommand.AliveFileName)), "the guard looks");
        Assert.False(first.HasExited);

        file.Write(new(_boot, Until(TimeSpan.FromMilliseconds(300)), machines));
        await Eventually.That(() => first.HasExited, "the leased one is ended");
        Assert.True(BootClock.Instance.GetTimestamp() >= file.Read()!.Until);
        Assert.Equal((false, false), (second.HasExited, third.HasExited));

        // One whose start was under way comes late, and is ended all the same.
        var late = Qemu(leased);
        await Eventually.That(() => late.HasExited, "the late one is ended");
        Assert.Equal((false, false, false), (second.HasExited, third.HasExited, guard.HasExited));
    }

    [DriverFact]
    public async Task It_outlives_its_agent_until_it_has_seen_the_machines_to_their_end()
    {
        var leased = Guid.NewGuid().ToString();
        var machine = Qemu(leased);
        new LeaseFile(_state.Path).Write(new(_boot, Until(TimeSpan.FromSeconds(3)), [new(leased, leased)]));
        var agent = Start("sleep", "1000");
        var guard = Guard($"--agent={agent.Id}");
        await Eventually.That(() => File.Exists(Path.Combine(_state.Path, GuardCommand.AliveFileName)), "the guard looks");
        agent.Kill();
        await Eventually.That(() => machine.HasExited, "the machine is ended");
        await Eventually.That(() => guard.HasExited, "the guard is not needed any more");
        Assert.Equal(0, guard.ExitCode);
    }

    [DriverFact]
    public async Task As_a_service_it_takes_the_agent_s_settings_and_tells_systemd_that_it_is_ready_alive_and_stopping()
    {
        using var systemd = Systemd(out var variables);
        variables["CONTROLLER_CONFIG"] = Path.Combine(_state.Path, "agent.json");
        File.WriteAllText(variables["CONTROLLER_CONFIG"], $$"""{ "Agent": { "StateDirectory": "{{_state.Path}}", "SweepEvery": "wrong" } }""");
        var guard = StartWith(variables, "dotnet", typeof(GuardCommand).Assembly.Location, GuardCommand.Name);
        Assert.Equal("READY=1", await Told(systemd));
        Assert.Equal("WATCHDOG=1", await Told(systemd));
        Assert.Equal("WATCHDOG=1", await Told(systemd));
        await Eventually.That(() => File.Exists(Path.Combine(_state.Path, GuardCommand.AliveFileName)), "the guard looks");
        using (var kill = Process.Start("/bin/kill", ["-TERM", guard.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        string told;
        do
            told = await Told(systemd);
        while (told == "WATCHDOG=1");
        Assert.Equal("STOPPING=1", told);
        await guard.WaitForExitAsync();
        Assert.Equal((0, false), (guard.ExitCode, File.Exists(Path.Combine(_state.Path, GuardCommand.AliveFileName))));
    }

    [DriverFact]
    public async Task It_does_not_wait_for_a_systemd_that_takes_nothing()
    {
        using var systemd = Systemd(out var variables);
        using (var stuffing = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false })
        {
            stuffing.Connect(systemd.LocalEndPoint!);
            Assert.Throws<SocketException>(void () => { while (true) stuffing.Send("FULL"u8); });
        }
        var leased = Guid.NewGuid().ToString();
        var machine = Qemu(leased);
        var file = new LeaseFile(_state.Path);
        file.Write(new(_boot, Until(TimeSpan.FromMinutes(5)), [new(leased, leased)]));
        StartWith(variables, "dotnet", typeof(GuardCommand).Assembly.Location, GuardCommand.Name, $"--state={_state.Path}");
        await Eventually.That(() => File.Exists(Path.Combine(_state.Path, GuardCommand.AliveFileName)), "the guard looks");
        file.Write(new(_boot, Until(TimeSpan.FromMilliseconds(300)), [new(leased, leased)]));
        await Eventually.That(() => machine.HasExited, "the machine is ended");
        // That it is ready is not lost by that.
        string told;
        do
            told = await Told(systemd);
        while (told == "FULL");
        Assert.Equal("READY=1", told);
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            process.WaitForExit();
            process.Dispose();
        }
        _state.Dispose();
    }

    private static long Until(TimeSpan left) => BootClock.Instance.GetTimestamp() + (long)(left.TotalSeconds * BootClock.Instance.TimestampFrequency);

    private Process Guard(string argument) => Start("dotnet", typeof(GuardCommand).Assembly.Location, GuardCommand.Name, $"--state={_state.Path}", argument);

    private Process Qemu(string uuid, params string[] before)
    {
        var process = Start([.. before, "qemu-system-x86_64", "-machine", "none", "-nodefaults", "-display", "none", "-S", "-uuid", uuid]);
        return process;
    }

    private Socket Systemd(out Dictionary<string, string> variables)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(_state.Path, "notify")));
        variables = new() { ["NOTIFY_SOCKET"] = Path.Combine(_state.Path, "notify"), ["WATCHDOG_USEC"] = "100000" };
        return socket;
    }

    private static async Task<string> Told(Socket systemd)
    {
        var message = new byte[256];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return Encoding.UTF8.GetString(message, 0, await systemd.ReceiveAsync(message, patience.Token));
    }

    private Process Start(params string[] command) => StartWith([], command);

    private Process StartWith(Dictionary<string, string> variables, params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        var process = Process.Start(start)!;
        _processes.Add(process);
        return process;
    }
}
