using System.Diagnostics;
using System.Globalization;
using Controller.SystemTests.Harness;
using Controller.Testing;

namespace Controller.SystemTests;

/// <summary>Hosts that are as good as lost while their machines could go on running: a machine is never there twice.</summary>
[Collection(Fleet.Collection)]
public sealed class LibvirtHighAvailabilityTests(Fleet fleet) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    private Cloud Cloud => fleet.Cloud;

    public Task InitializeAsync() => fleet.Sweep();

    public Task DisposeAsync() => Task.CompletedTask;

    [LibvirtFact]
    public async Task A_host_whose_agent_is_frozen_loses_its_machine_before_another_starts_it()
    {
        var (machine, from) = await Guarded("phoenix");
        var agent = AgentOf(from);
        await Signal("STOP", agent);
        try
        {
            await NeverTwice(machine, from);
        }
        finally
        {
            await Signal("CONT", agent);
        }
        await Forgets(from, machine);
        await Cloud.Run("occi", "delete", "phoenix", "--wait");
        await fleet.HasForgotten(machine);
    }

    [LibvirtFact]
    public async Task A_host_that_is_cut_off_ends_its_leased_machine_before_another_starts_it_and_its_other_machines_go_on()
    {
        var (machine, from) = await Guarded("cut");
        var plain = await Cloud.Create("compute", "--title", "plain", "-m", "demo", "-a", "cores=1", "-a", "memory=0.125");
        if ((await fleet.HostOf(plain)).Name != from.Name)
            await Cloud.Run("migrate", "plain", "--to", from.Name, "--method", "live", "--wait");
        Assert.Equal(from.Name, (await fleet.HostOf(plain)).Name);
        var qemu = Assert.Single(Processes.Machines(plain));

        await using (await NetworkCut.Of(AgentOf(from)))
        {
            await NeverTwice(machine, from);
            // The host lives: what has no lease runs on there, and only there, though nobody hears of it.
            Assert.Equal([qemu], Processes.Machines(plain));
            await fleet.Becomes(from, "unreachable");
        }
        await fleet.Becomes(from, "up");
        await Forgets(from, machine);
        Assert.Equal([qemu], Processes.Machines(plain));
        await Eventually.Is("it is active again", async () => (await fleet.Api.Get(plain.Path)).State == "active", Patience);
        await Cloud.Run("occi", "delete", "cut", "plain", "--wait");
        await fleet.HasForgotten(machine, plain);
    }

    [LibvirtFact]
    public async Task A_killed_libvirtd_harms_no_machine_and_a_killed_QEMU_is_said_and_started_again()
    {
        var machine = await Cloud.Create("compute", ["--title", "victim", "-m", "demo", "-a", "cores=1", "-a", "memory=0.125", .. await Cloud.Saying(Scripts.Heartbeat)]);
        var guest = new Guest(fleet.Api, machine);
        await guest.Says("DEMO: boots 1");
        await guest.Says("DEMO: ready");
        var host = await fleet.HostOf(machine);
        var qemu = Assert.Single(Processes.Machines(machine));

        await fleet.KillLibvirtd(host);
        await guest.Says("HB ", await guest.Now());
        Assert.Equal([qemu], Processes.Machines(machine));
        Assert.Equal("active", (await fleet.Api.Get(machine.Path)).State);

        Fleet.Kill(qemu);
        await Eventually.Is("it says so", async () => (await fleet.Api.Get(machine.Path)).State == "error", Patience);
        Assert.Contains("died", await Cloud.Run("occi", "show", machine.Path), StringComparison.Ordinal);
        await Cloud.Act(machine, "start");
        await new Guest(fleet.Api, machine).Says("DEMO: boots 2");
        Assert.Single(Processes.Machines(machine));
        await Cloud.Run("occi", "delete", "victim", "--wait");
        await fleet.HasForgotten(machine);
    }

    /// <summary>A machine with high availability on a host whose guard is there: from then on its lease is a proof.</summary>
    private async Task<(Entity Machine, Hypervisor Host)> Guarded(string title)
    {
        var machine = await Cloud.Create(
            "compute", "--title", title, "-m", "demo", "-m", "ha", "-a", "cores=1", "-a", "memory=0.125", "-a", "local.controller.compute.ha.stateless=true");
        var host = await fleet.HostOf(machine);
        await Eventually.Is(
            "the host is guarded",
            async () => (await Cloud.Rows($"select convert_from(payload, 'UTF8')::jsonb #>> '{{record,guarded}}' from entity where state_name = 'host' and title = '{host.Name}'")) is ["true"],
            Patience);
        return (machine, host);
    }

    /// <summary>Until another host runs it. Only what the kernel knows counts: how many QEMUs of that machine there are, on all hosts.</summary>
    private async Task NeverTwice(Entity machine, Hypervisor from)
    {
        var before = Assert.Single(Processes.Machines(machine));
        var (watch, most, gone, back) = (Stopwatch.StartNew(), 0, TimeSpan.Zero, TimeSpan.Zero);
        while (back == TimeSpan.Zero && watch.Elapsed < Patience)
        {
            var machines = Processes.Machines(machine);
            most = Math.Max(most, machines.Count);
            if (gone == TimeSpan.Zero && !machines.Contains(before))
                gone = watch.Elapsed;
            if (machines.Any(pid => pid != before))
                back = watch.Elapsed;
            await Task.Delay(20);
        }
        Assert.Equal(1, most);
        Assert.True(TimeSpan.Zero < gone && gone < back, $"It was gone after {gone} and back after {back}.");
        Assert.NotEqual(from.Name, (await fleet.HostOf(machine)).Name);
        await new Guest(fleet.Api, machine).Says("DEMO: ready");
    }

    /// <summary>The host hears that its placement is dead: it removes the machine, and starts nothing.</summary>
    private async Task Forgets(Hypervisor old, Entity machine)
    {
        await Eventually.Is("the old host has forgotten it", async () => !(await old.Domains()).Contains(machine.Id), Patience);
        Assert.Single(Processes.Machines(machine));
        await Eventually.Is("its claim is given back", async () => (await Cloud.Rows($"select host from host_claim where consumer = '{machine.Id}'")).Count == 1, Patience);
    }

    private int AgentOf(Hypervisor host) => Cloud.Pids()[$"agent-{host.Number.ToString(CultureInfo.InvariantCulture)}"];

    private static async Task Signal(string name, int pid)
    {
        using var kill = Process.Start("kill", ["-" + name, pid.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
