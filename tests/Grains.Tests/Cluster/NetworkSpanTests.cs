using Controller.Contracts;
using Controller.Testing;
using Occi;
using Occi.Core;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>One network on two hosts: what each is told of the other, as machines come and go.</summary>
[Collection("cluster")]
public sealed class NetworkSpanTests(ClusterFixture cluster) : IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private readonly List<ScriptedAgent> _hosts = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Task.WhenAll(_hosts.Select(cluster.Retire));

    [Fact]
    public async Task Hosts_of_a_network_know_each_other_while_each_has_a_machine_on_it()
    {
        var network = await Network([Model.IpNetwork.Mixin, Networking.Ipv6, Networking.Settings], (Networking.Dns, "192.0.2.1 192.0.2.2"));
        var one = await Host("10.77.0.1");
        var first = await Machine(network);
        await Eventually.Is("the first host has it alone", () => Told(one, network, []));
        var told = (DesiredNetwork)one.Wanted[network];
        Assert.Equal(1450, told.Mtu);
        Assert.Equal(["192.0.2.1", "192.0.2.2"], told.Dns);
        await cluster.Retire(one);

        var other = await Host("10.77.0.2");
        var second = await Machine(network);
        await Eventually.Is("each host knows the other", async () => await Told(one, network, "10.77.0.2") && await Told(other, network, "10.77.0.1"));
        Assert.True(told.Vni > 0);
        Assert.Equal((told.Vni, told.Cidr6), (((DesiredNetwork)other.Wanted[network]).Vni, ((DesiredNetwork)other.Wanted[network]).Cidr6));
        Assert.Null(await Message(network));
        var nic = ((DesiredMachine)other.Wanted[second]).Nics.Single();
        Assert.True(System.Net.IPNetwork.Parse(told.Cidr6!).Contains(System.Net.IPAddress.Parse(nic.Address6!)), $"{nic.Address6} lies in {told.Cidr6}");
        Assert.Equal(nic.Address6, ((DesiredNetwork)one.Wanted[network]).Reservations.Single(r => r.Mac == nic.Mac).Address6);

        // The last machine of a host takes the network along, and a next one brings it back.
        await Delete("compute", second);
        await Eventually.Is("the host is to let it go", async () => other.Wanted[network].Absent && await Told(one, network, []));
        await Eventually.Is("nothing is noted there", async () => (await cluster.Count("SELECT count(*) FROM host_claim WHERE host = $1", other.Id)) == 0);
        var third = await Machine(network);
        await Eventually.Is("each host knows the other again", async () => await Told(one, network, "10.77.0.2") && await Told(other, network, "10.77.0.1"));

        await Delete("compute", first);
        await Delete("compute", third);
        await Delete("network", network);
        await Eventually.Is("its claims are gone", async () => (await cluster.Count("SELECT (SELECT count(*) FROM vni_claim WHERE network = $1) + (SELECT count(*) FROM subnet6_claim WHERE network = $1)", network)) == 0);
    }

    [Fact]
    public async Task A_host_that_is_to_let_a_network_go_and_needs_it_again_gets_it_afterwards()
    {
        var network = await Network([Model.IpNetwork.Mixin]);
        var host = await Host("10.77.0.3");
        var first = await Machine(network);
        await Eventually.Is("the host has it", () => Told(host, network, []));
        var grain = cluster.Grains.GetGrain<INetworkGrain>(GrainId.Create("network", GrainKeys.Of("network", network)));

        host.Held = true;
        await cluster.Entity("compute", first).Delete(new(Me));
        await Eventually.Is("the host is to end the machine", () => Task.FromResult(host.Wanted[first].Absent));
        await host.Report(host.Wanted[first]);   // the machine is gone; what comes of it is not done yet
        await Eventually.Is("the host is to let it go", () => Task.FromResult(host.Wanted[network].Absent));
        var leaving = host.Wanted[network];
        await grain.EnsureOn(host.Id);
        Assert.True(host.Wanted[network].Absent);
        host.Held = false;
        await host.Report(leaving);
        await Eventually.Is("it has it again", () => Task.FromResult(!host.Wanted[network].Absent && host.Wanted[network].Generation > leaving.Generation));
        await Delete("network", network);
    }

    [Fact]
    public async Task A_network_says_when_its_hosts_are_apart_and_learns_of_an_address_that_comes_later()
    {
        var network = await Network([Model.IpNetwork.Mixin]);
        var one = await Host(null);
        var first = await Machine(network);
        await Eventually.Is("the first host has it", () => Told(one, network, []));
        Assert.Equal((0, 0), (((DesiredNetwork)one.Wanted[network]).Vni, ((DesiredNetwork)one.Wanted[network]).Mtu));
        Assert.Null(await Message(network));
        await cluster.Retire(one);
        var other = await Host("10.77.0.5");
        var second = await Machine(network);
        await Eventually.Is("it says so", async () => await Message(network) is { } message && message.Contains($"Machines on host {one.Id} do not reach", StringComparison.Ordinal));

        one.Says(underlay: "10.77.0.4");
        await one.Connect();
        await Eventually.Is("each host knows the other", async () => await Told(one, network, "10.77.0.5") && await Told(other, network, "10.77.0.4"));
        Assert.Null(await Message(network));
        await Delete("compute", first);
        await Delete("compute", second);
        await Delete("network", network);
    }

    [Fact]
    public async Task A_network_of_the_world_outside_is_for_admins()
    {
        var id = Guid.NewGuid();
        CreateEntity Wish(Role role, params (Attr Attr, string Value)[] attributes) => new()
        {
            Caller = Me with { Role = role }, Id = id, Kind = Model.Network.Kind.ToString(), Mixins = [Networking.Bridged.ToString(), Model.IpNetwork.Mixin.ToString()],
            Attributes = attributes.Append((Attr: Networking.Physical, Value: "public")).ToDictionary(a => a.Attr.Name, a => AttributeValue.Of(a.Value)),
        };
        Assert.Equal(OutcomeKind.Forbidden, (await cluster.Entity("network", id).Create(Wish(Role.Member, (Model.IpNetwork.Address, "198.51.100.0/24")))).Kind);
        Assert.Equal(OutcomeKind.Invalid, (await cluster.Entity("network", id).Create(Wish(Role.Admin))).Kind);
        Assert.Equal(OutcomeKind.Created, (await cluster.Entity("network", id).Create(Wish(Role.Admin, (Model.IpNetwork.Address, "198.51.100.0/24")))).Kind);

        // A host that has no such network gets no machine that is to be on it.
        await Host("10.77.0.7");
        var without = Compute(id);
        var nowhere = await cluster.Entity("compute", without.Id).Create(without);
        Assert.Equal(OutcomeKind.NoCapacity, nowhere.Kind);
        Assert.Contains("1 without physical-network:public", nowhere.Why, StringComparison.Ordinal);
        var host = await Host("10.77.0.6", "physical-network:public");
        var machine = await Machine(id);
        await Eventually.Is("the host has it", () => Told(host, id, []));
        var told = (DesiredNetwork)host.Wanted[id];
        Assert.Equal(("public", null, false, 0, 0), (told.Physical, told.Cidr, told.Nat, told.Vni, told.Reservations.Length));
        var nic = ((DesiredMachine)host.Wanted[machine]).Nics.Single();
        Assert.Equal(("198.51.100.2", false, 24, "198.51.100.1"), (nic.Address, nic.Settings!.Dhcp, nic.Settings.PrefixLength, nic.Settings.Gateway));
        await Delete("compute", machine);
        await Delete("network", id);
    }

    [Fact]
    public async Task A_network_of_the_world_outside_gives_out_what_is_to_be_given_out()
    {
        var (id, admin) = (Guid.NewGuid(), Me with { Role = Role.Admin });
        CreateEntity Wish(string given) => new()
        {
            Caller = admin, Id = id, Kind = Model.Network.Kind.ToString(), Mixins = [Networking.Bridged.ToString(), Networking.Floating.ToString(), Model.IpNetwork.Mixin.ToString()],
            Attributes = new()
            {
                [Networking.Physical.Name] = AttributeValue.Of("public"), [Model.IpNetwork.Address.Name] = AttributeValue.Of("198.51.100.0/24"), [Networking.Given.Name] = AttributeValue.Of(given),
            },
        };
        foreach (var wrong in (string[])["198.51.100.9-198.51.100.8", "198.51.100.9-198.51.101.1", "198.51.100.9-1.2.3.999"])
        {
            var refused = await cluster.Entity("network", id).Create(Wish(wrong));
            Assert.Equal(
                (OutcomeKind.Invalid, $"{Networking.Given.Name}: the first and the last of addresses in 198.51.100.0/24 were wanted, {wrong.Replace("-", " and ", StringComparison.Ordinal)} were given."),
                (refused.Kind, refused.Why));
        }
        Assert.Equal(OutcomeKind.Created, (await cluster.Entity("network", id).Create(Wish("198.51.100.8-198.51.100.8"))).Kind);
        var grain = cluster.Grains.GetGrain<INetworkGrain>(GrainId.Create("network", GrainKeys.Of("network", id)));
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        Assert.Equal("198.51.100.8", (await grain.Reserve(first, null)).Address!.Address);
        Assert.Equal(OutcomeKind.Conflict, (await grain.Reserve(second, null)).Outcome.Kind);
        var changed = await cluster.Entity("network", id).Update(new()
        {
            Caller = admin, Replace = false, Attributes = new() { [Networking.Given.Name] = AttributeValue.Of("198.51.100.8-198.51.100.20") },
        });
        Assert.Equal((OutcomeKind.Done, null), (changed.Kind, changed.Why));
        Assert.Equal("198.51.100.9", (await grain.Reserve(second, null)).Address!.Address);
        foreach (var reservation in (Guid[])[first, second])
            await grain.Unreserve(reservation);
        await Delete("network", id);
    }

    private async Task<ScriptedAgent> Host(string? underlay, params string[] features)
    {
        var host = await cluster.Host(underlay: underlay, features: features);
        _hosts.Add(host);
        return host;
    }

    private static Task<bool> Told(ScriptedAgent host, Guid network, params string[] peers) => Task.FromResult(
        host.Wanted.TryGetValue(network, out var wanted) && wanted is DesiredNetwork { Absent: false } told && told.Peers.SequenceEqual(peers));

    private async Task<string?> Message(Guid network) =>
        (await cluster.Entity("network", network).View(Me))!.Attributes.TryGetValue(Model.Network.StateMessage.Name, out var message) ? message.Text : null;

    private async Task<Guid> Network(Mixin[] mixins, params (Attr Attr, string Value)[] attributes)
    {
        var id = Guid.NewGuid();
        var made = await cluster.Entity("network", id).Create(new()
        {
            Caller = Me, Id = id, Kind = Model.Network.Kind.ToString(), Mixins = [.. mixins.Select(m => m.ToString())],
            Attributes = attributes.ToDictionary(a => a.Attr.Name, a => AttributeValue.Of(a.Value)),
        });
        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        return id;
    }

    /// <summary>On the one host that is up.</summary>
    private async Task<Guid> Machine(Guid network)
    {
        var compute = Compute(network);
        var id = compute.Id;
        var made = await cluster.Entity("compute", id).Create(compute);
        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        await Eventually.Is($"{id} is active", async () => (await cluster.Entity("compute", id).View(Me))!.Attributes[Model.Compute.State.Name].Text == "active");
        return id;
    }

    private static CreateEntity Compute(Guid network) => new()
    {
        Caller = Me, Id = Guid.NewGuid(), Kind = Model.Compute.Kind.ToString(),
        Links =
        [
            new()
            {
                Caller = Me, Id = Guid.NewGuid(), Kind = Model.NetworkInterface.Kind.ToString(),
                Attributes = new() { [CoreKinds.Target.Name] = AttributeValue.Of("/network/" + network) },
            },
        ],
    };

    private async Task Delete(string term, Guid id)
    {
        var gone = await cluster.Entity(term, id).Delete(new(Me));
        Assert.True(gone.Ok, gone.Why);
        await Eventually.Is($"nothing is left of {id}", async () => await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", id) == 0);
    }
}
