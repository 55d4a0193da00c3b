using System.Diagnostics;
using Controller.SystemTests.Harness;
using Controller.Testing;

namespace Controller.SystemTests;

/// <summary>Two real hosts, of which one is as good as lost while its machine could go on running: the machine is never there twice.</summary>
public sealed class LibvirtHighAvailabilityTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    [LibvirtFact]
    public async Task A_host_whose_agent_is_frozen_loses_its_machine_before_another_starts_it()
    {
        await using var cloud = new Cloud();
        cloud.Settings["HighAvailability__Lease"] = "00:00:12";
        cloud.Settings["HighAvailability__Margin"] = "00:00:04";
        await cloud.Up("--driver", "libvirt", "--hosts", "2");
        using var api = cloud.Api();
        var compute = await cloud.Create(
            "compute", "--title", "phoenix", "-m", "demo", "-m", "ha", "-a", "cores=1", "-a", "memory=0.25", "-a", "local.controller.compute.ha.stateless=true");
        Hypervisor[] hosts = [new(cloud, 1), new(cloud, 2)];
        var from = (await hosts[0].Running()).Contains(compute.Id) ? 1 : 2;
        var before = Assert.Single(Machines(compute));
        var old = await hosts[from - 1].IncarnationOf(compute);

        // The lease is a proof from when the host has said that a guard is there: it is started with the first leased machine.
        await Eventually.Is(
            "the host is guarded",
            async () => (await cloud.Rows($"select convert_from(payload, 'UTF8')::jsonb #>> '{{record,guarded}}' from entity where state_name = 'host' and title = 'host-{from}'")) is ["true"],
            Patience);
        var agent = cloud.Pids()[$"agent-{from}"];
        await Signal("STOP", agent);
        try
        {
            // From now on only what the kernel knows counts: how many QEMUs of that machine there are, on all hosts.
            var (watch, most, gone, back) = (Stopwatch.StartNew(), 0, TimeSpan.Zero, TimeSpan.Zero);
            while (back == TimeSpan.Zero && watch.Elapsed < Patience)
            {
                var machines = Machines(compute);
                most = Math.Max(most, machines.Count);
                if (gone == TimeSpan.Zero && !machines.Contains(before))
                    gone = watch.Elapsed;
                if (machines.Any(pid => pid != before))
                    back = watch.Elapsed;
                await Task.Delay(20);
            }
            Assert.Equal(1, most);
            Assert.True(TimeSpan.Zero < gone && gone < back, $"It was gone after {gone} and back after {back}.");
            Assert.Contains(compute.Id, await hosts[2 - from].Running());
            await new Guest(api, compute).Says("DEMO: ready");
        }
        finally
        {
            await Signal("CONT", agent);
        }

        // It thaws, finds that its lease is over, and hears that its placement is dead: it removes it, and starts nothing.
        await Eventually.Is("the old host has forgotten it", async () => !(await hosts[from - 1].Domains()).Contains(compute.Id), Patience);
        Assert.NotEqual(old, await hosts[2 - from].IncarnationOf(compute));
        Assert.Single(Machines(compute));
        await Eventually.Is("its claim is given back", async () => (await cloud.Rows($"select host from host_claim where consumer = '{compute.Id}'")).Count == 1, Patience);
        await cloud.Run("occi", "delete", "phoenix", "--wait");
        await cloud.HasForgotten([compute], hosts);
    }

    /// <summary>The QEMUs that run with the machine's UUID, in whatever namespaces.</summary>
    private static List<int> Machines(Entity compute) => [.. Processes.Of(compute.Id).Where(p => p.Command.Contains($"-uuid {compute.Id}", StringComparison.Ordinal)).Select(p => p.Pid)];

    private static async Task Signal(string name, int pid)
    {
        using var kill = Process.Start("kill", ["-" + name, pid.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
