using System.Text;
using Controller.Contracts;
using Controller.Grains.Placement;
using Controller.Silo.Postgres;
using Orleans.Storage;

namespace Controller.Grains.Tests.Postgres;

/// <summary>Placements that are alike and wait at the same time are done in one transaction: what one of them is told is what it would be told alone.</summary>
[Collection("database")]
public sealed class TogetherTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private const long GiB = 1L << 30;
    private static readonly Guid Project = Guid.NewGuid();
    private readonly PostgresClaims _claims = new(fixture.Database, new() { CoresPerCore = 1, MemoryShare = 1, DiskPerByte = 1 }, TimeProvider.System);

    public Task InitializeAsync() => fixture.Execute("DELETE FROM entity");

    public async Task DisposeAsync()
    {
        foreach (var table in new[] { "host_claim", "entity", "placement_decision" })
            await fixture.Execute("DELETE FROM " + table);
    }

    [Fact]
    public async Task What_there_is_room_for_is_placed_and_the_others_are_told_why_not()
    {
        Guid[] hosts = [await Host(7), await Host(7), await Host(7)];
        var placed = await AtOnce(Enumerable.Range(0, 40).Select(_ => Asks()));
        Assert.Equal(21, placed.Count(p => p.Kind == OutcomeKind.Done));
        Assert.All(hosts, host => Assert.Equal(7, placed.Count(p => p.Host == host)));
        Assert.All(placed.Where(p => p.Host is null), p => Assert.Equal((OutcomeKind.NoCapacity, "0 of 3 hosts can take it: 3 not enough cores (1 are needed, 0 are free at best)."), (p.Kind, p.Why)));
        Assert.Equal(["21"], await fixture.Rows("SELECT count(*) FROM host_claim"));
        Assert.Equal(["21", "19"], await fixture.Rows("SELECT count(*) FROM placement_decision GROUP BY placed ORDER BY placed DESC"));
        // One at a time, each would have been a transaction of its own.
        Assert.True(int.Parse((await fixture.Rows("SELECT count(DISTINCT xmin::text) FROM host_claim"))[0]) < 21);
    }

    [Fact]
    public async Task What_one_of_them_has_already_is_not_free_for_the_others()
    {
        await Host(4);
        var there = Asks() with { Cores = 3 };
        await _claims.Place(there);
        // The first of them is the one that has it, whichever group it is in.
        var placed = await AtOnce([.. Enumerable.Repeat(there, 8), .. Enumerable.Range(0, 8).Select(_ => Asks() with { Cores = 3 })]);
        Assert.All(placed[..8], p => Assert.Equal(OutcomeKind.AlreadyDone, p.Kind));
        Assert.All(placed[8..], p => Assert.Equal(OutcomeKind.NoCapacity, p.Kind));
    }

    [Fact]
    public async Task A_quota_is_filled_to_its_end_and_not_further()
    {
        await Host(100);
        await Entity("project", Project, $$"""{"record": {"quota": {"cores": 30, "computes": 13, "memoryBytes": {{14 * GiB}} } } }""");
        var placed = await AtOnce(Enumerable.Range(0, 40).Select(_ => Asks()));
        Assert.Equal(13, placed.Count(p => p.Kind == OutcomeKind.Done));
        Assert.All(placed.Where(p => p.Host is null), p => Assert.Equal((OutcomeKind.QuotaExceeded, "The project's quota of computes is 13: 13 are used, 1 more were asked for."), (p.Kind, p.Why)));
    }

    [Fact]
    public async Task Whoever_was_decided_on_another_version_is_told_so_alone_and_a_repeat_answers_the_same()
    {
        await Host(100);
        var all = Enumerable.Range(0, 30).Select(_ => Asks() with { Version = 1 }).ToArray();
        foreach (var (request, number) in all.Select((r, n) => (r, n)))
            await Entity("compute", request.Consumer, "{}", number % 5 == 3 ? 2 : 1);
        var ended = await Task.WhenAll(all.Concat(all).Select(r => Record.ExceptionAsync(() => _claims.Place(r))));
        foreach (var (trouble, number) in ended.Select((e, n) => (e, n % all.Length)))
        {
            if (number % 5 == 3)
                Assert.IsType<InconsistentStateException>(trouble);
            else
                Assert.Null(trouble);
        }
        Assert.Equal(["24"], await fixture.Rows("SELECT count(*) FROM host_claim"));
        var first = await _claims.Place(all[0]);
        Assert.Equal(OutcomeKind.AlreadyDone, first.Kind);
        Assert.Equal([first.Host.ToString()!], await fixture.Rows("SELECT host FROM host_claim WHERE consumer = $1", all[0].Consumer));
    }

    [Fact]
    public async Task Projects_and_sizes_that_come_at_once_get_what_they_asked_for()
    {
        for (var host = 0; host < 4; host++)
            await Host(100);
        Guid[] projects = [Project, Guid.NewGuid(), Guid.NewGuid()];
        var all = Enumerable.Range(0, 120).Select(n => new PlacementRequest("compute", Guid.NewGuid(), Guid.NewGuid(), projects[n % 3], 1 + (n % 2), GiB, GiB, null, null)).ToArray();
        Assert.All(await AtOnce(all), p => Assert.Equal(OutcomeKind.Done, p.Kind));
        foreach (var request in all)
            Assert.Equal([$"{request.Project} {request.Incarnation} {request.Cores}"], await fixture.Rows("SELECT project || ' ' || incarnation || ' ' || cores FROM host_claim WHERE consumer = $1", request.Consumer));
        // Spread, as they would have been one by one.
        var counts = (await fixture.Rows("SELECT sum(cores) FROM host_claim GROUP BY host")).ConvertAll(int.Parse);
        Assert.Equal((4, 180), (counts.Count, counts.Sum()));
        Assert.True(counts.Max() - counts.Min() <= 2 * PlacementTurns.Most, string.Join(' ', counts));
    }

    private Task<PlacementResult[]> AtOnce(IEnumerable<PlacementRequest> all) => Task.WhenAll(all.Select(_claims.Place));

    private static PlacementRequest Asks() => new("compute", Guid.NewGuid(), Guid.NewGuid(), Project, 1, GiB, GiB, null, null);

    private async Task<Guid> Host(int cores)
    {
        var host = Guid.NewGuid();
        await fixture.Execute(
            "INSERT INTO entity (state_name, id, version, payload, entity_id, title, state, cores, memory, disk) VALUES ('host', $1, 1, $2, $3, 'h', 'up', $4, $5, $5)",
            GrainKeys.Of("host", host), Encoding.UTF8.GetBytes("{}"), host, cores, 1000 * GiB);
        return host;
    }

    private Task Entity(string term, Guid id, string payload, int version = 1) => fixture.Execute(
        "INSERT INTO entity (state_name, id, version, payload, entity_id) VALUES ($1, $2, $3, $4, $5)", term, GrainKeys.Of(term, id), version, Encoding.UTF8.GetBytes(payload), id);
}
