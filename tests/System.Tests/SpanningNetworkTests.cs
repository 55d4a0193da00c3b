using System.Text;
using Controller.SystemTests.Harness;

namespace Controller.SystemTests;

/// <summary>Tenants' networks on several real hosts.</summary>
public sealed class SpanningNetworkTests(Fleet fleet) : IClassFixture<Fleet>
{
    [LibvirtFact]
    public async Task Machines_on_different_hosts_ping_each_other_and_reach_nobody_on_another_network()
    {
        var red = await fleet.Cloud.Create("network", "--title", "red", "-m", "ipnetwork", "-a", "address=10.95.0.0/24");
        var blue = await fleet.Cloud.Create("network", "--title", "blue", "-m", "ipnetwork", "-m", "private_net", "-a", "address=10.96.0.0/24");
        var target = await Machine("target", "red", "echo here");
        var address = target.Link("networkinterface")["occi.networkinterface.address"]!;
        var neighbour = await Machine("neighbour", "red", Scripts.Reach(address));
        var stranger = await Machine("stranger", "blue", Scripts.Reach(address));
        Assert.NotEqual((await fleet.HostOf(target)).Name, (await fleet.HostOf(neighbour)).Name);

        await new Guest(fleet.Api, neighbour).Says($"REACH {address} yes");
        var far = new Guest(fleet.Api, stranger);
        await far.Says("DEMO: lease eth0 address=10.96.0");
        await far.Says($"(REACH {address} no\\s+){{3}}");
        Assert.Equal(0, far.Times($"REACH {address} yes"));

        await fleet.Cloud.Run("occi", "delete", "target", "neighbour", "stranger", "red", "blue", "--wait");
        await fleet.HasForgotten(target, neighbour, stranger, red, blue);
    }

    private Task<Entity> Machine(string title, string network, string script) => fleet.Cloud.Create(
        "compute", "--title", title, "-m", "demo", "-a", "cores=1", "-a", "memory=0.25", "--link", network, "-m", "user_data",
        "-a", "occi.compute.userdata=" + Convert.ToBase64String(Encoding.UTF8.GetBytes(script.StartsWith("#!", StringComparison.Ordinal) ? script : "#!/bin/sh\n" + script)));
}
