using System.Diagnostics;
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

    private Process Start(params string[] command)
    {
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true })!;
        _processes.Add(process);
        return process;
    }
}
