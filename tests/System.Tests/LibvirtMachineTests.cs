using System.Globalization;
using System.Text.RegularExpressions;
using Controller.SystemTests.Harness;
using Controller.Testing;

namespace Controller.SystemTests;

/// <summary>What a user does in the first hour, with machines that really boot.</summary>
public sealed class LibvirtMachineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [LibvirtFact]
    public async Task A_machine_with_a_disk_and_a_network_lives_its_whole_life_and_leaves_nothing()
    {
        await using var cloud = await LibvirtCloud.StartPlain();
        using var api = cloud.Api();
        var host = new Hypervisor(cloud);
        var running = await cloud.Healthy();
        Assert.Empty(Processes.Exposed(running.Select(p => p.Pid)));

        var network = await cloud.Create("network", "--title", "net", "-m", "ipnetwork", "-a", "address=10.93.0.0/24");
        var storage = await cloud.Create("storage", "--title", "data", "-a", "size=0.1");
        var machine = await cloud.Create(
            "compute", "--title", "first", "-m", "demo", "-a", "cores=1", "-a", "memory=0.25", "-a", "hostname=first.example", "--link", "net", "--link", "data");
        var guest = new Guest(api, machine);
        Assert.Equal("active", machine.State);

        // It boots, and finds what it was given.
        var seed = await guest.Says(@"DEMO: seed instance-id=(\S+) hostname=(\S+)");
        Assert.Equal(machine.Id, seed.Groups[1].Value);   // however often it moves, it is one instance for cloud-init
        Assert.Equal("first.example", seed.Groups[2].Value);
        var nic = machine.Link("networkinterface");
        await SaysItsLease(guest, nic, 0);
        await guest.Says(DisksWith(storage));
        await guest.Says("DEMO: ready");

        await cloud.Act(machine, "suspend");
        Assert.Equal("suspended", (await api.Get(machine.Path)).State);
        Assert.Equal("paused", await host.StateOf(machine));
        await cloud.Act(machine, "start");
        Assert.Equal("active", (await api.Get(machine.Path)).State);
        Assert.Equal("running", await host.StateOf(machine));
        await guest.Now();
        Assert.Equal(1, guest.Times("DEMO: ready"));

        var before = await guest.Now();
        await cloud.Act(machine, "restart");
        Assert.Equal(("active", null), ((await api.Get(machine.Path)).State, (await api.Get(machine.Path)).Message));
        await guest.Says("DEMO: ready", before);

        before = await guest.Now();
        await cloud.Act(machine, "stop", "-a", "method=graceful");
        Assert.Equal("inactive", (await api.Get(machine.Path)).State);
        Assert.Equal("shut off", await host.StateOf(machine));
        await guest.Says("DEMO: power button", before);

        before = await guest.Now();
        await cloud.Act(machine, "start");
        await guest.Says("DEMO: ready", before);
        await guest.Says(DisksWith(storage), before);
        await SaysItsLease(guest, nic, before);

        // Taken away from the machine while it runs …
        before = await guest.Now();
        await cloud.Run("occi", "delete", machine.Link("storagelink").Path, nic.Path, "--wait");
        await guest.Says(@"DEMO: disks vda=\d+\s", before);
        await guest.Says("DEMO: nic eth0 gone", before);
        Assert.Empty((await api.Get(machine.Path)).Links);
        await Eventually.Is(
            "the address is free again", async () => (await cloud.Rows($"select address from address_claim where network = '{network.Id}'")).Count == 0, Patience);

        // … and given back.
        before = await guest.Now();
        await cloud.Run("occi", "link", machine.Path, "data", "--wait");
        await cloud.Run("occi", "link", machine.Path, "net", "--wait");
        machine = await api.Get(machine.Path);
        await guest.Says(DisksWith(storage), before);
        await SaysItsLease(guest, machine.Link("networkinterface"), before);

        await cloud.Run("occi", "delete", "first", "data", "net", "--wait");
        foreach (var gone in (Entity[])[machine, storage, network])
            Assert.Null(await api.Find(gone.Path));
        await cloud.HasForgotten(
            [machine, storage, network, .. machine.Links, nic],
            nic["occi.networkinterface.mac"]!, machine.Link("networkinterface")["occi.networkinterface.mac"]!, "10.93.0.");
    }

    [LibvirtFact]
    public async Task Down_ends_every_process_and_up_starts_again_what_should_run()
    {
        await using var cloud = await LibvirtCloud.Start();
        var api = cloud.Api();
        var host = new Hypervisor(cloud);
        string[] small = ["-m", "demo", "-a", "cores=1", "-a", "memory=0.25"];
        var kept = await cloud.Create("compute", ["--title", "kept", .. small, "--link", "default"]);
        var rested = await cloud.Create("compute", ["--title", "rested", .. small]);
        var (one, other) = (new Guest(api, kept), new Guest(api, rested));
        await one.Says("DEMO: ready");
        await other.Says("DEMO: ready");
        await cloud.Act(rested, "stop");
        var (ended, unmoved) = (await one.Now(), await other.Now());
        var entities = await Both();
        Assert.NotEmpty(Processes.Of(cloud.Data));

        await cloud.Run("down");
        Assert.False(cloud.Has("pids") || cloud.Has("endpoint"));
        // The kernel takes the namespaces' processes with the first of them, one by one.
        await Eventually.Is("no process is left", () => Task.FromResult(Processes.Of(cloud.Data).Count == 0), TimeSpan.FromSeconds(10), () => string.Join('\n', Processes.Of(cloud.Data)));

        await cloud.Up();
        api.Dispose();
        api = cloud.Api();
        (one, other) = (new Guest(api, kept), new Guest(api, rested));
        await one.Says("DEMO: ready", ended);
        IReadOnlyList<string> now = [];
        await Eventually.Is(
            "all is as it was", async () => entities.SequenceEqual(now = await Both()), Patience, () => $"It was\n{string.Join('\n', entities)}\nand is\n{string.Join('\n', now)}");
        Assert.Equal(("running", "shut off"), (await host.StateOf(kept), await host.StateOf(rested)));
        Assert.Equal(unmoved, await other.Now());

        await cloud.Run("occi", "delete", "kept", "rested", "--wait");
        await cloud.HasForgotten([kept, rested]);
        api.Dispose();

        async Task<IReadOnlyList<string>> Both() => [(await api.Get(kept.Path)).ToString(), (await api.Get(rested.Path)).ToString()];
    }

    private static async Task SaysItsLease(Guest guest, Entity nic, int since)
    {
        await guest.Says($"DEMO: nic eth0 mac={nic["occi.networkinterface.mac"]}", since);
        await guest.Says($@"DEMO: lease eth0 address={Regex.Escape(nic["occi.networkinterface.address"]!)} ", since);
    }

    /// <summary>The guest sees the disk with the size that OCCI shows, in GiB; volumes are made in whole MiB.</summary>
    private static string DisksWith(Entity storage)
    {
        var size = decimal.Parse(storage["occi.storage.size"]!, CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $@"DEMO: disks vda=\d+ vdb={decimal.Ceiling(size * 1024) * (1 << 20):0}\s");
    }
}
