using System.Text.Json;
using System.Text.Json.Serialization;
using Controller.Grains.Placement;
using Npgsql;
using NpgsqlTypes;

namespace Controller.Silo.Postgres;

// Why something is where it is, or nowhere: the last decision about each consumer, for who asks for it later.
internal sealed partial class PostgresClaims
{
    /// <summary>More hosts than these in a decision help nobody.</summary>
    private const int MostHosts = 100;

    /// <summary>What a decision was made of. Read by the API: additive changes only.</summary>
    internal sealed record Decision(Decision.Wanted Request, string Strategy, IReadOnlyDictionary<string, Decision.Filtered> Rejected, IReadOnlyList<Decision.Considered> Hosts)
    {
        internal sealed record Wanted(
            int Cores, long MemoryBytes, long DiskBytes, string? Architecture, string? Zone, string? Group, Guid? OnlyHost, IReadOnlyList<string> Features);

        /// <summary>How many hosts a filter rejected, and what it is called.</summary>
        internal sealed record Filtered(int Hosts, string Words);

        /// <summary>The first filter that it did not pass, or what spoke for it.</summary>
        internal sealed record Considered(
            Guid Id, string Name, string? Filter, long FreeCores, long FreeMemoryBytes, long FreeDiskBytes, IReadOnlyDictionary<string, double>? Weights);
    }

    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(Decision))]
    private sealed partial class DecisionJson : JsonSerializerContext;

    /// <summary>Takes nothing, and keeps why.</summary>
    private async Task<PlacementResult> Refuse(
        NpgsqlTransaction transaction, PlacementRequest request, PlacementResult refused, List<HostRoom>? judged = null, PlacementTally? tally = null)
    {
        var connection = transaction.Connection!;   // it is open: nobody ended it before
        await transaction.RollbackAsync();
        await Note(connection, request, refused, judged ?? [], tally ?? new(request));
        return refused;
    }

    private async Task Note(NpgsqlConnection connection, PlacementRequest request, PlacementResult result, List<HostRoom> judged, PlacementTally tally)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Noting(request, result, judged, tally) } };
        await batch.ExecuteNonQueryAsync();
    }

    private NpgsqlBatchCommand Noting(PlacementRequest request, PlacementResult result, List<HostRoom> judged, PlacementTally tally)
    {
        var decision = new Decision(
            new(request.Cores, request.MemoryBytes, request.DiskBytes, request.Architecture, request.Zone, request.Group?.Key, request.OnlyHost, request.Features),
            _options.Strategy.ToString().ToLowerInvariant(),
            tally.Rejected.ToDictionary(r => r.Key, r => new Decision.Filtered(r.Value, PlacementFilters.Words(r.Key, request))),
            [.. judged.OrderBy(h => h.Id != result.Host).ThenBy(h => h.Filter is not null).Take(MostHosts).Select(h => new Decision.Considered(
                h.Id, h.Name, h.Filter, h.Free.Cores, h.Free.Memory, h.Free.Disk, h.Filter is null ? _weighers.Of(h, request) : null))]);
        return new NpgsqlBatchCommand(
            """
            WITH old AS (DELETE FROM placement_decision WHERE NOT placed AND decided < now() - $8::interval AND consumer <> $1)
            INSERT INTO placement_decision (consumer, placed, term, project, host, outcome, why, detail, decided)
            VALUES ($1, $4::uuid IS NOT NULL, $2, $3, $4, $5, $6, $7, now())
            ON CONFLICT (consumer, placed) DO UPDATE SET
                term = excluded.term, project = excluded.project, host = excluded.host, outcome = excluded.outcome, why = excluded.why, detail = excluded.detail,
                decided = excluded.decided
            """)
        {
            Parameters =
            {
                new() { Value = request.Consumer },
                new() { Value = request.Term },
                new() { Value = request.Project },
                new() { Value = (object?)result.Host ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                new() { Value = result.Kind.ToString().ToLowerInvariant() },
                new() { Value = (object?)result.Why ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = JsonSerializer.Serialize(decision, DecisionJson.Default.Decision), NpgsqlDbType = NpgsqlDbType.Jsonb },
                new() { Value = _options.KeepRefusals },
            },
        };
    }
}
