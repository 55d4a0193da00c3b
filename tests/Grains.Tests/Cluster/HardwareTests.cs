using Controller.Contracts;
using Controller.Testing;
using Occi;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>Sizes that change, boards and firmware, and what a guest's agent says.</summary>
[Collection("cluster")]
public sealed class HardwareTests(ClusterFixture cluster) : IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private ScriptedAgent _host = null!;   // set by InitializeAsync

    public async Task InitializeAsync() => _host = await cluster.Host();

    public Task DisposeAsync() => cluster.Retire(_host);

    [Fact]
    public async Task What_a_machine_may_still_have_stays_claimed_until_it_is_seen_without()
    {
        var compute = await Create(4, 4);
        Assert.Equal((4, 4), await Claim(compute));

        // Its host does not take it away from a running guest.
        _host.Seeing = machine => machine with { RestartPending = true };
        await Update(compute, 2, 6);
        Assert.Equal((4, 6), await Claim(compute));
        await Eventually.Is("the machine is seen", async () => (await View(compute)).Attributes.GetValueOrDefault(Model.Compute.StateMessage.Name).Text?.Contains("next start", StringComparison.Ordinal) == true);
        Assert.Equal((4, 6), await Claim(compute));
        Assert.Equal("2", (await View(compute)).Attributes[Model.Compute.Cores.Name].Text);

        _host.Seeing = machine => machine;
        await _host.Report(_host.Wanted[compute]);
        await Eventually.Is("what it has no more is given back", async () => await Claim(compute) == (2, 6));

        // News of before the change says nothing of it.
        _host.Held = true;
        var before = _host.Wanted[compute];
        await Update(compute, 1, 1);
        await _host.Report(before);
        Assert.Equal((2, 6), await Claim(compute));
        await _host.Release();
        await Eventually.Is("all is given back", async () => await Claim(compute) == (1, 1));
        await Delete(compute);
    }

    [Fact]
    public async Task A_change_that_does_not_fit_changes_nothing()
    {
        var compute = await Create(1, 1);
        var refused = await cluster.Entity("compute", compute).Update(new() { Caller = Me, Attributes = Sizes(2, 4000) });
        Assert.Equal(OutcomeKind.NoCapacity, refused.Kind);
        Assert.Equal((1, 1), await Claim(compute));
        Assert.Equal("1", (await View(compute)).Attributes[Model.Compute.Memory.Name].Text);
        await Delete(compute);
    }

    [Fact]
    public async Task A_machine_is_placed_where_its_firmware_and_board_are()
    {
        var asks = new Dictionary<string, AttributeValue> { [Machine.Firmware.Name] = AttributeValue.Of("uefi"), [Machine.Board.Name] = AttributeValue.Of("pc") };
        var refused = await Make(Guid.NewGuid(), asks);
        Assert.Equal((OutcomeKind.NoCapacity, true), (refused.Kind, refused.Why!.Contains("1 without firmware-uefi", StringComparison.Ordinal)));

        var able = await cluster.Host(features: ["firmware-uefi", "machine-pc"]);
        try
        {
            var compute = Guid.NewGuid();
            Assert.Equal(OutcomeKind.Created, (await Make(compute, asks)).Kind);
            await Eventually.Is("the host was told of it", () => Task.FromResult(able.Wanted.ContainsKey(compute)));
            var machine = Assert.IsType<DesiredMachine>(able.Wanted[compute]);
            Assert.Equal((Firmware.Uefi, MachineType.Pc), (machine.Firmware, machine.MachineType));
            var changed = await cluster.Entity("compute", compute).Update(new() { Caller = Me, Attributes = new() { [Machine.Board.Name] = AttributeValue.Of("q35") } });
            Assert.Equal(OutcomeKind.Conflict, changed.Kind);
            Assert.Contains("keeps its board", changed.Why);
            await Delete(compute);
        }
        finally
        {
            await cluster.Retire(able);
        }
    }

    [Fact]
    public async Task What_the_guest_s_agent_says_is_shown()
    {
        var network = Guid.NewGuid();
        await cluster.Entity("network", network).Create(new() { Caller = Me, Id = network, Kind = Model.Network.Kind.ToString() });
        var nic = new CreateEntity
        {
            Caller = Me, Id = Guid.NewGuid(), Kind = Model.NetworkInterface.Kind.ToString(),
            Attributes = new() { [Occi.Core.CoreKinds.Target.Name] = AttributeValue.Of("/network/" + network) },
        };
        _host.Seeing = machine => machine with { AgentConnected = true, Addresses = [new(nic.Id, "fe80::1", 64), new(nic.Id, "192.0.2.7", 24)] };
        var compute = Guid.NewGuid();
        Assert.Equal(OutcomeKind.Created, (await Make(compute, [], nic)).Kind);
        await Eventually.Is("the agent and the address are shown", async () => await View(compute) is { Links: [var link] } view
            && view.Attributes.GetValueOrDefault(Machine.Agent.Name).Text == "connected"
            && link.Attributes.GetValueOrDefault(Model.IpNetworkInterface.Address.Name).Text == "192.0.2.7");
        Assert.Contains(Machine.Mixin.Id.ToString(), (await View(compute)).Mixins);
        Assert.Contains("macaddress", Assert.IsType<DesiredMachine>(_host.Wanted[compute]).NetworkConfig, StringComparison.Ordinal);
        await Delete(compute);
    }

    [Fact]
    public async Task More_links_than_a_machine_has_ports_are_refused()
    {
        var links = Enumerable.Range(0, 16).Select(_ => new CreateEntity
        {
            Caller = Me, Id = Guid.NewGuid(), Kind = Model.NetworkInterface.Kind.ToString(),
            Attributes = new() { [Occi.Core.CoreKinds.Target.Name] = AttributeValue.Of("/network/" + Guid.NewGuid()) },
        }).ToArray();
        var refused = await Make(Guid.NewGuid(), [], links);
        Assert.Equal((OutcomeKind.Invalid, "A compute has ports for 15 storage links and network interfaces in all, and was to have 16."), (refused.Kind, refused.Why));
    }

    private async Task<Guid> Create(int cores, int memory)
    {
        var id = Guid.NewGuid();
        Assert.Equal(OutcomeKind.Created, (await Make(id, Sizes(cores, memory))).Kind);
        await Eventually.Is("it is active", async () => (await View(id)).Attributes[Model.Compute.State.Name].Text == "active");
        return id;
    }

    private Task<Outcome> Make(Guid id, Dictionary<string, AttributeValue> attributes, params CreateEntity[] links) => cluster.Entity("compute", id).Create(new()
    {
        Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString(), Mixins = attributes.ContainsKey(Machine.Board.Name) ? [Machine.Mixin.Id.ToString()] : [],
        Attributes = attributes, Links = links,
    });

    private async Task Update(Guid id, int cores, int memory) =>
        Assert.True((await cluster.Entity("compute", id).Update(new() { Caller = Me, Attributes = Sizes(cores, memory) })).Ok);

    private async Task<EntityView> View(Guid id) => (await cluster.Entity("compute", id).View(Me))!;

    private static Dictionary<string, AttributeValue> Sizes(int cores, int memory) =>
        new() { [Model.Compute.Cores.Name] = AttributeValue.Of(cores), [Model.Compute.Memory.Name] = AttributeValue.Of(memory) };

    /// <summary>Cores and GiB.</summary>
    private async Task<(long, long)> Claim(Guid id) => (
        await cluster.Count("SELECT coalesce(sum(cores), 0)::bigint FROM host_claim WHERE consumer = $1", id),
        await cluster.Count("SELECT coalesce(sum(memory), 0)::bigint FROM host_claim WHERE consumer = $1", id) >> 30);

    private async Task Delete(Guid id)
    {
        Assert.True((await cluster.Entity("compute", id).Delete(new(Me))).Ok);
        await Eventually.Is("it is gone", async () => await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", id) == 0);
    }
}
