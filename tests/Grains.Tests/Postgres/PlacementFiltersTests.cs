using System.Text;
using System.Text.Json;
using Controller.Contracts;
using Controller.Grains.Persistence;
using Controller.Grains.Placement;
using Controller.Silo.Postgres;

namespace Controller.Grains.Tests.Postgres;

/// <summary>The query that narrows, on a real PostgreSQL: each filter rejects what it is for, and room is what an operator left of it.</summary>
[Collection("database")]
public sealed class PlacementFiltersTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private const long GiB = 1L << 30;
    private static readonly Guid Project = Guid.NewGuid();
    private static readonly PlacementOptions Plain = new() { CoresPerCore = 1, MemoryShare = 1, DiskPerByte = 1 };
    private static readonly HostFacts Ordinary = new(true, false) { Architecture = "x64", Driver = "simulated", Features = ["suspend"], Zone = "north" };

    private readonly PostgresClaims _claims = new(fixture.Database, Plain, TimeProvider.System);

    public Task InitializeAsync() => fixture.Execute("DELETE FROM entity");

    public async Task DisposeAsync()
    {
        foreach (var table in new[] { "host_claim", "entity", "placement_decision" })
            await fixture.Execute("DELETE FROM " + table);
    }

    /// <summary>The filter that rejects the host, what it is, what is asked; null: it fits.</summary>
    public static IEnumerable<object?[]> Cases { get; } = new (string? Filter, HostFacts Facts, string State, PlacementRequest Request)[]
    {
        (null, Ordinary, "up", Asks()),
        ("unreachable", Ordinary, "unreachable", Asks()),
        ("new", Ordinary, "new", Asks()),
        ("pending", Ordinary with { Admitted = false }, "up", Asks()),
        ("draining", Ordinary with { Draining = true }, "up", Asks()),
        (null, Ordinary, "up", Asks() with { Architecture = "x86" }),
        ("architecture", Ordinary with { Architecture = "x86" }, "up", Asks()),
        (null, Ordinary with { Architecture = null }, "up", Asks() with { Architecture = "arm64" }),
        (null, Ordinary, "up", Asks() with { Zone = "north" }),
        ("zone", Ordinary, "up", Asks() with { Zone = "south" }),
        ("zone", Ordinary with { Zone = null }, "up", Asks() with { Zone = "south" }),
        (null, Ordinary, "up", Asks() with { Features = ["suspend"] }),
        ("features", Ordinary, "up", Asks() with { Features = ["suspend", "kvm"] }),
        ("storage", Ordinary, "up", Asks() with { OnlyHost = Guid.NewGuid() }),
        ("driver", Ordinary, "up", Asks() with { FromDriver = "libvirt" }),
        ("peers", Ordinary, "up", Asks() with { FromDriver = "simulated" }),
        (null, Ordinary with { Peers = true }, "up", Asks() with { FromDriver = "simulated" }),
        (null, Ordinary, "up", Asks(4, 8 * GiB, 100 * GiB)),
        ("cores", Ordinary, "up", Asks(5)),
        ("memory", Ordinary, "up", Asks(4, (8 * GiB) + 1)),
        ("disk", Ordinary, "up", Asks(4, GiB, (100 * GiB) + 1)),
        (null, Ordinary with { CoresRatio = 2.5, MemoryRatio = 1.5, DiskRatio = 2 }, "up", Asks(10, 12 * GiB, 200 * GiB)),
        ("cores", Ordinary with { CoresRatio = 2.5 }, "up", Asks(11)),
        (null, Ordinary with { CoresRatio = 2, ReservedCores = 1 }, "up", Asks(6)),
        ("cores", Ordinary with { CoresRatio = 2, ReservedCores = 1 }, "up", Asks(7)),
        ("memory", Ordinary with { ReservedMemory = GiB }, "up", Asks(1, (7 * GiB) + 1)),
        ("disk", Ordinary with { ReservedDisk = GiB }, "up", Asks(1, 1, (99 * GiB) + 1)),
    }.Select(c => new object?[] { c.Filter, c.Facts, c.State, c.Request });

    [Theory, MemberData(nameof(Cases))]
    public async Task A_host_passes_or_the_filter_says_why_not(string? filter, HostFacts facts, string state, PlacementRequest request)
    {
        var host = await Host(facts, state);
        await using var connection = await fixture.Database.OpenConnectionAsync();
        Assert.Equal(filter, Assert.Single(await PlacementFilters.Judge(connection, request, Plain)).Filter);
        var placed = await _claims.Place(request);
        Assert.Equal(filter is null ? host : null, placed.Host);
        // Where it was taken to, and why nowhere, is kept for who asks.
        Assert.Equal(
            [filter is null ? $"done {host}" : $"nocapacity {placed.Why}"],
            await fixture.Rows("SELECT concat_ws(' ', outcome, host::text, why) FROM placement_decision WHERE consumer = $1", request.Consumer));
    }

    [Fact]
    public async Task A_host_of_an_older_silos_row_restricts_nothing()
    {
        var host = await Host(null);
        Assert.Equal(host, (await _claims.Place(Asks())).Host);
    }

    [Fact]
    public async Task A_host_that_it_must_not_be_is_left_out()
    {
        Guid here = await Host(), there = await Host();
        Assert.Equal(there, (await _claims.Place(Asks() with { ExceptHosts = [here] })).Host);
        Assert.Contains("2 where it is already", (await _claims.Place(Asks() with { ExceptHosts = [here, there] })).Why);
    }

    [Fact]
    public async Task A_group_is_on_one_host_and_leaves_it_together_when_that_is_drained()
    {
        Guid a = await Host(), b = await Host();
        var first = (await _claims.Place(Together())).Host;
        for (var i = 0; i < 2; i++)
            Assert.Equal(first, (await _claims.Place(Together())).Host);
        Assert.Equal("0 of 2 hosts can take it: 1 not where the group web is, 1 not enough cores (2 are needed, 1 are free at best).", Sorted((await _claims.Place(Together(2))).Why!));
        // Another project's group of the same name is another group.
        Assert.NotNull((await _claims.Place(Together(2) with { Project = Guid.NewGuid() })).Host);

        await Set(first!.Value, Ordinary with { Draining = true });
        var second = first == a ? b : a;
        Assert.Equal(second, (await _claims.Place(Together())).Host);
        Assert.Equal(second, (await _claims.Place(Together())).Host);
    }

    [Fact]
    public async Task A_compute_joins_a_group_where_it_is_or_not_at_all()
    {
        Guid a = await Host(), b = await Host();
        var apart = Asks() with { Group = new("db", true) };
        var first = (await _claims.Place(apart)).Host!.Value;
        var other = Asks();
        var there = (await _claims.Place(other with { OnlyHost = first })).Host!.Value;
        Assert.Contains("1 with another of the group db", (await _claims.Resize(other with { Group = new("db", true) }, there)).Why);
        Assert.Equal(there, (await _claims.Resize(other with { Group = new("db", false) }, there)).Host);
        // It may grow while its host takes no others.
        await Set(first, Ordinary with { Draining = true }, "unreachable");
        Assert.Equal(there, (await _claims.Resize(other with { Cores = 2 }, there)).Host);
        Assert.NotEqual(a, b);
    }

    [Fact]
    public async Task What_a_host_has_taken_and_could_take_is_told()
    {
        var host = await Host(Ordinary with { CoresRatio = 2, ReservedCores = 1, ReservedMemory = 2 * GiB });
        await _claims.Place(Asks(3, GiB, 2 * GiB) with { Zone = "north" });
        await _claims.Place(new("storage", Guid.NewGuid(), Guid.NewGuid(), Project, 0, 0, 5 * GiB, null, null));
        await _claims.Note("network", Guid.NewGuid(), Guid.NewGuid(), host, Project);
        Assert.Equal(new HostUse(1, 1, 3, GiB, 7 * GiB, 6, 6 * GiB, 100 * GiB), await _claims.Use(host));
        Assert.Equal(1, await _claims.BoundToZone(host));
        await _claims.Forget(host);
        Assert.Equal(new HostUse(0, 0, 0, 0, 0, 6, 6 * GiB, 100 * GiB), await _claims.Use(host));
    }

    [Fact]
    public async Task What_was_placed_is_explained_until_it_goes_and_a_refusal_for_a_while()
    {
        await Host();
        var (placed, refused) = (Asks() with { Image = "5" }, Asks(99));
        await _claims.Place(placed);
        await _claims.Place(refused);
        Assert.Equal(["spread"], await fixture.Rows("SELECT detail ->> 'strategy' FROM placement_decision WHERE consumer = $1", placed.Consumer));
        Assert.Equal(["1"], await fixture.Rows("SELECT detail #>> '{rejected,cores,hosts}' FROM placement_decision WHERE consumer = $1", refused.Consumer));
        Assert.Equal(["1"], await fixture.Rows("SELECT detail #>> '{hosts,0,weights,spread}' FROM placement_decision WHERE consumer = $1", placed.Consumer));
        await _claims.Release(placed.Consumer);
        await _claims.Release(refused.Consumer);
        Assert.Equal([refused.Consumer.ToString()], await fixture.Rows("SELECT consumer FROM placement_decision"));
        await fixture.Execute("UPDATE placement_decision SET decided = now() - interval '25 hours'");
        await _claims.Place(Asks(98));
        Assert.Empty(await fixture.Rows("SELECT consumer FROM placement_decision WHERE consumer = $1", refused.Consumer));
    }

    private static PlacementRequest Together(int cores = 1) => Asks(cores) with { Group = new("web", false) };

    // Hosts are counted in the order of their ids, which are random.
    private static string Sorted(string why)
    {
        var (head, reasons) = (why[..(why.IndexOf(':', StringComparison.Ordinal) + 2)], why[(why.IndexOf(':', StringComparison.Ordinal) + 2)..^1]);
        return head + string.Join(", ", reasons.Replace("needed, ", "needed; ", StringComparison.Ordinal).Split(", ").OrderByDescending(r => r, StringComparer.Ordinal)).Replace("needed; ", "needed, ", StringComparison.Ordinal) + ".";
    }

    private static PlacementRequest Asks(int cores = 1, long memory = 1, long disk = 1) =>
        new("compute", Guid.NewGuid(), Guid.NewGuid(), Project, cores, memory, disk, "x64", null);

    private Task<Guid> Host() => Host(Ordinary);

    private async Task<Guid> Host(HostFacts? facts, string state = "up")
    {
        var id = Guid.NewGuid();
        await fixture.Execute(
            "INSERT INTO entity (state_name, id, version, payload, entity_id, title, state, cores, memory, disk) VALUES ('host', $1, 1, $2, $3, 'h', $4, 4, $5, $6)",
            GrainKeys.Of("host", id), Payload(facts), id, state, 8 * GiB, 100 * GiB);
        return id;
    }

    private Task Set(Guid host, HostFacts facts, string state = "up") =>
        fixture.Execute("UPDATE entity SET payload = $2, state = $3 WHERE entity_id = $1", host, Payload(facts), state);

    private static byte[] Payload(HostFacts? facts) => Encoding.UTF8.GetBytes(
        facts is null ? "{}" : $$"""{"index":{"facts":{{JsonSerializer.Serialize(facts, JsonSerializerOptions.Web)}} } }""");
}
