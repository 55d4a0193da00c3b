using Controller.Contracts;
using Controller.Testing;
using Npgsql;

namespace Controller.Grains.Tests.Cluster;

/// <summary>A database that ends connections, as it does when it restarts, is told as such by grains that come to life meanwhile.</summary>
[Collection("cluster")]
public sealed class DatabaseTroubleTests(ClusterFixture cluster)
{
    private const string Reading = "from pg_stat_activity where wait_event_type = 'Lock' and query like 'SELECT payload, version FROM entity%' and datname = current_database()";

    [Fact]
    public async Task A_grain_that_cannot_read_its_record_says_that_the_database_is_away()
    {
        await using var own = await cluster.Database.OpenConnectionAsync();
        await using var looking = await cluster.Database.OpenConnectionAsync();   // a transaction sees what others do as it was when it looked first
        await using (var locked = await own.BeginTransactionAsync())
        {
            await Do(own, "lock table entity in access exclusive mode");
            var call = cluster.Entity("network", Guid.NewGuid()).View(new(WellKnown.DefaultProject, Role.Member, "tester"));
            await Eventually.Is("the grain waits for its row", async () => (long)(await Do(looking, "select count(*) " + Reading))! > 0);
            await Do(looking, "select count(pg_terminate_backend(pid)) " + Reading);
            await locked.RollbackAsync();
            // Npgsql's own exceptions can't be sent, and what comes instead of them would be a defect to the caller.
            var told = await Record.ExceptionAsync(() => call);
            Assert.True(told is UnavailableException or { InnerException: UnavailableException }, $"{told}");
        }
    }

    private static async Task<object?> Do(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
