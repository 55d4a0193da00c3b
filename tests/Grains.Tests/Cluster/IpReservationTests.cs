using Controller.Contracts;
using Controller.Testing;
using Occi;
using Occi.Core;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

[Collection("cluster")]
public sealed class IpReservationTests(ClusterFixture cluster) : IAsyncLifetime
{
    private const string Range = "198.51.100.0/29";
    private static readonly Caller Admin = new(Guid.NewGuid(), Role.Admin, "admin");
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private static readonly Caller Stranger = new(Guid.NewGuid(), Role.Member, "stranger");
    private readonly Guid _public = Guid.NewGuid();
    private ScriptedAgent _host = null!;   // set by InitializeAsync

    public async Task InitializeAsync()
    {
        _host = await cluster.Host(features: ["floating-addresses", "physical-network:public"]);
        Assert.Equal(OutcomeKind.Created, (await Make(Admin, Model.Network.Kind, _public, [Model.IpNetwork.Mixin, Networking.Bridged, Networking.Floating], (Networking.Physical, "public"), (Model.IpNetwork.Address, Range))).Kind);
    }

    public async Task DisposeAsync()
    {
        Assert.True((await cluster.Entity("network", _public).Delete(new(Admin))).Ok);
        await Gone(_public);
        await cluster.Retire(_host);
    }

    [Fact]
    public async Task An_address_is_a_projects_and_one_computes_until_the_machine_has_let_it_go()
    {
        var (network, reservation, compute, nic) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await Make(Me, Model.Network.Kind, network, [Model.IpNetwork.Mixin]);
        // There is one public network, so none has to be named; it is another project's, which does not matter.
        var reserved = await Make(Me, Model.IpReservation.Kind, reservation, []);
        Assert.Equal((OutcomeKind.Created, null), (reserved.Kind, reserved.Why));
        var address = reserved.View!.Attributes[Model.IpReservation.Address.Name].Text;
        Assert.Equal(("198.51.100.2", "false"), (address, reserved.View.Attributes[Model.IpReservation.Used.Name].Text));
        Assert.Null(await cluster.Entity("ipreservation", reservation).View(Stranger));
        Assert.Equal(OutcomeKind.Conflict, (await cluster.Entity("network", _public).Delete(new(Admin))).Kind);

        var floating = Link("/ipreservation/" + reservation);
        var made = await cluster.Entity("compute", compute).Create(new()
        {
            Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString(), Links = [floating, Link("/network/" + network) with { Id = nic }],
        });
        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        await Eventually.Is("the machine's NIC has the address", () => Task.FromResult(
            Nic(compute) is { } found && found.Link == nic && found.Device == "eth0" && found.Floating is [var one] && one == new FloatingAddress(_public, address, Range, "198.51.100.1")));
        Assert.True(_host.Wanted.ContainsKey(_public));
        await Eventually.Is("the link is active", async () => (await cluster.Entity("networkinterface", floating.Id).View(Me))!.Attributes[Model.NetworkInterface.State.Name].Text == "active");
        var link = (await cluster.Entity("networkinterface", floating.Id).View(Me))!;
        Assert.Equal((address, $"/ipreservation/{reservation}"), (link.Attributes[Model.IpNetworkInterface.Address.Name].Text, link.Attributes[CoreKinds.Target.Name].Text));
        Assert.DoesNotContain(Model.NetworkInterface.Mac.Name, link.Attributes.Keys);
        Assert.Equal("true", await Used(reservation));
        Assert.Equal(OutcomeKind.Conflict, (await cluster.Entity("ipreservation", reservation).Delete(new(Me))).Kind);
        var second = await Add(compute, reservation);
        Assert.Equal((OutcomeKind.Conflict, $"The address {address} is in use, by the link {floating.Id}."), (second.Kind, second.Why));

        // While a host may still have it, nobody else gets it.
        _host.Held = true;
        Assert.True((await cluster.Entity("networkinterface", floating.Id).Delete(new(Me))).Ok);
        await Eventually.Is("the machine is wanted without it", () => Task.FromResult(Nic(compute)!.Floating.Length == 0));
        Assert.Contains("still takes the address", (await Add(compute, reservation)).Why, StringComparison.Ordinal);
        Assert.True((await cluster.Entity("ipreservation", reservation).Delete(new(Me))).Ok);
        Assert.Null(await cluster.Entity("ipreservation", reservation).View(Me));
        Assert.Equal((OutcomeKind.Done, null), await cluster.Entity("network", _public).MayDelete(new(Admin), []) is var may ? (may.Kind, may.Why) : default);
        Assert.Equal(1, await cluster.Count("SELECT count(*) FROM address_claim WHERE link = $1", reservation));
        await _host.Release();
        await Gone(reservation);
        await Gone(floating.Id);

        Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        await Gone(nic);
        Assert.True((await cluster.Entity("network", network).Delete(new(Me))).Ok);
        await Gone(compute);
    }

    [Fact]
    public async Task There_are_only_as_many_as_the_range_has_and_an_address_can_be_asked_for()
    {
        var asked = Guid.NewGuid();
        var made = await Make(Me, Model.IpReservation.Kind, asked, [], (Model.IpReservation.Address, "198.51.100.6"), (Model.IpReservation.Pool, "/network/" + _public));
        Assert.Equal("198.51.100.6", made.View!.Attributes[Model.IpReservation.Address.Name].Text);
        Assert.Contains("taken", (await Make(Me, Model.IpReservation.Kind, Guid.NewGuid(), [], (Model.IpReservation.Address, "198.51.100.6"))).Why, StringComparison.Ordinal);
        Assert.Contains("does not lie in", (await Make(Me, Model.IpReservation.Kind, Guid.NewGuid(), [], (Model.IpReservation.Address, "203.0.113.6"))).Why, StringComparison.Ordinal);
        var others = Enumerable.Range(0, 4).Select(_ => Guid.NewGuid()).ToArray();
        foreach (var other in others)
            Assert.Equal(OutcomeKind.Created, (await Make(Me, Model.IpReservation.Kind, other, [])).Kind);
        var none = Guid.NewGuid();
        Assert.Equal(OutcomeKind.Conflict, (await Make(Me, Model.IpReservation.Kind, none, [])).Kind);
        await Gone(none);
        foreach (var id in others.Append(asked))
        {
            Assert.True((await cluster.Entity("ipreservation", id).Delete(new(Me))).Ok);
            await Gone(id);
        }
    }

    [Fact]
    public async Task What_is_no_public_network_gives_no_addresses()
    {
        var network = Guid.NewGuid();
        await Make(Me, Model.Network.Kind, network, [Model.IpNetwork.Mixin]);
        var refused = await Make(Me, Model.IpReservation.Kind, Guid.NewGuid(), [], (Model.IpReservation.Pool, "/network/" + network));
        Assert.Equal((OutcomeKind.Invalid, $"There is no network {network} whose addresses can be reserved."), (refused.Kind, refused.Why));
        Assert.Equal(OutcomeKind.Invalid, (await Make(Me, Model.Network.Kind, Guid.NewGuid(), [Model.IpNetwork.Mixin, Networking.Floating])).Kind);
        Assert.Equal(OutcomeKind.Forbidden, (await Make(Me, Model.Network.Kind, Guid.NewGuid(), [Model.IpNetwork.Mixin, Networking.Bridged, Networking.Floating], (Networking.Physical, "public"), (Model.IpNetwork.Address, Range))).Kind);
        Assert.True((await cluster.Entity("network", network).Delete(new(Me))).Ok);
        await Gone(network);
    }

    private DesiredNic? Nic(Guid compute) => _host.Wanted.TryGetValue(compute, out var wanted) && wanted is DesiredMachine { Nics: [var nic] } ? nic : null;

    private async Task<string> Used(Guid reservation) => (await cluster.Entity("ipreservation", reservation).View(Me))!.Attributes[Model.IpReservation.Used.Name].Text;

    private Task<Outcome> Add(Guid compute, Guid reservation)
    {
        var link = Link("/ipreservation/" + reservation);
        link.Attributes[CoreKinds.Source.Name] = AttributeValue.Of("/compute/" + compute);
        return cluster.Entity("networkinterface", link.Id).Create(link);
    }

    private static CreateEntity Link(string target) => new()
    {
        Caller = Me, Id = Guid.NewGuid(), Kind = Model.NetworkInterface.Kind.ToString(), Attributes = new() { [CoreKinds.Target.Name] = AttributeValue.Of(target) },
    };

    private Task<Outcome> Make(Caller caller, Kind kind, Guid id, Mixin[] mixins, params (Attr Attr, string Value)[] attributes) => cluster.Entity(kind.Id.Term, id).Create(new()
    {
        Caller = caller, Id = id, Kind = kind.ToString(), Mixins = [.. mixins.Select(m => m.ToString())], Attributes = attributes.ToDictionary(a => a.Attr.Name, a => AttributeValue.Of(a.Value)),
    });

    /// <summary>Nothing of it is left in any table.</summary>
    private Task Gone(Guid id) => Eventually.Is($"nothing is left of {id}", async () =>
        await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", id)
        + await cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", id)
        + await cluster.Count("SELECT count(*) FROM subnet_claim WHERE network = $1", id)
        + await cluster.Count("SELECT count(*) FROM address_claim WHERE link = $1", id) == 0);
}
