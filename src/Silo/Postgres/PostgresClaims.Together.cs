using Controller.Contracts;
using Controller.Grains.Placement;
using Npgsql;

namespace Controller.Silo.Postgres;

// Several placements of a project that are alike, in one transaction: one lock, one look at the hosts, one commit. Only what can be done is done here: a request that is refused, that was placed
// before, or that finds no room among the hosts that were looked at is left out, and placed alone, where why is found out.
internal sealed partial class PostgresClaims
{
    private async Task<IReadOnlyDictionary<PlacementRequest, Placing>> PlaceTogether(IReadOnlyList<PlacementRequest> requests)
    {
        // Nobody in particular: what one of them holds already, since it comes a second time, is not free for the others.
        var like = requests[0] with { Consumer = Guid.Empty };
        var ended = new Dictionary<PlacementRequest, Placing>(ReferenceEqualityComparer.Instance);
        await using var connection = await _database.OpenConnectionAsync();
        var sample = await _sampling.Of(connection, like, _options);
        await using var transaction = await connection.BeginTransactionAsync();
        var begun = await BeginTogether(connection, requests, like);
        foreach (var request in requests.Where(r => r.Version is { } version && !begun.Standing.Contains((r.Consumer, version))))
            ended.Add(request, new(null, Moved(request)));
        var judged = await PlacementFilters.Judge(connection, like, _options, sample);
        var chosen = Choose([.. requests.Where(r => !ended.ContainsKey(r) && !begun.HaveClaims.Contains(r.Consumer))], judged, begun.Quota, like);
        if (chosen.Count == 0)
            return ended;
        // Their locks in one order, so that two groups cannot wait for each other; who places one holds no other host's lock while it waits for one.
        var hosts = chosen.Select(c => c.Host).Distinct().Order().ToArray();
        var now = (await JudgeAllLocked(connection, like, hosts)).ToDictionary(h => h.Id);
        var sure = chosen.Where(c => now.TryGetValue(c.Host, out var room) && room.Filter is null && Take(now, room, like)).ToList();
        if (sure.Count == 0)
            return ended;
        await InsertTogether(connection, sure, judged);
        await transaction.CommitAsync();
        foreach (var (request, host) in sure)
            ended.Add(request, new(new(host, OutcomeKind.Done, null)));
        return ended;
    }

    /// <summary>The best host for each in turn, as if those before it were there already.</summary>
    private List<(PlacementRequest Request, Guid Host)> Choose(List<PlacementRequest> requests, IReadOnlyCollection<HostRoom> judged, Spent? quota, PlacementRequest like)
    {
        var rooms = judged.Where(h => h.Filter is null).ToDictionary(h => h.Id);
        var chosen = new List<(PlacementRequest, Guid)>(requests.Count);
        foreach (var request in requests)
        {
            if (rooms.Count == 0 || quota?.Takes(request, chosen.Count) == false)
                break;
            var best = _weighers.Best(rooms.Values, like)!;   // there is one
            chosen.Add((request, best.Id));
            if (!Take(rooms, best, like) || !HasRoom(rooms[best.Id], like))
                rooms.Remove(best.Id);
        }
        return chosen;
    }

    private static bool HasRoom(HostRoom room, PlacementRequest r) => r.Cores <= room.Free.Cores && r.MemoryBytes <= room.Free.Memory && r.DiskBytes <= room.Free.Disk;

    /// <summary>One more of them on the host; false: there is no room for it.</summary>
    private static bool Take(Dictionary<Guid, HostRoom> rooms, HostRoom room, PlacementRequest r)
    {
        // What takes nothing of something fits where there is less than nothing of it left, as the query has it.
        if ((r.Cores > 0 && r.Cores > room.Free.Cores) || (r.MemoryBytes > 0 && r.MemoryBytes > room.Free.Memory) || (r.DiskBytes > 0 && r.DiskBytes > room.Free.Disk))
            return false;
        rooms[room.Id] = room with { Free = new(room.Free.Cores - r.Cores, room.Free.Memory - r.MemoryBytes, room.Free.Disk - r.DiskBytes), HasImage = room.HasImage || r.Image is not null };
        return true;
    }

    private static async Task<(HashSet<(Guid, long)> Standing, HashSet<Guid> HaveClaims, Spent? Quota)> BeginTogether(
        NpgsqlConnection connection, IReadOnlyList<PlacementRequest> requests, PlacementRequest like)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var request in requests)
        {
            if (request.Version is { } version)
                batch.BatchCommands.Add(Part(Standing, request.Consumer, (int)version));
        }
        var standing = new HashSet<(Guid, long)>();
        var consumers = requests.Select(r => r.Consumer).ToArray();
        batch.BatchCommands.Add(Part("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", like.Project.ToString()));
        batch.BatchCommands.Add(Part("SELECT c FROM unnest($1) c, LATERAL (SELECT FROM host_claim WHERE consumer = c LIMIT 1) one", consumers));
        batch.BatchCommands.Add(QuotaOf(like));
        await using var reader = await batch.ExecuteReaderAsync();
        for (var number = 0; number < batch.BatchCommands.Count - 3; number++, await reader.NextResultAsync())
        {
            while (await reader.ReadAsync())
                standing.Add((reader.GetGuid(1), reader.GetInt32(0)));
        }
        await reader.NextResultAsync();
        var placed = new HashSet<Guid>();
        while (await reader.ReadAsync())
            placed.Add(reader.GetGuid(0));
        await reader.NextResultAsync();
        return (standing, placed, await Spent.Read(reader));
    }

    private async Task<List<HostRoom>> JudgeAllLocked(NpgsqlConnection connection, PlacementRequest like, Guid[] hosts)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var host in hosts)
            batch.BatchCommands.Add(Part("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", host.ToString()));
        batch.BatchCommands.Add(PlacementFilters.Question(like, _options, hosts));
        await using var reader = await batch.ExecuteReaderAsync();
        foreach (var _ in hosts)
            await reader.NextResultAsync();
        return await PlacementFilters.Answer(reader);
    }

    private async Task InsertTogether(NpgsqlConnection connection, List<(PlacementRequest Request, Guid Host)> placed, List<HostRoom> judged)
    {
        var like = placed[0].Request;
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Part(
            """
            INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk, zone, image)
            SELECT p.consumer, p.incarnation, p.host, $4, $5, $6, $7, $8, nullif($9, ''), nullif($10, '') FROM unnest($1, $2, $3) p (consumer, incarnation, host)
            """,
            placed.Select(p => p.Request.Consumer).ToArray(), placed.Select(p => p.Request.Incarnation).ToArray(), placed.Select(p => p.Host).ToArray(),
            like.Term, like.Project, like.Cores, like.MemoryBytes, like.DiskBytes, like.Zone ?? "", like.Image ?? ""));
        var tally = new PlacementTally(like);
        tally.Fitting(judged);   // counts those that do not
        foreach (var (request, host) in placed)
            batch.BatchCommands.Add(Noting(request, new(host, OutcomeKind.Done, null), judged, tally));
        await batch.ExecuteNonQueryAsync();
    }

    /// <summary>A project's quota and what is used of it, as <see cref="Quota"/> answers.</summary>
    private sealed record Spent(System.Text.Json.JsonElement Quota, long Computes, long Cores, long Memory, long Disk, long Volumes, long Addresses, long Asked)
    {
        /// <summary>Null: nothing limits the project.</summary>
        public static async Task<Spent?> Read(NpgsqlDataReader reader)
        {
            if (!await reader.ReadAsync() || reader.IsDBNull(0))
                return null;
            using var quota = System.Text.Json.JsonDocument.Parse(reader.GetString(0));
            return new(
                quota.RootElement.Clone(), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7));
        }

        /// <summary>Whether there is room for one more, after so many like it.</summary>
        public bool Takes(PlacementRequest request, int before) => Over(request, before) is null;

        /// <summary>What it would use beyond the quota, after so many like it; null when it fits.</summary>
        public string? Over(PlacementRequest r, int before = 0) => PlacementTally.Over(
            Quota,
            ("computes", Computes + (r.Term == "compute" ? before : 0), r.Term == "compute" ? 1 : 0, ""),
            ("cores", Cores + (before * r.Cores), r.Cores, ""),
            ("memoryBytes", Memory + (before * r.MemoryBytes), r.MemoryBytes, " bytes"),
            ("diskBytes", Disk + (before * r.DiskBytes), r.DiskBytes, " bytes"),
            ("volumes", Volumes + (r.Term == "storage" ? before : 0), r.Term == "storage" ? 1 : 0, ""),
            ("addresses", Addresses, Asked, ""));
    }
}
