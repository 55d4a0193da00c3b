using Controller.Grains.Availability;
using Npgsql;
using Occi.Extension;

namespace Controller.Silo.Postgres;

internal sealed class PostgresAvailableMachines(NpgsqlDataSource database) : IAvailableMachines
{
    public async Task<IReadOnlyList<Guid>> OnHost(Guid host)
    {
        await using var command = database.CreateCommand("SELECT entity_id FROM entity WHERE state_name = 'compute' AND host = $1 AND $2 = ANY (mixins) ORDER BY seq");
        command.Parameters.Add(new() { Value = host });
        command.Parameters.Add(new() { Value = HighAvailability.Mixin.Id.ToString() });
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<Guid>();
        while (await reader.ReadAsync())
            found.Add(reader.GetGuid(0));
        return found;
    }
}
