using Controller.Agent.Protocol;
using Power = Controller.Agent.Protocol.Power;
using Controller.Contracts;
using Controller.History.Tests.Clients;
using Controller.History.Tests.Cluster;
using Npgsql;

namespace Controller.History.Tests;

/// <summary>What must be so once all faults are over and nothing is under way any more.</summary>
internal sealed class Invariants(World world, IReadOnlyList<Client> clients)
{
    private const decimal GiB = 1L << 30;

    private sealed record Row(string Term, Guid Id, string? State, Guid? Host, string? Title, bool Listed, int? Cores, long? Memory, long? Disk, Guid? Source, Guid? Target, bool IsCopy);

    private sealed record Claim(string Term, Guid Consumer, Guid Incarnation, Guid Host, int Cores, long Memory, long Disk);

    /// <summary>Everything that is not so, with what it is about.</summary>
    public async Task<List<string>> Broken()
    {
        var broken = new List<string>();
        try
        {
            var unfinished = await Admin("/admin/operations");
            broken.AddRange(unfinished.EnumerateArray().Where(o => !IsWatch(o)).Select(o => $"under way: {o}"));
            if (broken.Count > 0)
                return broken;   // there is no use in looking closer, and it takes a while
            await Entities(broken);
            var doctor = await Admin("/admin/doctor?deep=true");
            broken.AddRange(doctor.GetProperty("findings").EnumerateArray().Select(f => $"doctor: {f}"));
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or IOException)
        {
            broken.Add($"It could not be looked at: {e.Message}");
        }
        return broken;
    }

    /// <summary>A removed mixin is looked after for two minutes, whatever happens; one that goes on after that is under way.</summary>
    private static bool IsWatch(System.Text.Json.JsonElement operation) =>
        operation.GetProperty("kind").GetString() == "usermixins" && operation.GetProperty("what").GetString() == "watch" && !operation.GetProperty("stuck").GetBoolean();

    private async Task<System.Text.Json.JsonElement> Admin(string path)
    {
        var reply = await world.Admin.Send("GET", path);
        return reply.Acknowledged ? reply.Json : throw new InvalidOperationException($"{path}: {reply}");
    }

    private async Task Entities(List<string> broken)
    {
        var rows = (await Rows(
            "select state_name, entity_id, state, host, title, listed, cores, memory, disk, source, target, exists (select from unnest(mixins) m where m ~ '#(snapshot|backup)$') "
            + "from entity where state_name in ('compute', 'storage', 'network', 'storagelink', 'networkinterface', 'securitygroup', 'securitygrouplink', 'ipreservation') and project <> $1",
            r => new Row(
                r.GetString(0), r.GetGuid(1), Text(r, 2), Id(r, 3), Text(r, 4), r.GetBoolean(5), r.IsDBNull(6) ? null : r.GetInt32(6), Long(r, 7), Long(r, 8), Id(r, 9), Id(r, 10), r.GetBoolean(11)), WellKnown.DefaultProject)).ToDictionary(r => (r.Term, r.Id));
        var claims = (await Rows(
            "select term, consumer, incarnation, host, cores, memory, disk from host_claim",
            r => new Claim(r.GetString(0), r.GetGuid(1), r.GetGuid(2), r.GetGuid(3), r.GetInt32(4), r.GetInt64(5), r.GetInt64(6)))).ToLookup(c => (c.Term, c.Consumer));
        var pools = (await Rows("select consumer, disk from pool_claim", r => (Consumer: r.GetGuid(0), Disk: r.GetInt64(1)))).ToDictionary(p => p.Consumer, p => p.Disk);
        var tracked = clients.SelectMany(c => c.Mine).ToList();

        var provided = (await Rows("select entity_id from entity where state_name = 'network' and project = $1", r => r.GetGuid(0), WellKnown.DefaultProject)).ToHashSet();
        await Fates(tracked, rows, broken);
        Claims(tracked, rows, claims, pools, broken);
        await Addresses(rows, provided, broken);
        Hosts(rows, provided, claims, broken);
    }

    private async Task Fates(List<Tracked> tracked, Dictionary<(string, Guid), Row> rows, List<string> broken)
    {
        var known = tracked.GroupBy(t => (t.Kind, t.Id)).ToDictionary(g => g.Key, g => g.Last());
        var lost = tracked.Where(t => t.Fate == Fate.May).Select(t => t.Title.Sure.Split('/')[0]).ToHashSet();
        foreach (var t in tracked)
        {
            var row = rows.GetValueOrDefault((t.Kind, t.Id));
            void Wrong(string what) => broken.Add($"{t} {what}. It is {row}.\n  {string.Join("\n  ", t.Story)}");
            switch (t.Fate)
            {
                case Fate.Must when row is not { Listed: true }:
                    Wrong("was acknowledged and is not there");
                    continue;
                case Fate.MustNot when row is not null:
                    Wrong("must not be there");
                    continue;
            }
            if (row is null || t.Fate != Fate.Must)
                continue;
            if (!t.Title.Allows(row.Title ?? ""))
                Wrong($"should have the title {t.Title}");
            if (!t.State.Allows(row.State ?? "") && !await HasLostItsMemory(t, row))
                Wrong($"should be {t.State}");
            if (t.Kind == "compute" && !t.Cores.Allows(row.Cores ?? 0))
                Wrong($"should have {t.Cores} cores");
            if (t.Kind == "compute" && !t.Size.Allows((row.Memory ?? 0) / GiB))
                Wrong($"should have {t.Size} GiB of memory");
            if (t.Kind == "storage" && !t.Size.Allows((row.Disk ?? 0) / GiB))
                Wrong($"should have {t.Size} GiB");
        }
        // One that a server's id was lost of is known by its title, and there is one of it at most.
        var linking = tracked.Where(t => t.HasInlineLinks && t.Fate != Fate.MustNot).ToList();
        var (ids, titles) = (linking.Select(t => t.Id).ToHashSet(), linking.Where(t => t.Fate == Fate.May).Select(t => t.Title.Sure.Split('/')[0]).ToHashSet());
        var connected = rows.Values.Where(r => r.Term == "compute" && (ids.Contains(r.Id) || (r.Title is not null && titles.Contains(r.Title.Split('/')[0])))).Select(r => r.Id).ToHashSet();
        var unknown = rows.Values.Where(r => !known.ContainsKey((r.Term, r.Id)) && !r.IsCopy && !(r.Source is { } source && connected.Contains(source))).ToList();
        broken.AddRange(unknown.Where(r => r.Title is null || !lost.Contains(r.Title.Split('/')[0])).Select(r => $"nobody asked for {r}"));
        broken.AddRange(unknown.Where(r => r.Title is not null).GroupBy(r => r.Title!.Split('/')[0]).Where(g => g.Count() > 1).Select(g => $"asked for once, made more often: {string.Join(" and ", g)}"));
        foreach (var batch in tracked.Where(t => t.Batch is not null).GroupBy(t => t.Batch))
        {
            // Members whose fate is known to be another by now were deleted.
            var open = batch.Where(t => t.Fate == Fate.May && !t.Story.Any(s => s.Contains("delete ", StringComparison.Ordinal))).ToList();
            if (open.Count > 1 && open.Select(t => rows.ContainsKey((t.Kind, t.Id))).Distinct().Count() > 1)
                broken.Add($"half of a batch is there: {string.Join(", ", open.Select(t => $"{t} {(rows.ContainsKey((t.Kind, t.Id)) ? "is there" : "is not there")}"))}");
        }
    }

    /// <summary>
    /// Whether its host's lease was over before it could be suspended to the host's disk: then it had no memory any more, it is inactive, and says so. One that was suspended stays suspended.
    /// </summary>
    private async Task<bool> HasLostItsMemory(Tracked t, Row row) =>
        t is { Kind: "compute", IsLeased: true } && t.State.Allows("suspended") && row.State == "inactive"
        && world.Agents.Any(agent => agent.HasSaid($"Machine {t.Id:D} incarnation", "was ended: its lease is over"))
        && ((await clients.First(c => c.Mine.Contains(t)).Look(t)).Body.Contains("It was to be suspended and is off", StringComparison.Ordinal)
            || world.Silos.Any(silo => silo.HasSaid($"Compute {t.Id:D} ", "migrat")));   // what that came to is what it says then

    /// <summary>
    /// Whether a compute takes the room that it has. One that runs with another size than it is to have keeps, until it is started again, the most that it was to have meanwhile: only its
    /// hypervisor knows how much of that it got.
    /// </summary>
    private static bool IsItsRoom(Claim claim, Row row, MachineSpec? running, Tracked? tracked)
    {
        if (running is null || ((int)running.Cores, (long)running.MemoryBytes) == (row.Cores, row.Memory))
            return (claim.Cores, claim.Memory) == (row.Cores, row.Memory);
        var (cores, memory) = (Math.Max(row.Cores ?? 0, (int)running.Cores), Math.Max(row.Memory ?? 0, (long)running.MemoryBytes));
        return claim.Memory == memory && claim.Cores >= cores && claim.Cores <= Math.Max(cores, tracked?.Cores.Ever.Max() ?? 0);   // clients change no memory
    }

    private void Claims(List<Tracked> tracked, Dictionary<(string Term, Guid Id), Row> rows, ILookup<(string Term, Guid Id), Claim> claims, Dictionary<Guid, long> pools, List<string> broken)
    {
        var computes = tracked.Where(t => t.Kind == "compute").GroupBy(t => t.Id).ToDictionary(g => g.Key, g => g.Last());
        var running = world.Agents.SelectMany(a => Truth.Read(a).Machines).Where(m => m.Running is not null).DistinctBy(m => m.Id).ToDictionary(m => Guid.Parse(m.Id), m => m.Running);
        foreach (var row in rows.Values.Where(r => r.Term is "compute" or "storage"))
        {
            var own = claims[(row.Term, row.Id)].ToList();
            if (row.Host is not null && own.Count != 1)
                broken.Add($"{row} has {own.Count} placements: {string.Join(", ", own)}");
            else if (row.Host is null && own.Count > 0)
                broken.Add($"{row} is on no host and takes room: {string.Join(", ", own)}");
            else if (row.Host is not null && own[0].Host != row.Host)
                broken.Add($"{row} takes room elsewhere: {own[0]}");
            else if (row is { Term: "compute", Host: not null } && !IsItsRoom(own[0], row, running.GetValueOrDefault(row.Id), computes.GetValueOrDefault(row.Id)))
                broken.Add($"{row} takes another room than it has: {own[0]}");
            else if (row.Term == "storage" && row.Disk != own.Sum(c => c.Disk) + pools.GetValueOrDefault(row.Id))
                broken.Add($"{row} takes another room than it has: {string.Join(", ", own)} and {pools.GetValueOrDefault(row.Id)} of a pool");
        }
        broken.AddRange(claims.Where(c => c.Key.Term is "compute" or "storage" && !rows.ContainsKey(c.Key)).Select(c => $"there is no {c.Key.Term} {c.Key.Id}, and it takes {string.Join(", ", c)}"));
        broken.AddRange(pools.Keys.Where(p => !rows.ContainsKey(("storage", p)) && !rows.ContainsKey(("compute", p))).Select(p => $"there is no {p}, and it takes {pools[p]} bytes of a pool"));
    }

    private async Task Addresses(Dictionary<(string Term, Guid Id), Row> rows, HashSet<Guid> provided, List<string> broken)
    {
        var addresses = await Rows("select network, link, consumer, host(address) from address_claim where mac not like 'reservation %'", r => (Network: r.GetGuid(0), Link: r.GetGuid(1), Consumer: r.GetGuid(2), Address: r.GetString(3)));
        foreach (var a in addresses)
        {
            if (!rows.TryGetValue(("networkinterface", a.Link), out var link) || link.Source != a.Consumer || link.Target != a.Network)
                broken.Add($"the address {a.Address} of network {a.Network} is for the link {a.Link} of {a.Consumer}, which is {link?.ToString() ?? "not there"}");
        }
        var ranges = await Rows("select network from subnet_claim union select network from subnet6_claim union select network from vni_claim", r => r.GetGuid(0));
        var reserved = await Rows("select consumer from address_claim where mac like 'reservation %'", r => r.GetGuid(0));
        var reservations = rows.Values.Where(r => r.Term == "ipreservation").Select(r => r.Id).ToList();
        broken.AddRange(reserved.Except(reservations).Select(r => $"there is no reservation {r}, and it has an address"));
        broken.AddRange(reservations.Except(reserved).Select(r => $"the reservation {rows[("ipreservation", r)]} has no address"));
        broken.AddRange(ranges.Except(provided).Where(n => !rows.ContainsKey(("network", n))).Select(n => $"there is no network {n}, and it has a range or a number"));
        var taken = addresses.Select(a => a.Link).ToHashSet();
        var ranged = (await Rows("select network from subnet_claim", r => r.GetGuid(0))).ToHashSet();
        broken.AddRange(rows.Values.Where(r => r.Term == "networkinterface" && r.Target is { } n && ranged.Contains(n) && !taken.Contains(r.Id)).Select(r => $"{r} has no address"));
    }

    private void Hosts(Dictionary<(string Term, Guid Id), Row> rows, HashSet<Guid> provided, ILookup<(string Term, Guid Id), Claim> claims, List<string> broken)
    {
        var running = new Dictionary<Guid, List<Guid>>();
        foreach (var agent in world.Agents)
        {
            var (host, id) = (Truth.Read(agent), world.HostId(agent));
            foreach (var machine in host.Machines)
            {
                var key = ("compute", Guid.Parse(machine.Id));
                if (!claims[key].Any(c => c.Host == id && c.Incarnation == Guid.Parse(machine.Incarnation)))
                    broken.Add($"{agent.Name} has machine {machine.Id} {machine.Incarnation} ({machine.Power}), of which nobody knows: {rows.GetValueOrDefault(key)}");
                if (machine.Power == Power.Running)
                    (running.TryGetValue(key.Item2, out var on) ? on : running[key.Item2] = []).Add(id);
            }
            broken.AddRange(host.Volumes.Where(v => !claims[("storage", Guid.Parse(v.Id))].Any(c => c.Host == id && c.Incarnation == Guid.Parse(v.Incarnation))).Select(v =>
                $"{agent.Name} has volume {v.Id} {v.Incarnation}, of which nobody knows: {rows.GetValueOrDefault(("storage", Guid.Parse(v.Id)))}"));
            broken.AddRange(host.Networks.Where(n => !rows.ContainsKey(("network", Guid.Parse(n.Id))) && !provided.Contains(Guid.Parse(n.Id))).Select(n => $"{agent.Name} has network {n.Id}, of which nobody knows"));
        }
        foreach (var row in rows.Values.Where(r => r is { Term: "compute", Listed: true }))
        {
            var on = running.GetValueOrDefault(row.Id) ?? [];
            if (row.State == "active" && !(on is [var one] && one == row.Host))
                broken.Add($"{row} should run on its host, and runs on {on.Count}: {string.Join(", ", on)}");
            else if (row.State is "inactive" or "suspended" && on.Count > 0)
                broken.Add($"{row} runs on {string.Join(", ", on)}");
        }
    }

    private async Task<List<T>> Rows<T>(string sql, Func<NpgsqlDataReader, T> read, params object[] about)
    {
        await using var command = world.Database.CreateCommand(sql);
        foreach (var value in about)
            command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }

    private static string? Text(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);

    private static Guid? Id(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetGuid(column);

    private static long? Long(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetInt64(column);
}
