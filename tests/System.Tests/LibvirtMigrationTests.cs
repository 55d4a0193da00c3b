using System.Globalization;
using System.Text.Json.Nodes;
using Controller.SystemTests.Harness;
using Controller.Testing;

namespace Controller.SystemTests;

/// <summary>
/// A machine goes from host to host while its guest counts, and whatever takes part in that dies half-way. Afterwards it runs on exactly one host, looked at past the product, with its
/// volume, which no other host has, and its guest was never started again: its disk counts its boots.
/// </summary>
[Collection(Fleet.Collection)]
public sealed class LibvirtMigrationTests(Fleet fleet) : IAsyncLifetime
{
    private const string Counting = "#!/bin/sh\n(n=0; while :; do n=$((n+1)); echo \"DEMO: beat $n $(cut -d' ' -f1 /proc/uptime)\" > /dev/console; sleep 0.2; done) &\n";
    /// <summary>
    /// Says what is on its second disk before it writes there, and from then on what it reads from the disk itself. Seldom: an emulated guest that drops its caches writes as much memory
    /// as is copied meanwhile where a test has that done slowly.
    /// </summary>
    private const string Marking =
        "#!/bin/sh\necho \"DEMO: had $(head -c 8 /dev/vdb | tr -d '\\000')\" > /dev/console\nprintf MARK-ONE > /dev/vdb; sync\n"
        + "(while :; do echo 3 > /proc/sys/vm/drop_caches; echo \"DEMO: beat has $(head -c 8 /dev/vdb)\" > /dev/console; sleep 4; done) &\n";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public Task InitializeAsync() => fleet.Sweep();

    public Task DisposeAsync() => Task.CompletedTask;

    [LibvirtFact]
    public async Task A_guest_that_counts_goes_on_counting_on_another_host_and_back_cold()
    {
        var (machine, guest) = await Counter("counts");
        var from = await fleet.HostOf(machine);

        var silence = await guest.LongestSilence(fleet.Cloud.Run("migrate", machine.Id, "--wait"), TimeSpan.FromSeconds(2));

        var to = await fleet.HostOf(machine);
        Assert.NotEqual(from.Name, to.Name);
        await guest.Says("DEMO: beat ", await guest.Now());
        Assert.Equal(1, guest.Times("DEMO: boots "));
        Assert.True(silence < TimeSpan.FromSeconds(15), $"its console was silent for {silence}");
        // Each number once and in order: the guest lost no moment of its life, and its console no line.
        var beats = System.Text.RegularExpressions.Regex.Matches(guest.Text, @"DEMO: beat (\d+) ").Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(Enumerable.Range(1, beats.Length), beats);
        IReadOnlyList<string> left = [];
        await Eventually.Is("the source has nothing of it", async () => (left = await from.Traces(machine.Id)).Count == 0, Patience, () => string.Join('\n', left));

        await fleet.Cloud.Run("migrate", machine.Id, "--to", from.Name, "--method", "cold", "--wait");
        await guest.Says("DEMO: boots 2", 0);
        Assert.Equal(from.Name, (await fleet.HostOf(machine)).Name);
        await Gone(machine);
    }

    [LibvirtFact]
    public async Task A_volume_goes_along_and_a_root_disk_in_a_shared_pool_stays_there_in_a_live_move_and_in_a_drain()
    {
        var volume = await fleet.Cloud.Create("storage", "--title", "luggage", "-a", "size=0.0625");
        var (machine, guest) = await Counter(
            "carrier", Marking, "--link", "luggage", "-m", "http://controller.local/occi/compute#pool", "-a", "local.controller.compute.pool=shared");
        await guest.Says("DEMO: beat has MARK-ONE");
        var from = await fleet.HostOf(machine);
        Assert.NotEmpty(await from.Traces(volume.Id));

        await fleet.Cloud.Run("migrate", machine.Id, "--method", "live", "--wait");
        var to = await fleet.HostOf(machine);
        await Followed(from, to);

        await fleet.Cloud.Run("host", "drain", to.Name, "--wait");
        var then = await fleet.HostOf(machine);
        await Followed(to, then);
        Assert.Equal(1, guest.Times("DEMO: boots "));

        // All that it wrote is in the files, wherever it was when it wrote it.
        await fleet.Cloud.Act(machine, "restart", "-a", "method=cold");
        await guest.Says("DEMO: boots 2");
        await guest.Says("DEMO: had MARK-ONE");
        await fleet.Cloud.Run("host", "undrain", to.Name);
        await fleet.Cloud.Run("occi", "delete", machine.Path, volume.Path, "--wait");
        await fleet.HasForgotten(machine, volume);

        async Task Followed(Hypervisor left, Hypervisor there)
        {
            Assert.NotEqual(left.Name, there.Name);
            await guest.Says("DEMO: beat has MARK-ONE", await guest.Now());
            Assert.NotEmpty(await there.Traces(volume.Id));
            await HasNothing(left, volume);
        }
    }

    [LibvirtFact]
    public async Task The_sources_agent_is_killed_in_the_middle() =>
        await InTheMiddle("agent", (from, _) =>
        {
            Fleet.Kill(fleet.Cloud.Pids()[$"agent-{from.Name[5..]}"]);
            return Task.CompletedTask;
        });

    [LibvirtFact]
    public async Task The_targets_libvirtd_is_killed_in_the_middle() => await InTheMiddle("libvirtd", (_, to) => fleet.KillLibvirtd(to));

    [LibvirtFact]
    public async Task The_sources_libvirtd_is_killed_in_the_middle() => await InTheMiddle("source", (from, _) => fleet.KillLibvirtd(from));

    [LibvirtFact]
    public async Task The_silo_that_the_source_speaks_to_is_killed_in_the_middle() => await InTheMiddle("silo", async (from, _) =>
    {
        var gateway = (string)JsonNode.Parse(fleet.Cloud.Read($"agents/{from.Name[5..]}/health"))!["gateway"]!;
        Fleet.Kill((await fleet.Cloud.Healthy()).Single(p => p.Name.StartsWith("silo-", StringComparison.Ordinal) && p.Address.EndsWith(gateway, StringComparison.Ordinal)).Pid);
    });

    [LibvirtFact]
    public async Task A_cancelled_migration_leaves_the_machine_where_it_was()
    {
        var (machine, guest) = await Counter("cancelled");
        var from = await fleet.HostOf(machine);
        await fleet.Cloud.Run("migrate", machine.Id, "--bandwidth", "4");
        await UnderWay(machine);
        await fleet.Cloud.Run("migrate", machine.Id, "--cancel", "--wait");
        Assert.Equal("cancelled", (string)(await Migration(machine))["phase"]!);
        await RunsOnce(machine, guest);
        Assert.Equal(from.Name, (await fleet.HostOf(machine)).Name);
        await Gone(machine);
    }

    /// <summary>A migration that takes a minute is disturbed as soon as bytes flow. It may come to its end or not: that is the control plane's affair.</summary>
    private async Task InTheMiddle(string title, Func<Hypervisor, Hypervisor, Task> disturb)
    {
        var volume = await fleet.Cloud.Create("storage", "--title", $"{title}-data", "-a", "size=0.0625");
        var (machine, guest) = await Counter(title, Marking, "--link", $"{title}-data");
        await guest.Says("DEMO: beat has MARK-ONE");
        var from = await fleet.HostOf(machine);
        var to = fleet.Hosts.First(h => h.Name != from.Name);
        await fleet.Cloud.Run("migrate", machine.Id, "--to", to.Name, "--bandwidth", "8");
        await UnderWay(machine);
        await disturb(from, to);
        await Eventually.Is(
            "the migration is over", async () => (string)(await Migration(machine))["phase"]! is "done" or "failed", Patience,
            () => fleet.Cloud.Run("migrate", machine.Id, "--status").GetAwaiter().GetResult());
        await RunsOnce(machine, guest);
        await guest.Says("DEMO: beat has MARK-ONE", await guest.Now());
        var over = (string)(await Migration(machine))["phase"]!;
        var (has, had) = over == "done" ? (to, from) : (from, to);
        Assert.Equal(has.Name, (await fleet.HostOf(machine)).Name);
        Assert.NotEmpty(await has.Traces(volume.Id));
        await HasNothing(had, volume);
        await fleet.Cloud.Healthy();
        await fleet.Cloud.Run("occi", "delete", machine.Path, volume.Path, "--wait");
        await fleet.HasForgotten(machine, volume);
    }

    private static async Task HasNothing(Hypervisor host, Entity volume)
    {
        IReadOnlyList<string> kept = [];
        await Eventually.Is($"{host.Name} has nothing of the volume", async () => (kept = await host.Traces(volume.Id)).Count == 0, Patience, () => string.Join('\n', kept));
    }

    private async Task<(Entity Machine, Guest Guest)> Counter(string title, string script = Counting, params string[] also)
    {
        var machine = await fleet.Cloud.Create(
            "compute",
            [
                "--title", title, "-m", "demo", "-a", "cores=1", "-a", "memory=0.25", "-m", "http://schemas.openstack.org/compute/instance#user_data",
                "-a", "org.openstack.compute.user_data=" + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(script)), .. also,
            ]);
        var guest = new Guest(fleet.Api, machine);
        await guest.Says("DEMO: beat ");
        return (machine, guest);
    }

    private async Task RunsOnce(Entity machine, Guest guest)
    {
        await Eventually.Is("one host runs it and no other knows it", async () =>
        {
            var known = 0;
            foreach (var host in fleet.Hosts)
                known += (await host.Domains()).Contains(machine.Id) ? 1 : 0;
            return known == 1 && (await fleet.RunsOn(machine)).Count == 1;
        }, Patience);
        await guest.Says("DEMO: beat ", await guest.Now());
        await guest.Now();
        Assert.Equal(1, guest.Times("DEMO: boots "));
        Assert.Equal("active", (await fleet.Api.Get(machine.Path)).State);
    }

    private async Task UnderWay(Entity machine) => await Eventually.Is(
        "bytes flow", async () => (long?)(await Migration(machine))["doneBytes"] > 0 && (string)(await Migration(machine))["phase"]! == "moving", Patience);

    private async Task<JsonObject> Migration(Entity machine) => (JsonObject)(await fleet.Api.Admin($"/admin/computes/{machine.Id}/migration"))!;

    private async Task Gone(Entity machine)
    {
        await fleet.Cloud.Run("occi", "delete", machine.Path, "--wait");
        await fleet.HasForgotten(machine);
    }
}
