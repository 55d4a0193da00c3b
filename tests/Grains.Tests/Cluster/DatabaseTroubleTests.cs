using Controller.Contracts;
using Controller.Testing;
using Npgsql;

namespace Controller.Grains.Tests.Cluster;

/// <summary>A database that ends connections, as it does when it restarts, is told as such by grains that come to life meanwhile.</summary>
[Collection("cluster")]
public sealed class DatabaseTroubleTests(ClusterFixture cluster)
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");

    private const string Writing = "from pg_stat_activity where wait_event_type = 'Lock' and query like '%UPDATE entity SET payload%' and datname = current_database()";
    private const string Reading = "from pg_stat_activity where wait_event_type = 'Lock' and query like 'SELECT payload, version FROM entity%' and datname = current_database()";

    [Fact]
    public async Task A_grain_that_cannot_read_its_record_says_that_the_database_is_away()
    {
        await using var own = await cluster.Database.OpenConnectionAsync();
        await using var looking = await cluster.Database.OpenConnectionAsync();   // a transaction sees what others do as it was when it looked first
        await using (var locked = await own.BeginTransactionAsync())
        {
            await Do(own, "lock table entity in access exclusive mode");
            var call = cluster.Entity("network", Guid.NewGuid()).View(Me);
            await Eventually.Is("the grain waits for its row", async () => (long)(await Do(looking, "select count(*) " + Reading))! > 0);
            await Do(looking, "select count(pg_terminate_backend(pid)) " + Reading);
            await locked.RollbackAsync();
            // Npgsql's own exceptions can't be sent, and what comes instead of them would be a defect to the caller.
            var told = await Record.ExceptionAsync(() => call);
            Assert.True(told is UnavailableException or { InnerException: UnavailableException }, $"{told}");
        }
    }

    /// <summary>The connection ends while it writes: it may have. It reads its row before it believes anything, and finds it as somebody has left it meanwhile.</summary>
    [Fact]
    public async Task A_grain_that_does_not_know_whether_it_has_written_its_record_reads_it()
    {
        var id = Guid.NewGuid();
        var network = cluster.Entity("network", id);
        Assert.True((await network.Create(new() { Caller = Me, Id = id, Kind = Occi.Infrastructure.Network.Kind.ToString() })).Ok);
        await using var own = await cluster.Database.OpenConnectionAsync();
        await using var looking = await cluster.Database.OpenConnectionAsync();
        await using (var locked = await own.BeginTransactionAsync())
        {
            await Do(own, $"update entity set version = version + 1 where entity_id = '{id}'");
            var call = Rename(network, "first");
            await Eventually.Is("the grain waits for its row", async () => (long)(await Do(looking, "select count(*) " + Writing))! > 0);
            await Do(looking, "select count(pg_terminate_backend(pid)) " + Writing);
            var told = await Record.ExceptionAsync(() => call);
            Assert.True(told is UnavailableException or { InnerException: UnavailableException }, $"{told}");
            await locked.CommitAsync();
        }
        Assert.True((await Rename(network, "second")).Ok);
        Assert.True((await network.Delete(new(Me))).Ok);
    }

    [Fact]
    public async Task Nobody_is_shown_what_is_not_written_yet()
    {
        var id = Guid.NewGuid();
        var network = cluster.Entity("network", id);
        Assert.True((await network.Create(new() { Caller = Me, Id = id, Kind = Occi.Infrastructure.Network.Kind.ToString() })).Ok);
        Assert.True((await Rename(network, "before")).Ok);
        var before = await network.Look(Me, 0);
        await using var own = await cluster.Database.OpenConnectionAsync();
        Task<Outcome> renamed;
        await using (var locked = await own.BeginTransactionAsync())
        {
            await Do(own, $"select 1 from entity where entity_id = '{id}' for update");
            renamed = Rename(network, "after");
            await using var looking = await cluster.Database.OpenConnectionAsync();
            await Eventually.Is("the grain waits for its row", async () => (long)(await Do(looking, "select count(*) " + Writing))! > 0);
            Assert.Equal("before", TitleOf(await network.View(Me)));
            Assert.Equal(new(before.Stamp, null), await network.Look(Me, before.Stamp));
            await locked.RollbackAsync();
        }
        Assert.True((await renamed).Ok);
        Assert.Equal("after", TitleOf((await network.Look(Me, before.Stamp)).View));
        Assert.True((await network.Delete(new(Me))).Ok);

        static string? TitleOf(EntityView? view) => view?.Attributes[Occi.Core.CoreKinds.Title.Name].Text;
    }

    private static Task<Outcome> Rename(IEntityGrain network, string title) =>
        network.Update(new() { Caller = Me, Attributes = new() { [Occi.Core.CoreKinds.Title.Name] = Occi.AttributeValue.Of(title) } });

    private static async Task<object?> Do(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
