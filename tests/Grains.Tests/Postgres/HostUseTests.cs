using System.Text;
using Controller.Contracts;
using Controller.Silo.Postgres;

namespace Controller.Grains.Tests.Postgres;

/// <summary>What is claimed of hosts, as it is and as it lately was.</summary>
[Collection("database")]
public sealed class HostUseTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private const long GiB = 1L << 30;
    private readonly Clock _clock = new();

    public Task InitializeAsync() => fixture.Execute("DELETE FROM entity");

    public async Task DisposeAsync()
    {
        foreach (var table in new[] { "host_claim", "entity" })
            await fixture.Execute("DELETE FROM " + table);
    }

    [Fact]
    public async Task Lately_is_some_seconds_ago_for_all_hosts_at_once()
    {
        var claims = new PostgresClaims(fixture.Database, new() { CoresPerCore = 2, MemoryShare = 0.5, DiskPerByte = 1 }, _clock);
        var (one, other) = (await Host(), await Host());
        await Claim(one, "compute", 3);
        await Claim(one, "storage", 0);
        var used = new HostUse(1, 1, 3, 2 * GiB, 2 * GiB, 8, 50 * GiB, 100 * GiB);
        Assert.Equal(used, await claims.Use(one));
        Assert.Equal(used, await claims.UseLately(one));
        var nothing = new HostUse(0, 0, 0, 0, 0, 8, 50 * GiB, 100 * GiB);
        Assert.Equal(nothing, await claims.UseLately(other));

        await Claim(other, "compute", 1);
        Assert.Equal(nothing, await claims.UseLately(other));   // it was looked up with the first one
        Assert.Equal(1, (await claims.Use(other)).Computes);
        var late = await Host();
        await Claim(late, "compute", 2);
        Assert.Equal(2, (await claims.UseLately(late)).Cores);   // of whom nothing was known then

        _clock.Advance(TimeSpan.FromSeconds(4));
        foreach (var host in new[] { one, other, late })
            Assert.Equal(1, (await claims.UseLately(host)).Computes);
    }

    [Fact]
    public async Task A_host_that_is_gone_has_given_what_is_still_claimed_of_it()
    {
        var claims = new PostgresClaims(fixture.Database, new(), _clock);
        var gone = Guid.NewGuid();
        Assert.Equal(new HostUse(0, 0, 0, 0, 0, 0, 0, 0), await claims.UseLately(gone));
        await Claim(gone, "compute", 2);
        Assert.Equal((1, 2L, 0L), (await claims.Use(gone)) is var use ? (use.Computes, use.Cores, use.UsableCores) : default);
    }

    private async Task<Guid> Host()
    {
        var host = Guid.NewGuid();
        await fixture.Execute(
            "INSERT INTO entity (state_name, id, version, payload, entity_id, title, state, cores, memory, disk) VALUES ('host', $1, 1, $2, $3, 'h', 'up', 4, $4, $4)",
            GrainKeys.Of("host", host), Encoding.UTF8.GetBytes("{}"), host, 100 * GiB);
        return host;
    }

    private Task Claim(Guid host, string term, int cores) => fixture.Execute(
        "INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk) VALUES (gen_random_uuid(), gen_random_uuid(), $1, $2, gen_random_uuid(), $3, $4, $4)",
        host, term, cores, GiB);

    private sealed class Clock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks;
    }
}
