using Controller.Grains.Mixins;
using Npgsql;

namespace Controller.Silo.Postgres;

internal sealed class PostgresMixinMembers(NpgsqlDataSource database) : IMixinMembers
{
    public async Task<IReadOnlyList<MixinMember>> Having(Guid project, IReadOnlyCollection<string> mixins, long after, int most)
    {
        // What is not listed is on its way out, or not made yet: it can't be changed.
        await using var command = database.CreateCommand(
            "SELECT state_name, entity_id, seq FROM entity WHERE project = $1 AND listed AND mixins && $2 AND seq > $3 ORDER BY seq LIMIT $4");
        command.Parameters.Add(new() { Value = project });
        command.Parameters.Add(new() { Value = mixins.ToArray() });
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = most });
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<MixinMember>();
        while (await reader.ReadAsync())
            found.Add(new(reader.GetString(0), reader.GetGuid(1), reader.GetInt64(2)));
        return found;
    }
}
