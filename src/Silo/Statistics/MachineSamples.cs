using System.Text.Json;
using Controller.Contracts;
using Npgsql;
using Proto = Controller.Agent.Protocol;

namespace Controller.Silo.Statistics;

/// <summary>Writes what machines have used into the ring of the last hour: one statement for each report of a host.</summary>
internal sealed class MachineSamples(NpgsqlDataSource database, MachineMeter meter, TimeProvider time)
{
    /// <summary>An agent's clock is believed as far as this.</summary>
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(1);

    /// <summary>Keeps the measures of those machines that are on that host: of others it has nothing to say.</summary>
    public async Task Store(Guid host, DateTimeOffset taken, IReadOnlyCollection<Proto.MachineStatistics> machines)
    {
        var now = time.GetUtcNow();
        var at = (taken - now).Duration() > ClockSlack ? now : taken;
        var samples = machines.Where(m => Guid.TryParse(m.Id, out _) && Guid.TryParse(m.Incarnation, out _)).DistinctBy(m => m.Id)
            .ToDictionary(m => Guid.Parse(m.Id), m => m.ToSample(at));

        await using var command = database.CreateCommand(
            """
            INSERT INTO machine_sample (slot, machine, taken, project, host, sample)
            SELECT $1, e.entity_id, $2, e.project, $3, s.sample
            FROM unnest($4, $5) AS s (id, sample) JOIN entity e ON e.state_name = 'compute' AND e.id = s.id
            WHERE e.host = $3 AND e.project IS NOT NULL
            ON CONFLICT (slot, machine) DO UPDATE SET taken = excluded.taken, project = excluded.project, host = excluded.host, sample = excluded.sample
            WHERE machine_sample.taken <= excluded.taken
            RETURNING machine, project
            """);
        command.Parameters.Add(new() { Value = SampleRing.Slot(at) });
        command.Parameters.Add(new() { Value = at.UtcDateTime });
        command.Parameters.Add(new() { Value = host });
        command.Parameters.Add(new() { Value = samples.Keys.Select(id => GrainKeys.Of("compute", id)).ToArray() });
        command.Parameters.Add(new() { Value = samples.Values.Select(s => JsonSerializer.SerializeToUtf8Bytes(s, SampleJson.Default.MachineSample)).ToArray() });
        var kept = new List<MeasuredMachine>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            kept.Add(new(reader.GetGuid(0), reader.GetGuid(1), host, samples[reader.GetGuid(0)]));
        meter.Replace(host, kept);
    }

    public void Forget(Guid host) => meter.Replace(host, []);

    /// <summary>Throws away what gone machines have left.</summary>
    public async Task Prune(CancellationToken cancel)
    {
        await using var command = database.CreateCommand("DELETE FROM machine_sample WHERE taken < $1");
        command.Parameters.Add(new() { Value = (time.GetUtcNow() - SampleRing.Kept).UtcDateTime });
        await command.ExecuteNonQueryAsync(cancel);
    }
}
