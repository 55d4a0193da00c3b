using System.Net;
using Controller.Silo;
using Controller.Silo.Postgres;
using Npgsql;

namespace Controller.Grains.Tests.Postgres;

/// <summary>PostgreSQL takes no write of a silo that was declared dead, whichever table it is for.</summary>
[Collection("database")]
public sealed class DeadSiloTests(DatabaseFixture fixture)
{
    private const int Active = 3, Dead = 6;

    [Theory]
    [InlineData("INSERT INTO entity (state_name, id, version, payload, listed) VALUES ('test', gen_random_uuid()::text, 1, '{}', false)")]
    [InlineData("UPDATE entity SET version = 2 WHERE state_name = 'test'")]
    [InlineData("DELETE FROM entity WHERE state_name = 'test'")]
    [InlineData("DELETE FROM host_claim WHERE consumer = gen_random_uuid()")]
    [InlineData("DELETE FROM pool_claim WHERE consumer = gen_random_uuid()")]
    [InlineData("DELETE FROM address_claim WHERE consumer = gen_random_uuid()")]
    [InlineData("DELETE FROM subnet_claim WHERE network = gen_random_uuid()")]
    [InlineData("DELETE FROM subnet6_claim WHERE network = gen_random_uuid()")]
    [InlineData("INSERT INTO vni_claim (network) VALUES (gen_random_uuid())")]
    public async Task Only_the_living_write(string sql)
    {
        var generation = Random.Shared.Next();
        var self = new OwnSilo();
        self.Is(SiloAddress.New(IPAddress.Loopback, 11111, generation));
        await using var database = SiloHost.Database(fixture.Database.ConnectionString, self);
        await fixture.Execute("INSERT INTO OrleansMembershipVersionTable (DeploymentId) VALUES ($1) ON CONFLICT DO NOTHING", SiloHost.Cluster);
        await Is(Active);
        await Write();
        await Is(Dead);
        var refused = await Assert.ThrowsAsync<PostgresException>(Write);
        Assert.Equal(OwnSilo.Dead, refused.SqlState);
        await fixture.Execute(sql);   // nobody's writes are others' affair
        await fixture.Execute("DELETE FROM entity WHERE state_name = 'test'");
        await fixture.Execute("DELETE FROM OrleansMembershipTable WHERE Generation = $1", generation);

        async Task Write()
        {
            await using var command = database.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }

        Task Is(int status) => fixture.Execute(
            """
            INSERT INTO OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, StartTime, IAmAliveTime)
            VALUES ($1, '127.0.0.1', 11111, $2, 'silo', 'machine', $3, now(), now())
            ON CONFLICT (DeploymentId, Address, Port, Generation) DO UPDATE SET Status = excluded.Status
            """,
            SiloHost.Cluster, generation, status);
    }

    [Fact]
    public async Task All_tables_that_grains_write_to_know_the_dead()
    {
        var asked = await fixture.Rows(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE '%not_by_the_dead' AND t.tgtype & 2 = 2 ORDER BY 1");   // 2: before
        Assert.Equal(await fixture.Rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND (relname = 'entity' OR relname LIKE '%\\_claim') ORDER BY 1"), asked);
    }
}
