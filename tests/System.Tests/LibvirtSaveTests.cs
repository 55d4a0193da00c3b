using Controller.SystemTests.Harness;

namespace Controller.SystemTests;

/// <summary>The action save, with machines that really boot: what a guest wrote is in the template, and in the machines that are made from it.</summary>
[Collection(Fleet.Collection)]
public sealed class LibvirtSaveTests(Fleet fleet) : IAsyncLifetime
{
    private static readonly string[] Small = ["-a", "cores=1", "-a", "memory=0.25"];

    public Task InitializeAsync() => fleet.Sweep();

    public Task DisposeAsync() => Task.CompletedTask;

    [LibvirtFact]
    public async Task What_a_guest_wrote_is_in_the_template_that_it_is_saved_as()
    {
        var (cloud, api) = (fleet.Cloud, fleet.Api);
        var first = await cloud.Create("compute", ["--title", "first", "-m", "demo", .. Small]);
        var (guest, host) = (new Guest(api, first), await fleet.HostOf(first));
        await guest.Says("DEMO: boots 1");
        await guest.Says("DEMO: ready");

        // Hot: the guest does not notice.
        await cloud.Act(first, "save", "-a", "method=hot", "-a", "name=Hot one");
        Assert.Equal(("active", null, "running"), ((await api.Get(first.Path)).State, (await api.Get(first.Path)).Message, await host.StateOf(first)));
        await guest.Now();
        Assert.Equal((1, 0), (guest.Times("DEMO: init"), guest.Times("DEMO: power button")));
        var hot = await cloud.Create("compute", ["--title", "hot", "-m", "hot-one", .. Small]);
        await new Guest(api, hot).Says("DEMO: boots 2");
        await cloud.Run("occi", "delete", "hot", "--wait");

        // Deferred: off, copied, and on again.
        var before = await guest.Now();
        await cloud.Act(first, "restart");
        await guest.Says("DEMO: boots 2", before);
        await guest.Says("DEMO: ready", before);
        before = await guest.Now();
        await cloud.Act(first, "save", "-a", "method=deferred", "-a", "name=cold");
        Assert.Equal(("active", null, "running"), ((await api.Get(first.Path)).State, (await api.Get(first.Path)).Message, await host.StateOf(first)));
        await guest.Says("DEMO: power button", before);
        await guest.Says("DEMO: boots 3", before);
        var cold = await cloud.Create("compute", ["--title", "cold", "-m", "cold", .. Small]);
        await new Guest(api, cold).Says("DEMO: boots 3");
        host = await fleet.HostOf(cold);

        // One made from a template that outlives what it was saved from, in its turn, while it is off.
        await cloud.Run("occi", "delete", "first", "--wait");
        await cloud.Act(cold, "stop");
        await cloud.Act(cold, "save", "-a", "name=cold");
        Assert.Equal("shut off", await host.StateOf(cold));
        var again = await cloud.Create("compute", ["--title", "again", "-m", "cold-2", .. Small]);
        await new Guest(api, again).Says("DEMO: boots 4");

        var images = await cloud.Run("image", "list");
        Assert.All((string[])["demo", "hot-one", "cold", "cold-2"], term => Assert.Matches($@"(?m)^{term} .* ready ", images));
        await cloud.Run("occi", "delete", "cold", "again", "--wait");
        foreach (var term in (string[])["hot-one", "cold", "cold-2"])
            await api.Delete("/admin/images/" + term);
        await fleet.HasForgotten(first, hot, cold, again);
    }
}
