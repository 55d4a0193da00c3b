using System.Diagnostics;
using System.Text.Json.Nodes;
using Controller.SystemTests.Harness;
using Controller.Testing;

namespace Controller.SystemTests;

/// <summary>Three silos, of which one dies while a machine is being started.</summary>
public sealed class LibvirtSiloLossTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    [LibvirtFact]
    public async Task A_silo_that_is_killed_half_way_loses_nothing_and_does_nothing_twice()
    {
        await using var cloud = await LibvirtCloud.Start("--silos", "3", "--apis", "2");
        using var api = cloud.Api();
        var host = new Hypervisor(cloud);
        var network = await cloud.Create("network", "--title", "net", "-m", "ipnetwork", "-a", "address=10.94.0.0/24");
        var storage = await cloud.Create("storage", "--title", "data", "-a", "size=0.125");
        var early = await cloud.Create("compute", "--title", "early", "-m", "demo", "-a", "cores=1", "-a", "memory=0.25");
        var earlyGuest = new Guest(api, early);
        await earlyGuest.Says("DEMO: ready");

        var processes = await cloud.Healthy();
        var silo = Assert.Single(processes, p => p.Name.StartsWith("silo-", StringComparison.Ordinal) && p.Address.EndsWith(GatewayOf(cloud), StringComparison.Ordinal));
        var late = await api.Create("/compute/", MachineWith(network, storage));
        Assert.NotEqual("active", late.State);
        using (var process = Process.GetProcessById(silo.Pid))
            process.Kill();
        var placed = await cloud.Rows($"select incarnation from host_claim where consumer in ('{early.Id}', '{late.Id}') order by consumer = '{late.Id}'");

        await Eventually.Is("the machine is active", async () => (await Look(api, late))?.State == "active", Patience);
        late = await api.Get(late.Path);
        var guest = new Guest(api, late);
        var nic = late.Link("networkinterface");
        await guest.Says($"DEMO: lease eth0 address={nic["occi.networkinterface.address"]} ");
        await guest.Says($@"DEMO: disks vda=\d+ vdb={1 << 27}\s");
        await guest.Says("DEMO: ready");

        // Each of them once, and the very one that was placed.
        Assert.Equal(((string[])[early.Id, late.Id]).Order(), (await host.Domains()).Order());
        Assert.Equal(placed, [await host.IncarnationOf(early), await host.IncarnationOf(late)]);
        Assert.Equal(placed, await cloud.Rows($"select incarnation from host_claim where consumer in ('{early.Id}', '{late.Id}') order by consumer = '{late.Id}'"));
        await guest.Now();
        await earlyGuest.Now();
        Assert.Equal((1, 1), (guest.Times("DEMO: init"), earlyGuest.Times("DEMO: init")));

        // The silo is back, and every other process is the one that it was.
        var now = await cloud.Healthy();
        Assert.Equal(processes.Select(p => p.Name), now.Select(p => p.Name));
        Assert.Equal([silo.Name], now.Where(p => processes.All(before => before.Pid != p.Pid)).Select(p => p.Name));
        Assert.Equal(now.Select(p => (p.Name, p.Pid)).Order(), cloud.Pids().Select(p => (p.Key, p.Value)).Order());

        await cloud.Act(late, "suspend");
        await cloud.Act(late, "start");
        await cloud.Act(late, "stop");
        // The other API shows the same.
        using (var second = new OcciApi(new(now.Single(p => p.Name == "api-2").Address), cloud.Read("admin.token")))
            Assert.Equal("inactive", (await second.Get(late.Path)).State);
        await cloud.Run("occi", "delete", "late", "early", "data", "net", "--wait");
        await cloud.HasForgotten([early, late, network, storage, .. late.Links], nic["occi.networkinterface.mac"]!, "10.94.0.");
    }

    /// <summary>Where the agent is connected to, as its health file says.</summary>
    private static string GatewayOf(Cloud cloud) => (string)JsonNode.Parse(cloud.Read("agents/1/health"))!["gateway"]!;

    private static JsonObject MachineWith(Entity network, Entity storage) => new()
    {
        ["kind"] = "http://schemas.ogf.org/occi/infrastructure#compute",
        ["mixins"] = new JsonArray("http://controller.local/occi/os_tpl#demo"),
        ["title"] = "late",
        ["attributes"] = new JsonObject { ["occi.compute.cores"] = 1, ["occi.compute.memory"] = 0.25 },
        ["links"] = new JsonArray(LinkTo(network, "networkinterface"), LinkTo(storage, "storagelink")),
    };

    private static JsonObject LinkTo(Entity target, string kind) => new()
    {
        ["kind"] = $"http://schemas.ogf.org/occi/infrastructure#{kind}",
        ["target"] = new JsonObject { ["location"] = target.Path, ["kind"] = (string)target.Json["kind"]! },
    };

    /// <summary>While the silos take over from the dead one, a request may be refused; it is never answered wrongly.</summary>
    private static async Task<Entity?> Look(OcciApi api, Entity entity)
    {
        var (found, status) = await api.TryGet(entity.Path);
        Assert.True(status is 200 or 500 or 503 or 504, $"{entity.Path}: {status}");
        return found;
    }
}
