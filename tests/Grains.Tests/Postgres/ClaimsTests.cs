using System.Text;
using Controller.Contracts;
using Controller.Grains.Placement;
using Controller.Silo.Postgres;

namespace Controller.Grains.Tests.Postgres;

/// <summary>Random histories of claims by many at once: whatever the order, nothing is given away twice and nothing stays.</summary>
[Collection("database")]
public sealed class ClaimsTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private const int Workers = 8;
    private const int Rounds = 6;
    private const int OpsInRound = 10;
    private const long GiB = 1L << 30;
    private static readonly PlacementOptions Options = new() { CoresPerCore = 2, MemoryShare = 0.5, DiskPerByte = 2, SubnetPool = "10.200.0.0/22" };

    private readonly PostgresClaims _claims = new(fixture.Database, Options, TimeProvider.System);

    public Task InitializeAsync() => fixture.Execute("DELETE FROM entity");

    public async Task DisposeAsync()
    {
        await fixture.Execute("DELETE FROM host_claim");
        await fixture.Execute("DELETE FROM subnet_claim");
        await fixture.Execute("DELETE FROM entity");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Nothing_is_given_away_twice(int seed)
    {
        var world = await World.Create(fixture, seed);
        for (var round = 0; round < Rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Workers).Select(w => Task.Run(() => Work(world, new Random(HashCode.Combine(seed, round, w))))));
            await Holds();
            await RepeatsAnswerTheSame(world);
            await Holds();
        }
        await Task.WhenAll(world.Consumers.Select(c => _claims.Release(c.Id)));
        await Task.WhenAll(world.Networks.Select(n => _claims.ReleaseSubnet(n)));
        Assert.Equal(["0"], await fixture.Rows("SELECT (SELECT count(*) FROM host_claim) + (SELECT count(*) FROM subnet_claim) + (SELECT count(*) FROM address_claim)"));
    }

    private async Task Work(World world, Random random)
    {
        for (var i = 0; i < OpsInRound; i++)
            await Step(world, random);
    }

    private async Task Step(World world, Random random)
    {
        var consumer = world.Consumers[random.Next(world.Consumers.Length)];
        var network = world.Networks[random.Next(world.Networks.Length)];
        var link = world.Links[random.Next(world.Links.Length)];
        switch (random.Next(12))
        {
            case <= 3:
                await _claims.Place(consumer.Asks(random.Next(1, 4)));
                break;
            case 4:
                if (await At(consumer.Id) is { } host)
                    await _claims.Resize(consumer.Asks(random.Next(1, 6)), host);
                break;
            case <= 6:
                await _claims.Release(consumer.Id);
                break;
            case <= 8:
                var wanted = random.Next(3) == 0 ? $"10.200.{random.Next(4)}.{random.Next(4) * 64}/26" : null;
                if ((await _claims.ClaimSubnet(network, wanted, null)).Cidr is { } cidr)
                    await _claims.ClaimAddress(Address(network, link, random.Next(2) == 0 ? null : cidr.Replace(".0/", $".{random.Next(1, 12)}/", StringComparison.Ordinal).Split('/')[0]));
                break;
            case <= 10:
                await _claims.ReleaseAddress(network, link);
                break;
            default:
                await _claims.ReleaseSubnet(network);
                break;
        }
    }

    private async Task Holds()
    {
        Assert.Empty(await fixture.Rows(
            """
            SELECT e.title FROM entity e JOIN host_claim c ON c.host = e.entity_id WHERE e.state_name = 'host'
            GROUP BY e.title, e.cores, e.memory, e.disk HAVING sum(c.cores) > e.cores * 2 OR sum(c.memory) > e.memory * 0.5 OR sum(c.disk) > e.disk * 2
            """));
        Assert.Empty(await fixture.Rows(
            """
            SELECT e.title FROM (SELECT title, entity_id, convert_from(payload, 'UTF8')::jsonb #> '{record,quota}' AS quota FROM entity WHERE state_name = 'project') e
            JOIN host_claim c ON c.project = e.entity_id GROUP BY e.title, e.quota
            HAVING sum(c.cores) > (e.quota ->> 'cores')::int OR count(*) > (e.quota ->> 'computes')::int OR sum(c.memory) > (e.quota ->> 'memoryBytes')::bigint
            """));
        Assert.Empty(await fixture.Rows("SELECT consumer FROM host_claim GROUP BY consumer, incarnation HAVING count(*) > 1"));
        Assert.Empty(await fixture.Rows("SELECT network FROM address_claim GROUP BY network, address HAVING count(*) > 1"));
        Assert.Empty(await fixture.Rows("SELECT a.address FROM address_claim a JOIN subnet_claim s USING (network) WHERE NOT a.address << s.range"));
        Assert.Empty(await fixture.Rows("SELECT a.range FROM subnet_claim a JOIN subnet_claim b ON a.network < b.network AND a.range && b.range"));
    }

    private async Task RepeatsAnswerTheSame(World world)
    {
        foreach (var consumer in world.Consumers)
        {
            if (await At(consumer.Id) is not { } host)
                continue;
            var again = await Task.WhenAll(_claims.Place(consumer.Asks(1)), _claims.Place(consumer.Asks(1)));
            Assert.All(again, a => Assert.Equal((host, OutcomeKind.AlreadyDone), (a.Host, a.Kind)));
        }
        foreach (var network in world.Networks)
        {
            if ((await fixture.Rows("SELECT range FROM subnet_claim WHERE network = $1", network)).Count == 0)
                continue;
            var before = (await _claims.ClaimSubnet(network, null, null)).Cidr!;
            Assert.Equal(before, (await _claims.ClaimSubnet(network, null, null)).Cidr);
            foreach (var row in await fixture.Rows("SELECT link || ' ' || host(address) FROM address_claim WHERE network = $1", network))
                Assert.Equal(row.Split(' ')[1], (await _claims.ClaimAddress(Address(network, Guid.Parse(row.Split(' ')[0]), null))).Address);
        }
    }

    [Fact]
    public async Task Projects_that_want_the_last_room_of_many_hosts_do_not_lock_each_other_out()
    {
        // Each project's placement tries several hosts: it must not keep one host's lock while it waits for another's.
        var world = await World.Create(fixture, 4, hosts: 6, projects: 8, quotas: false);
        for (var round = 0; round < 15; round++)
        {
            await Task.WhenAll(world.Consumers.Select(c => Task.Run(() => _claims.Place(c.Asks(3)))));
            await Holds();
            await Task.WhenAll(world.Consumers.Select(c => _claims.Release(c.Id)));
        }
    }

    [Fact]
    public async Task Many_who_claim_at_once_get_one_VXLAN_identifier_and_one_IPv6_range_for_each_network()
    {
        Guid[] networks = [.. Enumerable.Range(0, 6).Select(_ => Guid.NewGuid())];
        // The sequence meets numbers that are taken, as it does once it has come round.
        await fixture.Execute("INSERT INTO vni_claim (network, vni) SELECT gen_random_uuid(), n FROM generate_series(4096, 4110) n ON CONFLICT DO NOTHING");
        await fixture.Execute("SELECT setval('vni_sequence', 4096)");
        var claimed = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(async () =>
        {
            var network = networks[i % networks.Length];
            return (network, Vni: await _claims.ClaimVni(network), Range: (await _claims.ClaimSubnet6(network, null)).Cidr);
        })));
        Assert.Equal(networks.Length, claimed.Distinct().Count());
        Assert.Equal(networks.Length, claimed.Select(c => c.Vni).Distinct().Count());
        Assert.Equal(networks.Length, claimed.Select(c => c.Range).Distinct().Count());
        Assert.Contains("which another network has", (await _claims.ClaimSubnet6(Guid.NewGuid(), claimed[0].Range)).Why, StringComparison.Ordinal);
        await Task.WhenAll(networks.Select(_claims.ReleaseSubnet));
        Assert.Equal(["0"], await fixture.Rows("SELECT count(*)::text FROM subnet6_claim"));
        await fixture.Execute("DELETE FROM vni_claim");
    }

    [Fact]
    public async Task Two_who_claim_for_one_network_get_one_subnet()
    {
        for (var i = 0; i < 10; i++)
        {
            var network = Guid.NewGuid();
            var claimed = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => _claims.ClaimSubnet(network, null, null))));
            Assert.NotNull(Assert.Single(claimed.Select(c => c.Cidr).Distinct()));
            await _claims.ReleaseSubnet(network);
        }
    }

    [Theory]
    [InlineData("10.77.0.0", "The address 10.77.0.0 is the network's own.")]
    [InlineData("10.77.0.15", "The address 10.77.0.15 is the network's broadcast address.")]
    [InlineData("10.77.0.1", "The address 10.77.0.1 is the network's gateway.")]
    [InlineData("10.77.0.16", "The address 10.77.0.16 does not lie in 10.77.0.0/28.")]
    [InlineData("somewhere", "The address somewhere does not lie in 10.77.0.0/28.")]
    [InlineData("::ffff:10.77.0.2", "The address ::ffff:10.77.0.2 does not lie in 10.77.0.0/28.")]
    public async Task An_address_that_no_machine_can_have_is_refused(string wanted, string why)
    {
        var network = Guid.NewGuid();
        Assert.Equal("10.77.0.0/28", (await _claims.ClaimSubnet(network, "10.77.0.0/28", null)).Cidr);
        Assert.Equal(why, (await _claims.ClaimAddress(Address(network, Guid.NewGuid(), wanted))).Why);
    }

    [Fact]
    public async Task Addresses_run_out_and_come_back()
    {
        var network = Guid.NewGuid();
        await _claims.ClaimSubnet(network, "10.78.0.0/29", null);
        var links = Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToArray();
        var addresses = await Task.WhenAll(links.Select(l => _claims.ClaimAddress(Address(network, l, null))));
        Assert.Equal(["10.78.0.2", "10.78.0.3", "10.78.0.4", "10.78.0.5", "10.78.0.6"], addresses.Select(a => a.Address!).Order(StringComparer.Ordinal));
        Assert.Equal("All addresses of 10.78.0.0/29 that are given out are taken.", (await _claims.ClaimAddress(Address(network, Guid.NewGuid(), null))).Why);
        await _claims.ReleaseAddress(network, links[2]);
        Assert.Equal(addresses[2].Address, (await _claims.ClaimAddress(Address(network, Guid.NewGuid(), null))).Address);
        await _claims.ReleaseSubnet(network);
        Assert.Contains("has no range", (await _claims.ClaimAddress(Address(network, Guid.NewGuid(), "10.78.0.2"))).Why);
        Assert.Equal(new(null, null), await _claims.ClaimAddress(Address(network, Guid.NewGuid(), null)));
    }

    [Fact]
    public async Task What_is_not_to_be_given_out_is_not_given_and_what_was_given_before_stays()
    {
        var (network, links) = (Guid.NewGuid(), Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToArray());
        await _claims.ClaimSubnet(network, "10.79.0.0/29", null, new("10.79.0.4", "10.79.0.5"));
        Assert.Equal("10.79.0.4", (await _claims.ClaimAddress(Address(network, links[0], null))).Address);
        Assert.Equal("10.79.0.5", (await _claims.ClaimAddress(Address(network, links[1], null))).Address);
        Assert.Equal("All addresses of 10.79.0.0/29 that are given out are taken.", (await _claims.ClaimAddress(Address(network, links[2], null))).Why);
        Assert.Equal(
            "The address 10.79.0.3 is not given out: of this network are 10.79.0.4 to 10.79.0.5.", (await _claims.ClaimAddress(Address(network, links[2], "10.79.0.3"))).Why);

        Assert.Equal("10.79.0.0/29", (await _claims.ClaimSubnet(network, null, null, new("10.79.0.2", "10.79.0.3"))).Cidr);
        Assert.Equal("10.79.0.4", (await _claims.ClaimAddress(Address(network, links[0], null))).Address);
        Assert.Equal("10.79.0.2", (await _claims.ClaimAddress(Address(network, links[2], null))).Address);
        await _claims.ClaimSubnet(network, null, null);
        Assert.Equal("10.79.0.6", (await _claims.ClaimAddress(Address(network, links[3], "10.79.0.6"))).Address);
    }

    private async Task<Guid?> At(Guid consumer) =>
        await fixture.Rows("SELECT host FROM host_claim WHERE consumer = $1", consumer) is [var host, ..] ? Guid.Parse(host) : null;

    // A MAC address is its link's for ever.
    private static AddressRequest Address(Guid network, Guid link, string? wanted) => new(network, link, link, "52:54:00:" + link.ToString("N")[..6], wanted, null);

    private sealed record Consumer(Guid Id, Guid Incarnation, Guid Project)
    {
        public PlacementRequest Asks(int size) => new("compute", Id, Incarnation, Project, size, size * GiB / 2, size * GiB, "x64", null);
    }

    private sealed record World(Consumer[] Consumers, Guid[] Networks, Guid[] Links)
    {
        /// <summary>Hosts of different sizes; projects with a quota and one without; entities that several workers touch.</summary>
        public static async Task<World> Create(DatabaseFixture fixture, int seed, int hosts = 3, int projects = 3, bool quotas = true)
        {
            var random = new Random(seed);
            for (var h = 0; h < hosts; h++)
            {
                await Entity(fixture, "host", Id(random), "up", 3 + h % 3, (4 + h % 3) * GiB, 100 * GiB, """{"view":{"capabilities":{"architecture":"x64"}}}""");
            }
            var owners = new Guid[projects];
            for (var p = 0; p < projects; p++)
            {
                owners[p] = Id(random);
                var quota = quotas && p > 0 ? $$""", "quota": {"cores": {{4 + p}}, "computes": {{2 + p}}, "memoryBytes": {{5 * GiB}} }""" : "";
                await Entity(fixture, "project", owners[p], "", 0, 0, 0, $$"""{"record": {"name": "p"{{quota}} } }""");
            }
            return new(
                [.. Enumerable.Range(0, 16).Select(i => new Consumer(Id(random), Id(random), owners[i % projects]))],
                [.. Enumerable.Range(0, 6).Select(_ => Id(random))],
                [.. Enumerable.Range(0, 10).Select(_ => Id(random))]);
        }

        private static Guid Id(Random random)
        {
            Span<byte> bytes = stackalloc byte[16];
            random.NextBytes(bytes);
            return new(bytes);
        }

        private static Task Entity(DatabaseFixture fixture, string state, Guid id, string shown, int cores, long memory, long disk, string payload) => fixture.Execute(
            "INSERT INTO entity (state_name, id, version, payload, entity_id, title, state, cores, memory, disk) VALUES ($1, $2, 1, $3, $4, $2, $5, $6, $7, $8)",
            state, GrainKeys.Of(state, id), Encoding.UTF8.GetBytes(payload), id, shown, cores, memory, disk);
    }
}
