using System.Text.Json.Nodes;
using Controller.Contracts;
using Controller.Testing;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>What is under way stands in the entity's row: who asked for it, and how far it is. It goes with the write that ends it, and a few that ended are kept.</summary>
[Collection("cluster")]
public sealed class OperationTests(ClusterFixture cluster) : IAsyncLifetime
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private ScriptedAgent _host = null!;   // set by InitializeAsync

    public async Task InitializeAsync() => _host = await cluster.Host();

    public Task DisposeAsync() => cluster.Retire(_host);

    [Fact]
    public async Task An_operation_says_who_asked_for_it_and_is_gone_when_the_entity_is_settled()
    {
        Asking.Begin("alice", Trace);
        _host.Held = true;
        var (compute, network) = (Guid.NewGuid(), Guid.NewGuid());
        await cluster.Entity("network", network).Create(new() { Caller = Me, Id = network, Kind = Model.Network.Kind.ToString() });
        var nic = new CreateEntity
        {
            Caller = Me, Id = Guid.NewGuid(), Kind = Model.NetworkInterface.Kind.ToString(), Attributes = new() { [Occi.Core.CoreKinds.Target.Name] = Occi.AttributeValue.Of($"/network/{network}") },
        };
        await cluster.Entity("compute", compute).Create(new() { Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString(), Links = [nic] });
        var under = Assert.Single((await Payload("compute", compute))["index"]!["operations"]!.AsArray())!;
        Assert.Equal(("starting", "alice", Trace), ((string?)under["what"], (string?)under["by"], (string?)under["trace"]));
        var told = (await Explained("compute", compute))!;
        Assert.Equal((told.Operation!.Id, "alice"), (told.UnderWay.Single().Id, told.UnderWay.Single().By));

        await _host.Release();
        await Eventually.Is("it is settled", async () => (await Payload("compute", compute))["index"]!["operations"] is null);
        told = (await Explained("compute", compute))!;
        Assert.Empty(told.UnderWay);
        // Placing, then starting: the newest first.
        Assert.Equal([("starting", "alice", "active"), ("create", "alice", "inactive")], told.Past.Select(p => (p.What, p.By!, p.State!)));
        Assert.Equal(0, await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1 AND due IS NOT NULL", compute));
        foreach (var (term, id) in new[] { ("network", network), ("networkinterface", nic.Id) })
            Assert.Equal(WellKnown.DefaultProject, (await Explained(term, id))!.Project);
        Assert.Equal(Guid.Empty, (await Explained("host", _host.Id))!.Project);
    }

    [Fact]
    public async Task Of_what_ended_only_a_few_are_kept()
    {
        var compute = Guid.NewGuid();
        await cluster.Entity("compute", compute).Create(new() { Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString() });
        for (var i = 0; i < 6; i++)
        {
            await StateIs(compute, "active");
            await cluster.Entity("compute", compute).Invoke(new(Me, Model.Compute.Stop.ToString(), []));
            await StateIs(compute, "inactive");
            await cluster.Entity("compute", compute).Invoke(new(Me, Model.Compute.Start.ToString(), []));
        }
        await StateIs(compute, "active");
        var past = (await Explained("compute", compute))!.Past;
        Assert.Equal(8, past.Length);
        Assert.Equal(["starting", "stopping"], past.Take(2).Select(p => p.What));
    }

    [Fact]
    public async Task Claims_are_settled_by_what_the_row_says_and_not_by_what_the_grain_remembers()
    {
        var compute = Guid.NewGuid();
        await cluster.Entity("compute", compute).Create(new() { Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString() });
        await StateIs(compute, "active");
        var claimant = cluster.Grains.GetGrain<IClaimant>(GrainId.Create("compute", GrainKeys.Of("compute", compute)));
        var done = await claimant.SettleClaims();
        Assert.Equal((OutcomeKind.Done, "0 claim(s) on hosts and 0 address(es) were given back, 0 claim(s) were taken."), (done.Kind, done.Why));
        Assert.Equal(1, await cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", compute));

        await cluster.Count("WITH gone AS (DELETE FROM entity WHERE entity_id = $1) SELECT 0::bigint", compute);
        Assert.NotEqual(0, await claimant.Version());   // it does not know yet
        Assert.Equal(OutcomeKind.Done, (await claimant.SettleClaims()).Kind);
        Assert.Equal(0, await claimant.Version());
        Assert.Equal(0, await cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", compute));
        Assert.Equal(OutcomeKind.NotFound, (await claimant.Rewrite()).Kind);
    }

    private async Task StateIs(Guid compute, string state) => await Eventually.Is($"it is {state}", async () =>
        (await Payload("compute", compute)) is var row && (string?)row["index"]!["state"] == state && row["index"]!["operations"] is null);

    private Task<Explanation?> Explained(string term, Guid id) => cluster.Entity(term, id).AsReference<IExplainedGrain>().Explain();

    private async Task<JsonNode> Payload(string term, Guid id)
    {
        await using var command = cluster.Database.CreateCommand("SELECT payload FROM entity WHERE id = $1");
        command.Parameters.Add(new() { Value = GrainKeys.Of(term, id) });
        return JsonNode.Parse((byte[])(await command.ExecuteScalarAsync())!)!;   // it is there
    }
}
