using Controller.Silo.Postgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace Controller.Grains.Tests.Postgres;

[Collection("database")]
public sealed class HostsSeenTests(DatabaseFixture database)
{
    [Fact]
    public async Task A_host_that_comes_back_to_a_silo_has_the_clock_that_it_says_now_and_not_what_another_silo_was_told()
    {
        var (host, other) = (Guid.NewGuid(), Seen());
        var first = Seen();
        await first.Clock(host, TimeProvider.System.GetUtcNow(), isNew: true);
        await other.Clock(host, TimeProvider.System.GetUtcNow() - TimeSpan.FromSeconds(8), isNew: true);
        Assert.InRange(await Ahead(host), -9000, -7000);
        await first.Clock(host, TimeProvider.System.GetUtcNow(), isNew: true);
        Assert.InRange(await Ahead(host), -1000, 1000);
    }

    private HostsSeen Seen() => new(database.Database, TimeProvider.System, NullLogger<HostsSeen>.Instance);

    private async Task<long> Ahead(Guid host) =>
        long.Parse((await database.Rows("SELECT clock_ahead_ms FROM host_seen WHERE host = $1", host))[0], System.Globalization.CultureInfo.InvariantCulture);
}
