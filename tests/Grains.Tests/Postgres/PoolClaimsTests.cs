using System.Text;
using Controller.Contracts;
using Controller.Grains.Placement;
using Controller.Silo.Postgres;

namespace Controller.Grains.Tests.Postgres;

/// <summary>Bytes of shared pools: counted once for a pool, however many hosts see it, and never given away twice.</summary>
[Collection("database")]
public sealed class PoolClaimsTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private const long GiB = 1L << 30;
    private static readonly Guid One = new("11111111-0000-4000-8000-000000000001");
    private static readonly Guid Two = new("22222222-0000-4000-8000-000000000002");
    private static readonly Guid Project = new("33333333-0000-4000-8000-000000000003");

    private readonly PostgresClaims _claims = new(fixture.Database, new PlacementOptions { DiskPerByte = 1 }, TimeProvider.System);

    /// <summary>Two hosts see one pool, a third one of the same name that is another, a fourth none.</summary>
    private readonly Guid[] _hosts = [Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()];

    public async Task InitializeAsync()
    {
        await fixture.Execute("DELETE FROM entity");
        foreach (var (host, pool) in _hosts.Zip(new Guid?[] { One, One, Two, null }))
        {
            var pools = pool is null ? "[]" : $$"""[{"id": "{{pool}}", "name": "shared", "sizeBytes": {{20 * GiB}}, "freeBytes": 1}]""";
            await Entity("host", host, "up", $$"""{"view": {"capabilities": {"architecture": "x64", "pools": {{pools}} } } }""");
        }
        await Entity("project", Project, "", $$"""{"record": {"quota": {"diskBytes": {{35 * GiB}} } } }""");
    }

    public async Task DisposeAsync()
    {
        foreach (var table in new[] { "pool_claim", "host_claim", "entity" })
            await fixture.Execute($"DELETE FROM {table}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_the_order_no_pool_gives_more_than_it_has(int seed)
    {
        var consumers = Enumerable.Range(0, 24).Select(_ => (Id: Guid.NewGuid(), Incarnation: Guid.NewGuid(), Project: Guid.NewGuid())).ToArray();
        for (var round = 0; round < 6; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
            {
                var random = new Random(HashCode.Combine(seed, round, worker));
                for (var i = 0; i < 12; i++)
                {
                    var index = random.Next(consumers.Length);
                    var c = consumers[index];
                    var asks = Asks(c.Id, c.Incarnation, c.Project, random.Next(1, 8), index % 5 > 0 ? "shared" : null);   // for life
                    if (random.Next(3) == 0)
                        await _claims.Release(c.Id);
                    else if (random.Next(3) == 0 && await At(c.Id) is { } host)
                        await _claims.Resize(asks, host);
                    else
                        await _claims.Place(asks);
                }
            })));
            Assert.Empty(await fixture.Rows($"SELECT pool FROM pool_claim GROUP BY pool HAVING sum(disk) > {20 * GiB}"));
            Assert.Empty(await fixture.Rows(
                """
                SELECT p.consumer FROM pool_claim p LEFT JOIN host_claim h USING (consumer) LEFT JOIN entity e ON e.entity_id = h.host
                WHERE h.disk IS DISTINCT FROM 0 OR NOT convert_from(e.payload, 'UTF8') LIKE '%' || p.pool || '%'
                """));
        }
        await Task.WhenAll(consumers.Select(c => _claims.Release(c.Id)));
        Assert.Equal(["0"], await fixture.Rows("SELECT (SELECT count(*) FROM host_claim) + (SELECT count(*) FROM pool_claim)"));
    }

    [Fact]
    public async Task A_refusal_tells_what_was_short_and_the_quota_counts_pools_and_hosts_together()
    {
        var none = await _claims.Place(Asks(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 1, "fast"));
        Assert.Equal("0 of 4 hosts can take it: 4 without a shared pool fast.", none.Why);
        var large = await _claims.Place(Asks(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 21, "shared"));
        Assert.Contains("3 not enough room in the shared pool shared (21 GiB are needed, 20 GiB are free)", large.Why);
        Assert.Contains("1 without a shared pool shared", large.Why);

        Assert.NotNull((await _claims.Place(Asks(Guid.NewGuid(), Guid.NewGuid(), Project, 18, "shared"))).Host);
        Assert.NotNull((await _claims.Place(Asks(Guid.NewGuid(), Guid.NewGuid(), Project, 10, null))).Host);
        Assert.Equal(OutcomeKind.QuotaExceeded, (await _claims.Place(Asks(Guid.NewGuid(), Guid.NewGuid(), Project, 8, "shared"))).Kind);
    }

    [Fact]
    public async Task Who_needs_a_pool_goes_where_it_is_seen_and_a_second_placement_takes_nothing_more_of_it()
    {
        var placed = await _claims.Place(Asks(Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), 1, null) with { SeesPools = [Two] });
        Assert.Equal(_hosts[2], placed.Host);

        var (id, project) = (Guid.NewGuid(), Guid.NewGuid());
        var first = await _claims.Place(Asks(id, Guid.NewGuid(), project, 15, "shared") with { SeesPools = [One] });
        var again = await _claims.Place(Asks(id, Guid.NewGuid(), project, 15, "shared") with { SeesPools = [first.Pool!.Value], ExceptHosts = [first.Host!.Value] });
        Assert.Equal((One, One), (first.Pool, again.Pool ?? One));
        Assert.Equal(new[] { _hosts[0], _hosts[1] }.Order(), new[] { first.Host!.Value, again.Host!.Value }.Order());
        Assert.Equal([(15 * GiB).ToString(System.Globalization.CultureInfo.InvariantCulture)], await fixture.Rows("SELECT sum(disk) FROM pool_claim WHERE consumer = $1", id));
    }

    [Fact]
    public async Task What_a_pool_gave_to_a_larger_size_it_gets_back_also_while_it_is_full()
    {
        var (id, incarnation, project) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var host = (await _claims.Place(Asks(id, incarnation, project, 5, "shared"))).Host!.Value;
        Assert.NotNull((await _claims.Resize(Asks(id, incarnation, project, 20, "shared"), host)).Host);
        Assert.NotNull((await _claims.Resize(Asks(id, incarnation, project, 5, "shared"), host)).Host);
        Assert.Equal([(5 * GiB).ToString(System.Globalization.CultureInfo.InvariantCulture)], await fixture.Rows("SELECT disk FROM pool_claim WHERE consumer = $1", id));
    }

    private static PlacementRequest Asks(Guid id, Guid incarnation, Guid project, int gib, string? pool) =>
        new("storage", id, incarnation, project, 0, 0, gib * GiB, null, null) { Pool = pool };

    private async Task<Guid?> At(Guid consumer) =>
        await fixture.Rows("SELECT host FROM host_claim WHERE consumer = $1", consumer) is [var host, ..] ? Guid.Parse(host) : null;

    private Task Entity(string state, Guid id, string shown, string payload) => fixture.Execute(
        "INSERT INTO entity (state_name, id, version, payload, entity_id, title, state, cores, memory, disk) VALUES ($1, $2, 1, $3, $4, $2, $5, 64, $6, $6)",
        state, GrainKeys.Of(state, id), Encoding.UTF8.GetBytes(payload), id, shown, 100 * GiB);
}
