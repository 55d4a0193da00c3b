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

    /// <summary>Silos plan once what they ask often, and keep it: a plan of a new cloud's empty tables must be good when they are full.</summary>
    [Theory]
    [InlineData("(text, text) AS SELECT payload FROM entity WHERE state_name = $1 AND id = $2", "('', '')", "entity_pkey")]
    [InlineData("(text, text, int) AS UPDATE entity SET version = 1 WHERE state_name = $1 AND id = $2 AND version = $3", "('', '', 1)", "entity_pkey")]
    [InlineData("(uuid[]) AS SELECT e.facts FROM entity e WHERE e.state_name = 'host' AND e.entity_id = ANY ($1)", "('{}')", "entity_by_id")]
    [InlineData("(uuid, uuid) AS SELECT host FROM host_claim WHERE consumer = $1 AND incarnation = $2", "(gen_random_uuid(), gen_random_uuid())", "host_claim_pkey")]
    [InlineData("(uuid) AS SELECT quantity FROM usage_open WHERE entity = $1 AND what = 'cores'", "(gen_random_uuid())", "usage_open_pkey")]
    public async Task In_a_new_database_what_is_asked_by_a_key_is_found_by_that_key(string statement, string arguments, string index)
    {
        await using var postgres = await PrivatePostgres.Start();
        await using var database = SiloHost.Database(await postgres.CreateDatabase());
        await new Migrator(database, NullLogger<Migrator>.Instance).Apply(CancellationToken.None);
        await using var connection = await database.OpenConnectionAsync();
        await using (var prepare = new Npgsql.NpgsqlCommand($"PREPARE asked {statement}", connection))
            await prepare.ExecuteNonQueryAsync();
        await using var explain = new Npgsql.NpgsqlCommand($"EXPLAIN EXECUTE asked {arguments}", connection);
        await using var reader = await explain.ExecuteReaderAsync();
        var plan = "";
        while (await reader.ReadAsync())
            plan += reader.GetString(0) + "\n";
        Assert.Contains(index, plan, StringComparison.Ordinal);
    }
}
