using Controller.Contracts;
using Controller.Testing;
using Occi;
using Occi.Core;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

[Collection("cluster")]
public sealed class SecurityGroupTests(ClusterFixture cluster) : IAsyncLifetime
{
    private const string Ssh = """{"direction":"ingress","protocol":"tcp","ports":22}""", Web = """{"direction":"ingress","protocol":"tcp","ports":80}""";
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private static readonly Caller Stranger = new(Guid.NewGuid(), Role.Member, "stranger");
    private ScriptedAgent _host = null!;   // set by InitializeAsync

    public async Task InitializeAsync() => _host = await cluster.Host(features: "security-groups");

    public Task DisposeAsync() => cluster.Retire(_host);

    [Fact]
    public async Task A_machine_has_the_rules_of_its_groups_and_every_change_of_them()
    {
        var (network, ssh, web) = (await Create(Model.Network.Kind, [Model.IpNetwork.Mixin]), await Group(Ssh), await Group(Web));
        var nics = new[] { Link(Model.NetworkInterface.Kind, "/network/" + network), Link(Model.NetworkInterface.Kind, "/network/" + network) };
        var ofAll = Link(SecurityGroupLink.Kind, "/securitygroup/" + ssh);
        var ofOne = Link(SecurityGroupLink.Kind, "/securitygroup/" + web);
        ofOne.Attributes[SecurityGroupLink.Nic.Name] = AttributeValue.Of("/networkinterface/" + nics[1].Id);
        var compute = Guid.NewGuid();
        var made = await cluster.Entity("compute", compute).Create(new() { Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString(), Links = [ofAll, .. nics, ofOne] });

        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        await Ports(compute, nics[0].Id, 22);
        await Ports(compute, nics[1].Id, 22, 80);
        await State("securitygrouplink", ofAll.Id, SecurityGroupLink.State, "active");

        // A change reaches the machine, and the group says when all have it.
        _host.Held = true;
        var generation = _host.Wanted[compute].Generation;
        Assert.True((await Rules(ssh, Ssh.Replace("22", "2222", StringComparison.Ordinal))).Ok);
        await Ports(compute, nics[0].Id, 2222);
        await Ports(compute, nics[1].Id, 80, 2222);
        Assert.True(_host.Wanted[compute].Generation > generation);
        await State("securitygroup", ssh, SecurityGroup.State, "active");
        await _host.Release();

        // One that is in use stays, and says who uses it; without the link it may go, and the machine is in the other group only.
        var refused = await cluster.Entity("securitygroup", ssh).Delete(new(Me));
        Assert.Equal(OutcomeKind.Conflict, refused.Kind);
        Assert.Contains(ofAll.Id.ToString(), refused.Why, StringComparison.Ordinal);
        Assert.True((await cluster.Entity("securitygrouplink", ofAll.Id).Delete(new(Me))).Ok);
        Assert.True((await cluster.Entity("securitygroup", ssh).Delete(new(Me))).Ok);
        await Eventually.Is("the first NIC is in no group", () => Task.FromResult(!Nic(compute, nics[0].Id)!.Filtered));
        await Ports(compute, nics[1].Id, 80);
        await Gone(ofAll.Id);

        // Later, on its own.
        var later = await Add(compute, web);
        Assert.Equal((OutcomeKind.Created, null), (later.Kind, later.Why));
        await Ports(compute, nics[0].Id, 80);
        await State("securitygrouplink", later.View!.Id, SecurityGroupLink.State, "active");

        Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        foreach (var id in new[] { compute, ofOne.Id, later.View.Id, nics[0].Id })
            await Gone(id);
        Assert.True((await cluster.Entity("securitygroup", web).Delete(new(Me))).Ok);
        Assert.True((await cluster.Entity("network", network).Delete(new(Me))).Ok);
        await Gone(web);
    }

    /// <summary>The signal to a link may get lost with a silo: the group's row says that it is owed.</summary>
    [Fact]
    public async Task A_change_that_no_link_heard_of_is_told_again()
    {
        var (network, group) = (await Create(Model.Network.Kind, [Model.IpNetwork.Mixin]), await Group(Ssh));
        var nic = Link(Model.NetworkInterface.Kind, "/network/" + network);
        var link = Link(SecurityGroupLink.Kind, "/securitygroup/" + group);
        var compute = Guid.NewGuid();
        Assert.True((await cluster.Entity("compute", compute).Create(new() { Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString(), Links = [nic, link] })).Ok);
        await State("compute", compute, Model.Compute.State, "active");

        // As if the signal had been lost: the link says what it has, and that is not enough.
        var grain = cluster.Grains.GetGrain<ISecurityGroupGrain>(GrainId.Create("securitygroup", GrainKeys.Of("securitygroup", group)));
        Assert.True((await Rules(group, Web)).Ok);
        await Eventually.Is("the group is not owed anything", async () => await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1 AND due IS NOT NULL", group) == 0);
        await Ports(compute, nic.Id, 80);

        var links = cluster.Grains.GetGrain<ISecurityGroupLinkGrain>(GrainId.Create("securitygrouplink", GrainKeys.Of("securitygrouplink", link.Id)));
        await links.RulesChanged(1, []);   // an old signal that comes late changes nothing
        await grain.Taken(link.Id, 1);
        Assert.Equal(80, (await links.Attachment())!.Group!.Rules.Single().FirstPort);
        Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        await Gone(link.Id);
        Assert.True((await cluster.Entity("securitygroup", group).Delete(new(Me))).Ok);
        Assert.True((await cluster.Entity("network", network).Delete(new(Me))).Ok);
    }

    [Fact]
    public async Task What_cannot_be_is_refused_and_leaves_nothing()
    {
        var (network, group) = (await Create(Model.Network.Kind, [Model.IpNetwork.Mixin]), await Group(Ssh));
        var refused = await cluster.Entity("securitygroup", Guid.NewGuid()).Create(new()
        {
            Caller = Me, Id = Guid.NewGuid(), Kind = SecurityGroup.Kind.ToString(), Attributes = new() { [SecurityGroup.Rules.Name] = AttributeValue.OfJson("""[{"direction":"up"}]""") },
        });
        Assert.Equal(OutcomeKind.Invalid, refused.Kind);
        Assert.Equal(OutcomeKind.Invalid, (await Rules(group, """{"direction":"up"}""")).Kind);
        Assert.Equal(OutcomeKind.NotFound, (await cluster.Entity("securitygroup", group).Delete(new(Stranger))).Kind);
        Assert.Null(await cluster.Entity("securitygroup", group).View(Stranger));

        var compute = await Create(Model.Compute.Kind, []);
        var strangers = await cluster.Entity("compute", Guid.NewGuid()).Create(new()
        {
            Caller = Stranger, Id = Guid.NewGuid(), Kind = Model.Compute.Kind.ToString(), Links = [Link(SecurityGroupLink.Kind, "/securitygroup/" + group) with { Caller = Stranger }],
        });
        Assert.Equal((OutcomeKind.Invalid, $"There is no security group {group}."), (strangers.Kind, strangers.Why));
        // A NIC that the compute has not would leave a machine open that was meant to be guarded.
        var elsewhere = Link(SecurityGroupLink.Kind, "/securitygroup/" + group);
        elsewhere.Attributes[SecurityGroupLink.Nic.Name] = AttributeValue.Of("/networkinterface/" + Guid.NewGuid());
        Assert.Equal(OutcomeKind.Invalid, (await cluster.Entity("compute", compute).Update(new() { Caller = Me, Links = [elsewhere] })).Kind);
        Assert.Equal(OutcomeKind.Invalid, (await Add(compute, group, elsewhere.Attributes[SecurityGroupLink.Nic.Name])).Kind);
        await Gone(elsewhere.Id);
        for (var groups = 0; groups < 10; groups++)
            Assert.Equal(OutcomeKind.Created, (await Add(compute, group)).Kind);
        var eleventh = await Add(compute, group);
        Assert.Equal((OutcomeKind.Conflict, "A compute can be in 10 security groups, and was to be in 11."), (eleventh.Kind, eleventh.Why));

        Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        await Gone(compute);
        Assert.True((await cluster.Entity("securitygroup", group).Delete(new(Me))).Ok);
        Assert.True((await cluster.Entity("network", network).Delete(new(Me))).Ok);
    }

    /// <summary>An agent of before would let everything through and say nothing of it.</summary>
    [Fact]
    public async Task A_host_that_enforces_no_groups_gets_no_machine_in_one()
    {
        await cluster.Retire(_host);
        _host = await cluster.Host();
        var group = await Group(Ssh);
        var id = Guid.NewGuid();
        var link = Link(SecurityGroupLink.Kind, "/securitygroup/" + group);
        var refused = await cluster.Entity("compute", id).Create(new() { Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString(), Links = [link] });
        Assert.Equal(OutcomeKind.NoCapacity, refused.Kind);
        Assert.Contains("security-groups", refused.Why, StringComparison.Ordinal);
        await Gone(link.Id);

        var compute = await Create(Model.Compute.Kind, []);
        await State("compute", compute, Model.Compute.State, "active");
        Assert.Equal(OutcomeKind.Conflict, (await Add(compute, group)).Kind);
        Assert.True((await cluster.Entity("securitygroup", group).Delete(new(Me))).Ok);
        Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        await Gone(compute);
    }

    private Task<Guid> Group(params string[] rules) =>
        Create(SecurityGroup.Kind, [], (SecurityGroup.Rules, AttributeValue.OfJson($"[{string.Join(',', rules)}]")));

    private Task<Outcome> Rules(Guid group, params string[] rules) => cluster.Entity("securitygroup", group).Update(
        new() { Caller = Me, Attributes = new() { [SecurityGroup.Rules.Name] = AttributeValue.OfJson($"[{string.Join(',', rules)}]") } });

    private Task<Outcome> Add(Guid compute, Guid group, AttributeValue? nic = null)
    {
        var link = Link(SecurityGroupLink.Kind, "/securitygroup/" + group);
        link.Attributes[CoreKinds.Source.Name] = AttributeValue.Of("/compute/" + compute);
        if (nic is { } meant)
            link.Attributes[SecurityGroupLink.Nic.Name] = meant;
        return cluster.Entity("securitygrouplink", link.Id).Create(link);
    }

    private DesiredNic? Nic(Guid compute, Guid nic) =>
        _host.Wanted.TryGetValue(compute, out var wanted) && wanted is DesiredMachine machine ? machine.Nics.FirstOrDefault(n => n.Link == nic) : null;

    private Task Ports(Guid compute, Guid nic, params int?[] ports) => Eventually.Is(
        $"NIC {nic} lets {string.Join(" and ", ports)} in",
        () => Task.FromResult(Nic(compute, nic) is { Filtered: true } found && found.Rules.Select(r => r.FirstPort).Order().SequenceEqual(ports)));

    private static CreateEntity Link(Kind kind, string target) => new()
    {
        Caller = Me, Id = Guid.NewGuid(), Kind = kind.ToString(), Attributes = new() { [CoreKinds.Target.Name] = AttributeValue.Of(target) },
    };

    private async Task<Guid> Create(Kind kind, Mixin[] mixins, params (Attr Attr, AttributeValue Value)[] attributes)
    {
        var id = Guid.NewGuid();
        var outcome = await cluster.Entity(kind.Id.Term, id).Create(new()
        {
            Caller = Me, Id = id, Kind = kind.ToString(), Mixins = [.. mixins.Select(m => m.ToString())],
            Attributes = attributes.ToDictionary(a => a.Attr.Name, a => a.Value),
        });
        Assert.Equal((OutcomeKind.Created, null), (outcome.Kind, outcome.Why));
        return id;
    }

    private Task State(string term, Guid id, Attr attribute, string state) => Eventually.Is(
        $"{term} {id} is {state}", async () => await cluster.Entity(term, id).View(Me) is { } view && view.Attributes[attribute.Name].Text == state);

    /// <summary>Nothing of it is left in any table.</summary>
    private Task Gone(Guid id) => Eventually.Is($"nothing is left of {id}", async () =>
        await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", id)
        + await cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", id)
        + await cluster.Count("SELECT count(*) FROM address_claim WHERE link = $1", id) == 0);
}
