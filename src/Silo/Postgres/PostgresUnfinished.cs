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
        return await Entities(command);
    }

    // Not by due time: nobody writes to a link when its source goes. A link outlives none that is there, so one look at both is enough.
    public async Task<IReadOnlyList<(string Term, Guid Id)>> Orphans(IReadOnlyList<string> terms, int most)
    {
        await using var command = database.CreateCommand(
            """
            SELECT l.state_name, l.entity_id FROM entity l
            WHERE l.state_name = ANY($1) AND l.source IS NOT NULL AND NOT EXISTS (SELECT FROM entity s WHERE s.entity_id = l.source AND s.listed)
            LIMIT $2
            """);
        command.Parameters.Add(new() { Value = terms.ToArray() });
        command.Parameters.Add(new() { Value = most });
        return await Entities(command);
    }

    public async Task<IReadOnlyList<Guid>> ConnectedHosts()
    {
        await using var command = database.CreateCommand("SELECT entity_id FROM entity WHERE state_name = 'host' AND state IN ('up', 'unhealthy', 'unreachable')");
        await using var reader = await command.ExecuteReaderAsync();
        var hosts = new List<Guid>();
        while (await reader.ReadAsync())
            hosts.Add(reader.GetGuid(0));
        return hosts;
    }

    private static async Task<IReadOnlyList<(string Term, Guid Id)>> Entities(NpgsqlCommand command)
    {
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<(string, Guid)>();
        while (await reader.ReadAsync())
            found.Add((reader.GetString(0), reader.GetGuid(1)));
        return found;
    }
}
