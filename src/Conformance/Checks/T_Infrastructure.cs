using System.Text.Json;
using static Controller.Conformance.Certainty;
using static Controller.Conformance.Level;
using static Controller.Conformance.Standard;

namespace Controller.Conformance.Checks;

/// <summary>T. Infrastructure: kinds, states and actions.</summary>
internal static class InfrastructureKinds
{
    private const string ComputeState = "occi.compute.state";

    private static readonly (string Kind, string Parent)[] Kinds =
        [(Compute, Resource), (Network, Resource), (Storage, Resource), (NetworkInterface, Link), (StorageLink, Link)];

    /// <summary>Name, JSON type, whether clients may change it (infrastructure.md §2; a link's ends are the core's).</summary>
    private static readonly Dictionary<string, (string Name, string Type, bool Mutable)[]> Attributes = new()
    {
        [Compute] =
        [
            ("occi.compute.architecture", "string", true), ("occi.compute.cores", "number", true), ("occi.compute.hostname", "string", true), ("occi.compute.share", "number", true),
            ("occi.compute.memory", "number", true), (ComputeState, "string", false), ("occi.compute.state.message", "string", false),
        ],
        [Network] =
        [
            ("occi.network.vlan", "number", true), ("occi.network.label", "string", true), ("occi.network.state", "string", false), ("occi.network.state.message", "string", false),
        ],
        [Storage] = [("occi.storage.size", "number", true), ("occi.storage.state", "string", false), ("occi.storage.state.message", "string", false)],
        [NetworkInterface] =
        [
            ("occi.networkinterface.interface", "string", false), ("occi.networkinterface.mac", "string", true), ("occi.networkinterface.state", "string", false),
            ("occi.networkinterface.state.message", "string", false),
        ],
        [StorageLink] =
        [
            ("occi.storagelink.deviceid", "string", true), ("occi.storagelink.mountpoint", "string", true), ("occi.storagelink.state", "string", false),
            ("occi.storagelink.state.message", "string", false),
        ],
    };

    [Row("C-262", Should, C, "GET /-/", "compute, network, storage, networkinterface and storagelink with their parents")]
    public static Task The_five_kinds_are_there(Session s)
    {
        foreach (var (kind, parent) in Kinds)
            Expect.That(s.Model.Find(kind) is { Class: "kind", Rel: var rel } && rel == parent, $"the kind {kind} with rel {parent}");
        return Task.CompletedTask;
    }

    [Row("C-263", Must, C, "each kind in JSON", "exactly the attributes, types and mutability of GFD.224; occi.compute.speed of 1.1 is tolerated")]
    public static async Task Attributes_are_the_standards(Session s)
    {
        var kinds = Expect.Status(await s.Me.Get(QueryInterface, Json), 200).Json.GetProperty("kinds").EnumerateArray()
            .ToDictionary(k => k.GetProperty("scheme").GetString() + k.GetProperty("term").GetString());
        foreach (var (id, wanted) in Attributes.Where(a => kinds.ContainsKey(a.Key)))
        {
            var found = kinds[id].GetProperty("attributes");
            foreach (var (name, type, mutable) in wanted)
            {
                Expect.That(found.TryGetProperty(name, out var definition), $"{name} in {id}, found {found}");
                Expect.That((definition.TryGetProperty("type", out var t) ? t.GetString() : "string") == type, $"{name} as {type}, found {definition}");
                Expect.That((definition.TryGetProperty("mutable", out var m) && m.GetBoolean()) == mutable, $"{name} with mutable={mutable}, found {definition}");
            }
            var strays = found.EnumerateObject().Select(a => a.Name)
                .Where(n => !n.StartsWith("occi.core.", StringComparison.Ordinal)).Except(wanted.Select(w => w.Name)).Except(["occi.compute.speed"]);
            Expect.That(!strays.Any(), $"no attributes in {id} but the standard's, found {string.Join(' ', strays)}");
        }
    }

    [Row("C-264", Must, C, "GET compute", "occi.compute.state is there and of its enumeration")]
    public static async Task A_state_is_shown(Session s)
    {
        var state = await s.Attribute(await s.MakeCompute(), ComputeState);
        Expect.That(state is "active" or "inactive" or "suspended" or "error", $"a state of the enumeration, found {state}");
    }

    [Row("C-265", Must, C, "create a compute, and look again", "inactive at first, then perhaps active")]
    public static async Task It_begins_inactive(Session s)
    {
        var created = Expect.Status(await s.Me.Post(s.Model.LocationOf(Compute), Compose.Kind(Compute)), 201, 200);
        var path = s.Made(created);
        var state = await s.Attribute(path, ComputeState);
        Expect.That(state is "inactive" or "active", $"inactive, or active soon after, found {state}");
    }

    [Row("C-266", Must, C, "start from inactive; from suspended", "active")]
    public static async Task Start(Session s)
    {
        var path = await s.ComputeThatIs("inactive");
        foreach (var from in new[] { "inactive", "suspended" })
        {
            await s.Bring(path, from);
            Expect.Status(await s.Act(path, ComputeAction + "start"), 200);
            await s.Becomes(path, ComputeState, "active");
        }
    }

    [Row("C-267", Must, C, "stop from active", "inactive")]
    public static async Task Stop(Session s)
    {
        var path = await s.ComputeThatIs("active");
        Expect.Status(await s.Act(path, ComputeAction + "stop", Compose.Text("method", "poweroff")), 200);
        await s.Becomes(path, ComputeState, "inactive");
    }

    [Row("C-268", Must, C, "suspend from active", "suspended")]
    public static async Task Suspend(Session s)
    {
        var path = await s.ComputeThatIs("active");
        Expect.Status(await s.Act(path, ComputeAction + "suspend"), 200);
        await s.Becomes(path, ComputeState, "suspended");
    }

    [Row("C-269", Must, C, "restart from active", "active")]
    public static async Task Restart(Session s)
    {
        var path = await s.ComputeThatIs("active");
        Expect.Status(await s.Act(path, ComputeAction + "restart", Compose.Text("method", "cold")), 200);
        await s.Until($"{path} is active, with restart offered again", async () =>
        {
            var entity = await s.Read(path);
            return Session.AttributeOf(entity, ComputeState) == "active" && entity.TryGetProperty("actions", out var actions)
                && actions.EnumerateArray().Any(a => a.GetString() == ComputeAction + "restart");
        });
    }

    [Row("C-270", Must, C, "network up, down", "active, inactive")]
    public static Task Network_goes_up_and_down(Session s) => Toggles(s, s.MakeNetwork, "occi.network.state", (NetworkAction + "down", "inactive"), (NetworkAction + "up", "active"));

    [Row("C-271", Must, C, "storage online, offline", "online, offline")]
    public static Task Storage_goes_on_and_off(Session s) => Toggles(s, s.MakeStorage, "occi.storage.state", (StorageAction + "online", "online"), (StorageAction + "offline", "offline"));

    private static async Task Toggles(Session s, Func<string[], Task<string>> make, string state, params (string Action, string State)[] steps)
    {
        var path = await make([]);
        await s.Becomes(path, state, [.. steps.Select(t => t.State)]);
        foreach (var (action, reached) in steps.Concat(steps))
        {
            Expect.Status(await s.Act(path, action), 200);
            await s.Becomes(path, state, reached);
        }
    }

    [Row("C-272", Must, C, "POST storage with a larger occi.storage.size", "resized; or 4xx/501 if impossible")]
    public static async Task Storage_grows(Session s)
    {
        var path = await s.MakeStorage();
        var response = await s.Me.Post(path, Compose.Attribute("occi.storage.size", "2.0"));
        if (response.Status is >= 400 and < 500 or 501)
        {
            Expect.That(decimal.Parse((await s.Attribute(path, "occi.storage.size"))!, System.Globalization.CultureInfo.InvariantCulture) == 1, "the size unchanged", response);
            return;
        }
        Expect.Status(response, 200, 201);
        await s.Until("the size is 2", async () => decimal.Parse((await s.Attribute(path, "occi.storage.size"))!, System.Globalization.CultureInfo.InvariantCulture) == 2);
    }

    [Row("C-276", Must, C, "GET networkinterface", "interface, mac and state")]
    public static async Task A_nic_shows_itself(Session s)
    {
        var link = await Linked(s, NetworkInterface, await s.MakeNetwork());
        await s.Until("interface, mac and state are shown", async () => HasAll(await s.Read(link), "occi.networkinterface.interface", "occi.networkinterface.mac", "occi.networkinterface.state"));
    }

    [Row("C-277", Must, C, "GET storagelink", "deviceid and state")]
    public static async Task A_storage_link_shows_itself(Session s)
    {
        var link = await Linked(s, StorageLink, await s.MakeStorage());
        await s.Until("deviceid and state are shown", async () => HasAll(await s.Read(link), "occi.storagelink.deviceid", "occi.storagelink.state"));
    }

    internal static async Task<string> Linked(Session s, string kind, string target, params string[] lines)
    {
        var compute = await s.MakeCompute();
        return await s.Make(kind, [Compose.Text("occi.core.source", compute), Compose.Text("occi.core.target", target), .. lines]);
    }

    internal static bool HasAll(JsonElement entity, params string[] names) => names.All(n => Session.AttributeOf(entity, n) is { Length: > 0 });

    [Row("C-288", Int, R, "GET /-/", "the 1.1 superset: compute.speed; storage backup, snapshot, resize")]
    public static Task The_old_model_is_in_it(Session s)
    {
        Expect.That(s.Model.Get(Compute).Attributes.ContainsKey("occi.compute.speed"), "occi.compute.speed of compute");
        foreach (var action in new[] { "backup", "snapshot", "resize" })
            Expect.That(s.Model.Get(Storage).Actions.Contains(StorageAction + action) && s.Model.Find(StorageAction + action)?.Class == "action", $"the action {action} of storage");
        return Task.CompletedTask;
    }
}
