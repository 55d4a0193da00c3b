using Controller.Crash.Tests.Harness;

namespace Controller.Crash.Tests;

/// <summary>What is done while silos die. Each begins with an empty cloud of two hosts, and is cleaned up after.</summary>
internal static class Scenarios
{
    private const string ComputeState = "occi.compute.state";
    private const string StorageState = "occi.storage.state";
    private const string SharedStorage = ",\"mixins\":[\"http://controller.local/occi/storage#pool\"]";
    private const string InSharedPool = ",\"local.controller.storage.pool\":\"shared\"";

    public static IReadOnlyDictionary<string, Func<Run, Task>> All { get; } = new Dictionary<string, Func<Run, Task>>
    {
        ["create"] = Create,
        ["create-compute"] = CreateCompute,
        ["refuse-compute"] = RefuseCompute,
        ["delete"] = Delete,
        ["attach"] = Attach,
        ["detach"] = Detach,
        ["power"] = PowerOff,
        ["resize"] = Resize,
        ["migrate-live"] = MigrateLive,
        ["migrate-cold"] = MigrateCold,
        ["save"] = Save,
        ["drain"] = Drain,
        ["enrol"] = Enrol,
        ["batch"] = Batch,
        ["refuse-batch"] = RefuseBatch,
        ["recover"] = Recover,
    };

    private static async Task Create(Run run)
    {
        await run.Begin();
        await run.Network();
        await run.Storage();
        await run.Make("storage", "\"occi.storage.size\":0.01" + InSharedPool, SharedStorage);
        await run.End();
    }

    private static async Task CreateCompute(Run run)
    {
        var (network, storage) = (await run.Network(), await run.Storage());
        await run.Begin();
        await run.Machine(
            "\"occi.compute.cores\":2",
            $""","links":[{Run.Link("networkinterface", Guid.NewGuid(), network)},{Run.Link("storagelink", Guid.NewGuid(), storage)}]""");
        await run.End();
    }

    /// <summary>No host has room: what was arranged for it is taken back.</summary>
    private static async Task RefuseCompute(Run run)
    {
        var (network, storage) = (await run.Network(), await run.Storage());
        Guid id = Guid.NewGuid(), nic = Guid.NewGuid(), disk = Guid.NewGuid();
        await run.Begin();
        var refused = await run.Ask(
            "POST", "/compute/",
            $$"""{"kind":"K#compute","id":"urn:uuid:{{id}}","attributes":{"occi.compute.memory":4000},"links":[{{Run.Link("networkinterface", nic, network)}},{{Run.Link("storagelink", disk, storage)}}]}""", 409);
        Assert.Equal(409, refused.Status);
        await run.End();
        Assert.Equal(0, await run.Cloud.Number("select count(*) from entity where entity_id = any($1)", (object)new[] { id, nic, disk }));
    }

    private static async Task Delete(Run run)
    {
        var (network, storage) = (await run.Network(), await run.Storage());
        var machine = await run.Machine("", $""","links":[{Run.Link("networkinterface", Guid.NewGuid(), network)},{Run.Link("storagelink", Guid.NewGuid(), storage)}]""");
        await run.Begin();
        foreach (var path in (string[])[machine, storage, network])
        {
            await run.Delete(path);
            Assert.False(await run.Is(path));
        }
        foreach (var path in (string[])[machine, storage, network])
            await run.Goes(path);
        await run.End();
    }

    private static async Task Attach(Run run)
    {
        var (network, storage, machine) = (await run.Network(), await run.Storage(), await run.Machine());
        await run.Begin();
        await run.Attach("networkinterface", machine, network);
        await run.Attach("storagelink", machine, storage);
        await run.End();
    }

    private static async Task Detach(Run run)
    {
        var (network, storage, machine) = (await run.Network(), await run.Storage(), await run.Machine());
        var (nic, disk) = (await run.Attach("networkinterface", machine, network), await run.Attach("storagelink", machine, storage));
        await run.Begin();
        await run.Delete(nic);
        await run.Delete(disk);
        await run.Goes(nic);
        await run.Goes(disk);
        await run.End();
    }

    private static async Task PowerOff(Run run)
    {
        var machine = await run.Machine();
        await run.Begin();
        await run.Act(machine, "stop");
        await run.Becomes(machine, ComputeState, "inactive");
        await run.Act(machine, "start");
        await run.Becomes(machine, ComputeState, "active");
        await run.End();
    }

    private static async Task Resize(Run run)
    {
        var (storage, machine) = (await run.Storage(), await run.Machine("\"occi.compute.cores\":1"));
        var shared = await run.Make("storage", "\"occi.storage.size\":0.01" + InSharedPool, SharedStorage);
        await run.Becomes(shared, StorageState, "online");
        await run.Begin();
        foreach (var volume in (string[])[storage, shared])
        {
            await run.Act(volume, "resize", "\"size\":0.05");
            await run.Becomes(volume, StorageState, "online");
        }
        foreach (var cores in (int[])[3, 2])
        {
            // It has what it had until it is started anew.
            await run.Change(machine, $"\"occi.compute.cores\":{cores}");
            await run.Act(machine, "stop");
            await run.Becomes(machine, ComputeState, "inactive");
            await run.Act(machine, "start");
            await run.Becomes(machine, ComputeState, "active");
        }
        await run.End();
        Assert.Equal(2, await run.Cloud.Number("select cores from host_claim where term = 'compute'"));
    }

    private static async Task MigrateLive(Run run)
    {
        var network = await run.Network();
        var shared = await run.Make("storage", "\"occi.storage.size\":0.01" + InSharedPool, SharedStorage);
        await run.Becomes(shared, StorageState, "online");
        var machine = await run.Machine("", $""","links":[{Run.Link("networkinterface", Guid.NewGuid(), network)},{Run.Link("storagelink", Guid.NewGuid(), shared)}]""");
        await Migrate(run, machine, "live");
        Assert.Contains("\"occi.compute.state\":\"active\"", (await run.Ask("GET", machine)).Body, StringComparison.Ordinal);
    }

    /// <summary>With a volume on the host's own disks, which comes along.</summary>
    private static async Task MigrateCold(Run run)
    {
        var storage = await run.Storage();
        var machine = await run.Machine("", $""","links":[{Run.Link("storagelink", Guid.NewGuid(), storage)}]""");
        await run.Act(machine, "stop");
        await run.Becomes(machine, ComputeState, "inactive");
        await Migrate(run, machine, "cold");
        Assert.Equal(await run.Cloud.HostOf(machine), await run.Cloud.HostOf(storage));
    }

    private static async Task Migrate(Run run, string machine, string method)
    {
        var to = await run.Cloud.HostOf(machine) == "host-1" ? "host-2" : "host-1";
        await run.Begin();
        var asked = $$"""{"to":"{{to}}","method":"{{method}}"}""";
        await run.Ask("POST", $"/admin/computes/{machine["/compute/".Length..]}/migrate", asked);
        await run.Until("it has moved", async () => await run.Cloud.HostOf(machine) == to);
        await run.End();
    }

    private static async Task Save(Run run)
    {
        var machine = await run.Machine("", ",\"mixins\":[\"http://controller.local/occi/os_tpl#base\"]");
        await run.Begin();
        await run.Act(machine, "save", "\"name\":\"saved\"");
        await run.Until("the template is ready", async () => await run.Cloud.Number("select count(*) from entity where id = 'image/saved' and state = 'ready'") == 1);
        await run.Becomes(machine, ComputeState, "active");
        await run.End();
    }

    private static async Task Drain(Run run)
    {
        var machine = await run.Machine();
        var (name, host) = (await run.Cloud.HostOf(machine), "");
        host = await run.Cloud.HostId(name);
        await run.Begin();
        await run.Ask("POST", $"/admin/hosts/{host}/drain", "{}");
        await run.Until("it has left", async () => await run.Cloud.HostOf(machine) != name);
        await run.Until("the drain has ended", async () => (await run.Cloud.Send("GET", $"/admin/hosts/{host}")).Body.Contains("\"finished\":\"", StringComparison.Ordinal));
        await run.Ask("POST", $"/admin/hosts/{host}/undrain", "{}");
        await run.End();
    }

    private static async Task Enrol(Run run)
    {
        var name = "host-" + Guid.NewGuid().ToString("N")[..8];
        await run.Begin();
        var token = (await run.Ask("POST", "/admin/hosts/join-tokens", "{}")).Json.GetProperty("token").GetString()!;
        var agent = await run.Cloud.JoinHost(name, token);
        var host = await run.Cloud.HostId(name);
        await run.Ask("DELETE", $"/admin/hosts/{host}", null, 404);
        await run.Cloud.StopAgent(agent);
        await run.End();
        Assert.Equal(0, await run.Cloud.Number("select count(*) from entity where state_name = 'host' and title = $1", name));
    }

    private static async Task Batch(Run run)
    {
        Guid storage = Guid.NewGuid(), network = Guid.NewGuid(), compute = Guid.NewGuid(), disk = Guid.NewGuid();
        run.Made($"/network/{network}", $"/storage/{storage}", $"/compute/{compute}");
        run.Together.Add([$"compute/{compute}", $"storage/{storage}", $"network/{network}", $"storagelink/{disk}"]);
        await run.Begin();
        await run.Ask(
            "POST", "/",
            $$$"""
            {"resources":[{"kind":"K#network","id":"urn:uuid:{{{network}}}"},{"kind":"K#storage","id":"urn:uuid:{{{storage}}}","attributes":{"occi.storage.size":0.01}},
              {"kind":"K#compute","id":"urn:uuid:{{{compute}}}","links":[{{{Run.Link("networkinterface", Guid.NewGuid(), $"/network/{network}")}}}]}],
             "links":[{{{Run.Link("storagelink", disk, $"/storage/{storage}", $"/compute/{compute}")}}}]}
            """,
            ("Idempotency-Key", compute.ToString()));
        await run.Becomes($"/compute/{compute}", ComputeState, "active");
        await run.Becomes($"/storagelink/{disk}", "occi.storagelink.state", "active");
        await run.End();
    }

    /// <summary>The last of its entities cannot be: the others are taken back.</summary>
    private static async Task RefuseBatch(Run run)
    {
        Guid storage = Guid.NewGuid(), network = Guid.NewGuid(), compute = Guid.NewGuid();
        await run.Begin();
        var refused = await run.Ask(
            "POST", "/",
            $$$"""
            {"resources":[{"kind":"K#network","id":"urn:uuid:{{{network}}}"},{"kind":"K#storage","id":"urn:uuid:{{{storage}}}","attributes":{"occi.storage.size":0.01}},
              {"kind":"K#compute","id":"urn:uuid:{{{compute}}}","attributes":{"occi.compute.memory":4000}}]}
            """,
            ("Idempotency-Key", compute.ToString()), 409);
        Assert.Equal(409, refused.Status);
        await run.End();
        await Order.IsEmpty(run.Cloud);
    }

    /// <summary>A host is lost, and somebody vouches for that; its machine goes on elsewhere; the host comes back.</summary>
    private static async Task Recover(Run run)
    {
        var machine = await run.Machine("", ",\"mixins\":[\"http://controller.local/occi/placement#ha\"]");
        var name = await run.Cloud.HostOf(machine);
        var host = await run.Cloud.HostId(name);
        var agent = run.Cloud.Agents.Single(a => a.Name == name);
        await run.Begin();
        run.HostIsAway = true;
        await run.Cloud.StopAgent(agent);
        await run.Cloud.HostIs(name, "unreachable");
        await run.Ask("POST", $"/admin/hosts/{host}/confirm-off", "{}");
        await run.Until("it runs elsewhere", async () => await run.Cloud.HostOf(machine) != name);
        await run.Becomes(machine, ComputeState, "active");
        await run.Cloud.JoinHost(name);
        run.HostIsAway = false;
        await run.End();
    }
}
