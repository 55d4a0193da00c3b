using Controller.Grains.Sweeping;
using Npgsql;

namespace Controller.Silo.Postgres;

internal sealed class PostgresUnfinished(NpgsqlDataSource database) : IUnfinished
{
    public async Task<IReadOnlyList<(string Term, Guid Id)>> Due(DateTimeOffset now, int most)
    {
        await using var command = database.CreateCommand("SELECT state_name, entity_id FROM entity WHERE due <= $1 ORDER BY due LIMIT $2");
        command.Parameters.Add(new() { Value = now.UtcDateTime });
        command.Parameters.Add(new() { Value = most });
        await using var reader = await command.ExecuteReaderAsync();
        var due = new List<(string, Guid)>();
        while (await reader.ReadAsync())
            due.Add((reader.GetString(0), reader.GetGuid(1)));
        return due;
    }

    public async Task<IReadOnlyList<Guid>> ConnectedHosts()
    {
        await using var command = database.CreateCommand("SELECT entity_id FROM entity WHERE state_name = 'host' AND state IN ('up', 'unhealthy')");
        await using var reader = await command.ExecuteReaderAsync();
        var hosts = new List<Guid>();
        while (await reader.ReadAsync())
            hosts.Add(reader.GetGuid(0));
        return hosts;
    }
}
