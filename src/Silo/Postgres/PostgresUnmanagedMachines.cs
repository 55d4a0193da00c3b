using Controller.Grains.Restoring;
using Npgsql;

namespace Controller.Silo.Postgres;

internal sealed class PostgresUnmanagedMachines(NpgsqlDataSource database) : IUnmanagedMachines
{
    // One that never connected has nothing.
    private const string Sql =
        """
        SELECT title, has FROM (
            SELECT title, seq, coalesce((record ->> 'era')::bigint, 0) AS era,
                EXISTS (SELECT FROM jsonb_array_elements(coalesce(nullif(record -> 'unmanaged', 'null'), '[]')) u WHERE lower(u ->> 'uuid') = $1) AS has
            FROM (SELECT title, seq, convert_from(payload, 'UTF8')::jsonb -> 'record' AS record FROM entity WHERE state_name = 'host') h
            WHERE coalesce((record ->> 'epoch')::bigint, 0) > 0) h
        WHERE has OR era <> $2 ORDER BY has DESC, seq LIMIT 1
        """;

    public async Task<string?> Having(Guid machine, long? era)
    {
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = machine.ToString("D") });
        command.Parameters.Add(new() { Value = era ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint });
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
            return null;
        var host = reader.GetString(0);
        return reader.GetBoolean(1)
            ? $"Host {host} has a machine of this compute that is not managed: adopt that one, or have it removed there. Started here it would run twice."
            : $"The database was restored to an earlier state, and host {host} has not said since what it has: the machine may run there. Wait for that host, or remove it if it is gone for good.";
    }
}
