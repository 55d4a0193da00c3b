using System.Text.Json;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Metrics;

/// <summary>A machine's newest sample, and what is known of it beside.</summary>
internal sealed record NewestSample(Guid Machine, Guid Project, Guid Host, string? Title, MachineSample Sample);

/// <summary>What a host has and what of it is claimed.</summary>
internal sealed record HostUse(Guid Host, string Name, string? State, HostCapabilities? Capabilities, long Machines, long Cores, long MemoryBytes, long DiskBytes);

/// <summary>Samples of the last hour. Silos write them.</summary>
internal sealed class SampleRows(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>A machine whose host has not measured it for so long is not in the newest.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(2);

    /// <summary>A machine's samples, the oldest first, as they were written.</summary>
    public async Task<List<JsonElement>> Of(Guid machine, DateTimeOffset since, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var from = since < now - SampleRing.Kept ? now - SampleRing.Kept : since;
        await using var command = database.CreateCommand("select sample from machine_sample where slot = any($1) and machine = $2 and taken >= $3 order by taken");
        command.Parameters.Add(new() { Value = SampleRing.Slots(from, now + SampleRing.Place) });
        command.Parameters.Add(new() { Value = machine });
        command.Parameters.Add(new() { Value = from.UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<JsonElement>();
        while (await reader.ReadAsync(cancel))
            found.Add(JsonSerializer.Deserialize<JsonElement>(reader.GetFieldValue<byte[]>(0)));
        return found;
    }

    /// <summary>Each machine's newest sample; of one project, or (null) of all.</summary>
    public async Task<List<NewestSample>> Newest(Guid? project, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        await using var command = database.CreateCommand(
            """
            select distinct on (s.machine) s.machine, s.project, s.host, e.title, s.sample
            from machine_sample s join entity e on e.state_name = 'compute' and e.id = 'compute/' || s.machine
            where s.slot = any($1) and s.taken >= $2 and ($3::uuid is null or s.project = $3)
            order by s.machine, s.taken desc
            """);
        command.Parameters.Add(new() { Value = SampleRing.Slots(now - Fresh, now + SampleRing.Place) });
        command.Parameters.Add(new() { Value = (now - Fresh).UtcDateTime });
        command.Parameters.Add(new() { Value = (object?)project ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<NewestSample>();
        while (await reader.ReadAsync(cancel))
        {
            if (JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(4), SampleJson.Default.MachineSample) is { } sample)
                found.Add(new(reader.GetGuid(0), reader.GetGuid(1), reader.GetGuid(2), reader.IsDBNull(3) ? null : reader.GetString(3), sample));
        }
        return found;
    }

    /// <summary>All hosts.</summary>
    public async Task<List<HostUse>> Hosts(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            """
            select e.entity_id, e.payload, e.state, count(c.consumer) filter (where c.term = 'compute'), coalesce(sum(c.cores), 0), coalesce(sum(c.memory), 0)::bigint, coalesce(sum(c.disk), 0)::bigint
            from entity e left join host_claim c on c.host = e.entity_id where e.state_name = 'host' group by e.entity_id, e.payload, e.state, e.seq order by e.seq
            """);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var found = new List<HostUse>();
        while (await reader.ReadAsync(cancel))
        {
            if (JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(1), ContractsJson.Default.RowHostView)?.View is { } view)
            {
                found.Add(new(
                    reader.GetGuid(0), view.Name, reader.IsDBNull(2) ? null : reader.GetString(2), view.Capabilities, reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5), reader.GetInt64(6)));
            }
        }
        return found;
    }
}
