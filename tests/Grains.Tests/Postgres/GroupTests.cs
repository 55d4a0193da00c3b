using System.Text;
using Controller.Contracts;
using Controller.Grains.Placement;
using Controller.Silo.Postgres;

namespace Controller.Grains.Tests.Postgres;

/// <summary>Random histories of placements in groups by many at once: no two that are to be apart ever meet, all that are to be together do.</summary>
[Collection("database")]
public sealed class GroupTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private const int Workers = 8;
    private const int Rounds = 5;
    private const long GiB = 1L << 30;
    private readonly PostgresClaims _claims = new(fixture.Database, new() { CoresPerCore = 4 }, TimeProvider.System);
    private Guid[] _hosts = [];

    public async Task InitializeAsync()
    {
        await fixture.Execute("DELETE FROM entity");
        _hosts = [.. Enumerable.Range(0, 4).Select(_ => Guid.NewGuid())];
        foreach (var host in _hosts)
        {
            await fixture.Execute(
                "INSERT INTO entity (state_name, id, version, payload, entity_id, title, state, cores, memory, disk) VALUES ('host', $1, 1, $2, $3, 'h', 'up', 8, $4, $4)",
                GrainKeys.Of("host", host), Encoding.UTF8.GetBytes("{}"), host, 100 * GiB);
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var table in new[] { "host_claim", "entity", "placement_decision" })
            await fixture.Execute("DELETE FROM " + table);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Groups_hold_whoever_comes_at_once(int seed)
    {
        Guid[] projects = [Guid.NewGuid(), Guid.NewGuid()];
        PlacementRequest[] all =
        [
            .. Enumerable.Range(0, 24).Select(i => new PlacementRequest("compute", Guid.NewGuid(), Guid.NewGuid(), projects[i % 2], 1, GiB, GiB, null, null)
            {
                Group = new($"g{i % 3}", Apart: i % 4 < 2),
            }),
        ];
        for (var round = 0; round < Rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Workers).Select(w => Task.Run(() => Work(all, new Random(HashCode.Combine(seed, round, w))))));
            await Holds();
        }
    }

    [Fact]
    public async Task As_many_as_there_are_hosts_find_a_place_apart_and_no_more()
    {
        var project = Guid.NewGuid();
        var placed = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() =>
            _claims.Place(new("compute", Guid.NewGuid(), Guid.NewGuid(), project, 1, GiB, GiB, null, null) { Group = new("db", Apart: true) }))));
        Assert.Equal(_hosts.Order(), placed.Select(p => p.Host).OfType<Guid>().Order());
        Assert.All(placed.Where(p => p.Host is null), p => Assert.Equal("0 of 4 hosts can take it: 4 with another of the group db.", p.Why));
    }

    private async Task Work(PlacementRequest[] all, Random random)
    {
        for (var i = 0; i < 12; i++)
        {
            var one = all[random.Next(all.Length)];
            switch (random.Next(5))
            {
                case <= 2:
                    await _claims.Place(one);
                    break;
                case 3:
                    await _claims.Release(one.Consumer);
                    break;
                default:
                    // Leaves its group, or comes back to it, where it is.
                    if (await fixture.Rows("SELECT host FROM host_claim WHERE consumer = $1", one.Consumer) is [var host, ..])
                        await _claims.Resize(one with { Group = random.Next(2) == 0 ? null : one.Group }, Guid.Parse(host));
                    break;
            }
        }
    }

    private async Task Holds()
    {
        Assert.Empty(await fixture.Rows(
            "SELECT placement_group FROM host_claim WHERE placement_group LIKE 'anti%' GROUP BY project, placement_group, host HAVING count(*) > 1"));
        Assert.Empty(await fixture.Rows(
            "SELECT placement_group FROM host_claim WHERE placement_group LIKE 'affinity%' GROUP BY project, placement_group HAVING count(DISTINCT host) > 1"));
    }
}
