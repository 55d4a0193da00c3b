using Controller.Contracts;
using Controller.Testing;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>What nobody waits for any more is not done: who asked was told that it failed, and may have done something else since.</summary>
[Collection("cluster")]
public sealed class LateCallTests(ClusterFixture cluster)
{
    [Fact]
    public async Task A_call_that_is_carried_out_too_late_changes_nothing()
    {
        var id = Guid.NewGuid();
        var command = new CreateEntity { Caller = new(WellKnown.DefaultProject, Role.Member, "tester"), Id = id, Kind = Model.Network.Kind.ToString() };
        UnavailableException? told = null;
        // As soon as the silos know what time it is.
        await Eventually.Is("it is too late", async () =>
        {
            Asking.Until = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(1);
            told = await Record.ExceptionAsync(() => cluster.Entity("network", Guid.NewGuid()).View(command.Caller)) as UnavailableException;
            return told is not null;
        });
        Assert.Contains("nobody waits for it", told!.Message, StringComparison.Ordinal);

        Asking.Until = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(1);
        await Assert.ThrowsAsync<UnavailableException>(() => cluster.Entity("network", id).Create(command));
        Assert.Equal(0, await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", id));

        Asking.Until = TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(1);
        Assert.Equal(OutcomeKind.Created, (await cluster.Entity("network", id).Create(command)).Kind);
        Assert.Equal(OutcomeKind.Done, (await cluster.Entity("network", id).Delete(new(command.Caller))).Kind);
    }
}
