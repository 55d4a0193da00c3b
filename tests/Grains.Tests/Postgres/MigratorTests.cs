using Controller.Silo;
using Controller.Silo.Postgres;
using Controller.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Controller.Grains.Tests.Postgres;

public sealed class MigratorTests
{
    [Fact]
    public async Task A_migration_that_is_missing_is_applied_whichever_came_after_it()
    {
        await using var postgres = await PrivatePostgres.Start();
        await using var database = SiloHost.Database(await postgres.CreateDatabase());
        var migrator = new Migrator(database, NullLogger<Migrator>.Instance);
        await migrator.Apply(CancellationToken.None);
        var all = await Number("SELECT count(*) FROM schema_version");
        Assert.Equal(Migrator.All().Count(), all);

        // As if a release with a higher number had been here before this one.
        await Number("WITH gone AS (DELETE FROM schema_version WHERE version = 16 RETURNING 1), later AS (INSERT INTO schema_version (version, name) VALUES (9999, 'later') RETURNING 1) SELECT count(*) FROM gone, later");
        await using (var drop = database.CreateCommand("DROP TABLE audit; DROP FUNCTION keep_audit"))
            await drop.ExecuteNonQueryAsync();
        await migrator.Apply(CancellationToken.None);
        Assert.Equal(all + 1, await Number("SELECT count(*) FROM schema_version"));
        Assert.Equal(0, await Number("SELECT count(*) FROM audit"));
        await migrator.Apply(CancellationToken.None);   // and then there is nothing to do

        async Task<long> Number(string sql)
        {
            await using var command = database.CreateCommand(sql);
            return (long)(await command.ExecuteScalarAsync())!;   // a count is never null
        }
    }
}
