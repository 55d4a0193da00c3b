using Npgsql;

namespace Controller.Silo.Images;

/// <summary>Which images somebody has a use for: what says so are the records themselves.</summary>
internal sealed class WantedImages(NpgsqlDataSource database)
{
    /// <summary>Whether something that was placed on that host is made from it: a host reads no other image.</summary>
    public async Task<bool> On(Guid host, string sha256)
    {
        await using var command = database.CreateCommand(
            """
            SELECT EXISTS (
                SELECT FROM host_claim c JOIN entity e ON e.entity_id = c.consumer AND e.state_name IN ('compute', 'storage')
                WHERE c.host = $1 AND convert_from(e.payload, 'UTF8')::jsonb #>> '{record,image,sha256}' = $2)
            """);
        command.Parameters.Add(new() { Value = host });
        command.Parameters.Add(new() { Value = sha256 });
        return await command.ExecuteScalarAsync() is true;
    }

    /// <summary>Digests that are named: by images, and by what is made or will be made from one.</summary>
    public async Task<HashSet<string>> Named(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            """
            SELECT convert_from(payload, 'UTF8')::jsonb #>> '{record,sha256}' FROM entity WHERE state_name = 'image'
            UNION
            SELECT convert_from(payload, 'UTF8')::jsonb #>> '{record,image,sha256}' FROM entity WHERE state_name IN ('compute', 'storage')
            """);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var named = new HashSet<string>();
        while (await reader.ReadAsync(cancel))
        {
            if (!reader.IsDBNull(0))
                named.Add(reader.GetString(0));
        }
        return named;
    }
}
