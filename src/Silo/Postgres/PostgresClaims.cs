using System.Net;
using Controller.Contracts;
using Controller.Grains.Placement;
using Npgsql;

namespace Controller.Silo.Postgres;

/// <summary>
/// Claims in PostgreSQL. A placement locks its project (quota), then the host that it tries, checks the sums of rows and inserts: two that race for the last core meet
/// at the lock, and the second is told.
/// </summary>
internal sealed class PostgresClaims(NpgsqlDataSource database, PlacementOptions options) : IClaims
{
    public async Task<PlacementResult> Place(PlacementRequest request)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, request.Project);
        if (await Value<Guid>(connection, "SELECT host FROM host_claim WHERE consumer = $1 AND incarnation = $2", request.Consumer, request.Incarnation) is { } already)
            return new(already, OutcomeKind.AlreadyDone, null);
        if (await QuotaRefusal(connection, request) is { } over)
            return new(null, OutcomeKind.QuotaExceeded, over);

        var tally = new PlacementTally(request, options);
        foreach (var candidate in tally.Order(await Hosts(connection)))
        {
            await Lock(connection, candidate.Id);
            // What was free when the candidates were listed may be taken by now.
            var now = candidate with { Used = await Used(connection, candidate.Id, null) };
            if (!tally.Fits(now))
                continue;
            await Insert(connection, request, candidate.Id);
            await transaction.CommitAsync();
            return new(candidate.Id, OutcomeKind.Done, null);
        }
        return new(null, OutcomeKind.NoCapacity, tally.Explain());
    }

    public async Task<PlacementResult> Resize(PlacementRequest request, Guid host)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, request.Project);
        await Lock(connection, host);
        if (await QuotaRefusal(connection, request) is { } over)
            return new(null, OutcomeKind.QuotaExceeded, over);
        var tally = new PlacementTally(request with { OnlyHost = host }, options);
        var candidate = (await Hosts(connection)).FirstOrDefault(h => h.Id == host);
        if (candidate is null || !tally.HasRoom(candidate with { Used = await Used(connection, host, request.Consumer) }))
            return new(null, OutcomeKind.NoCapacity, tally.Explain());
        await Execute(
            connection, "UPDATE host_claim SET cores = $3, memory = $4, disk = $5 WHERE consumer = $1 AND incarnation = $2",
            request.Consumer, request.Incarnation, request.Cores, request.MemoryBytes, request.DiskBytes);
        await transaction.CommitAsync();
        return new(host, OutcomeKind.Done, null);
    }

    public Task Note(string term, Guid consumer, Guid incarnation, Guid host, Guid project) => Execute(
        """
        INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk) VALUES ($1, $2, $3, $4, $5, 0, 0, 0)
        ON CONFLICT DO NOTHING
        """,
        consumer, incarnation, host, term, project);

    public Task Release(Guid consumer) => Execute("DELETE FROM host_claim WHERE consumer = $1", consumer);

    public async Task<IReadOnlyList<Placed>> OnHost(Guid host)
    {
        await using var command = Command("SELECT term, consumer, incarnation FROM host_claim WHERE host = $1 ORDER BY claimed", host);
        await using var reader = await command.ExecuteReaderAsync();
        var placed = new List<Placed>();
        while (await reader.ReadAsync())
            placed.Add(new(reader.GetString(0), reader.GetGuid(1), reader.GetGuid(2)));
        return placed;
    }

    // ---------------------------------------------------------------- addresses

    public async Task<SubnetResult> ClaimSubnet(Guid network, string? wanted)
    {
        await using var connection = await database.OpenConnectionAsync();
        if (await Text(connection, "SELECT range::text FROM subnet_claim WHERE network = $1", network) is { } already)
            return new(already, null);
        if (wanted is not null)
        {
            return await TryInsertSubnet(connection, network, wanted)
                ? new(wanted, null)
                : new(null, $"The range {wanted} overlaps {await Text(connection, "SELECT range::text FROM subnet_claim WHERE range && $1::cidr LIMIT 1", wanted)}, which another network has.");
        }
        // The exclusion constraint decides; the query only finds a likely one.
        for (var attempt = 0; attempt < 10; attempt++)
        {
            var free = await Text(
                connection,
                "SELECT c::text FROM (SELECT set_masklen((($1::cidr)::inet + n * 256), 24)::cidr AS c FROM generate_series(0, $2) n) r WHERE NOT EXISTS (SELECT 1 FROM subnet_claim s WHERE s.range && c) LIMIT 1",
                options.SubnetPool, (1 << (24 - IPNetwork.Parse(options.SubnetPool).PrefixLength)) - 1);
            if (free is null)
                break;
            if (await TryInsertSubnet(connection, network, free))
                return new(free, null);
        }
        return new(null, $"No free /24 is left in {options.SubnetPool}.");
    }

    public async Task<AddressResult> ClaimAddress(AddressRequest request)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, request.Network);
        if (await Text(connection, "SELECT host(address) FROM address_claim WHERE network = $1 AND link = $2", request.Network, request.Link) is { } already)
            return new(already, null);
        if (await Value<Guid>(connection, "SELECT link FROM address_claim WHERE network = $1 AND mac = $2", request.Network, request.Mac) is { } twin)
            return new(null, $"The MAC address {request.Mac} is used on this network already, by the link {twin}.");
        string? address;
        if (request.Wanted is { } wanted)
        {
            if (!IPAddress.TryParse(wanted, out var parsed) || !IPNetwork.Parse(request.Cidr).Contains(parsed))
                return new(null, $"The address {wanted} does not lie in {request.Cidr}.");
            if (wanted == request.Gateway)
                return new(null, $"The address {wanted} is the network's gateway.");
            if (await Value<Guid>(connection, "SELECT link FROM address_claim WHERE network = $1 AND address = $2::inet", request.Network, wanted) is { } other)
                return new(null, $"The address {wanted} is taken, by the link {other}.");
            address = wanted;
        }
        else
        {
            // The next free one after the last that was given, so that one comes back as late as can be: DHCP servers give no address away while a lease of it runs.
            var next = await Value<long>(connection, "SELECT last_given - network(range)::inet + 1 FROM subnet_claim WHERE network = $1 AND last_given IS NOT NULL", request.Network) ?? 1;
            address = await FreeAddress(connection, request, next) ?? await FreeAddress(connection, request, 1);
            if (address is null)
                return new(null, $"All addresses of {request.Cidr} are taken.");
            await Execute(connection, "UPDATE subnet_claim SET last_given = $2::inet WHERE network = $1", request.Network, address);
        }
        await Execute(
            connection, "INSERT INTO address_claim (network, address, link, mac, hostname) VALUES ($1, $2::inet, $3, $4, $5)",
            request.Network, address, request.Link, request.Mac, (object?)request.Hostname ?? DBNull.Value);
        await transaction.CommitAsync();
        return new(address, null);
    }

    public Task ReleaseAddress(Guid network, Guid link) => Execute("DELETE FROM address_claim WHERE network = $1 AND link = $2", network, link);

    public async Task<IReadOnlyList<AddressReservation>> Addresses(Guid network)
    {
        await using var command = Command("SELECT mac, host(address), hostname FROM address_claim WHERE network = $1 ORDER BY address", network);
        await using var reader = await command.ExecuteReaderAsync();
        var addresses = new List<AddressReservation>();
        while (await reader.ReadAsync())
            addresses.Add(new(reader.GetString(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2)));
        return addresses;
    }

    public Task ReleaseSubnet(Guid network) => Execute("DELETE FROM subnet_claim WHERE network = $1", network);

    // ---------------------------------------------------------------- SQL

    /// <summary>The lowest free one from that number in the range on; neither the network's own address nor its broadcast address.</summary>
    private static Task<string?> FreeAddress(NpgsqlConnection connection, AddressRequest request, long from) => Text(
        connection,
        """
        SELECT host(a) FROM (SELECT host(network($2::cidr)::inet + n)::inet AS a FROM generate_series($4::bigint, (2 ^ (32 - masklen($2::cidr)))::bigint - 2) n) c
        WHERE a <> $3::inet AND NOT EXISTS (SELECT 1 FROM address_claim t WHERE t.network = $1 AND t.address = a) LIMIT 1
        """,
        request.Network, request.Cidr, request.Gateway, from);

    private static async Task<bool> TryInsertSubnet(NpgsqlConnection connection, Guid network, string range)
    {
        try
        {
            await Execute(connection, "INSERT INTO subnet_claim (network, range) VALUES ($1, $2::cidr)", network, range);
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ExclusionViolation)
        {
            return false;
        }
    }

    private static async Task<List<HostRoom>> Hosts(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT e.entity_id, e.title, e.state, coalesce(e.cores, 0), coalesce(e.memory, 0), coalesce(e.disk, 0),
                   coalesce(c.cores, 0)::bigint, coalesce(c.memory, 0)::bigint, coalesce(c.disk, 0)::bigint,
                   convert_from(e.payload, 'UTF8')::jsonb #>> '{view,capabilities,architecture}'
            FROM entity e
            LEFT JOIN (SELECT host, sum(cores) AS cores, sum(memory) AS memory, sum(disk) AS disk FROM host_claim GROUP BY host) c ON c.host = e.entity_id
            WHERE e.state_name = 'host'
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync();
        var hosts = new List<HostRoom>();
        while (await reader.ReadAsync())
        {
            hosts.Add(new(
                reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.IsDBNull(9) ? null : reader.GetString(9),
                new(reader.GetInt32(3), reader.GetInt64(4), reader.GetInt64(5)), new(reader.GetInt64(6), reader.GetInt64(7), reader.GetInt64(8))));
        }
        return hosts;
    }

    private static async Task<Amounts> Used(NpgsqlConnection connection, Guid host, Guid? except)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT coalesce(sum(cores), 0)::bigint, coalesce(sum(memory), 0)::bigint, coalesce(sum(disk), 0)::bigint
            FROM host_claim WHERE host = $1 AND consumer IS DISTINCT FROM $2
            """,
            connection) { Parameters = { new() { Value = host }, new() { Value = (object?)except ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid } } };
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    /// <summary>What the project would use beyond its quota; null when it fits.</summary>
    private static async Task<string?> QuotaRefusal(NpgsqlConnection connection, PlacementRequest request)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT q.quota, u.computes, u.cores, u.memory, u.disk
            FROM (SELECT convert_from(payload, 'UTF8')::jsonb #> '{record,quota}' AS quota FROM entity WHERE state_name = 'project' AND entity_id = $1) q,
                 (SELECT count(*) FILTER (WHERE term = 'compute') AS computes, coalesce(sum(cores), 0)::bigint AS cores, coalesce(sum(memory), 0)::bigint AS memory,
                         coalesce(sum(disk), 0)::bigint AS disk FROM host_claim WHERE project = $1 AND consumer <> $2) u
            """,
            connection) { Parameters = { new() { Value = request.Project }, new() { Value = request.Consumer } } };
        await using var reader = await command.ExecuteReaderAsync();
        if (!await reader.ReadAsync() || reader.IsDBNull(0))
            return null;
        using var quota = System.Text.Json.JsonDocument.Parse(reader.GetString(0));
        return PlacementTally.Over(
            quota.RootElement,
            ("computes", reader.GetInt64(1), request.Term == "compute" ? 1 : 0, ""),
            ("cores", reader.GetInt64(2), request.Cores, ""),
            ("memoryBytes", reader.GetInt64(3), request.MemoryBytes, " bytes"),
            ("diskBytes", reader.GetInt64(4), request.DiskBytes, " bytes"));
    }

    private static Task Insert(NpgsqlConnection connection, PlacementRequest r, Guid host) => Execute(
        connection, "INSERT INTO host_claim (consumer, incarnation, host, term, project, cores, memory, disk) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        r.Consumer, r.Incarnation, host, r.Term, r.Project, r.Cores, r.MemoryBytes, r.DiskBytes);

    /// <summary>Until the end of the transaction. Always the project first and then one host at a time.</summary>
    private static Task Lock(NpgsqlConnection connection, Guid what) => Execute(connection, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", what.ToString());

    private static async Task<T?> Value<T>(NpgsqlConnection connection, string sql, params object[] parameters)
        where T : struct
    {
        await using var command = With(new NpgsqlCommand(sql, connection), parameters);
        return await command.ExecuteScalarAsync() is T value ? value : null;
    }

    private static async Task<string?> Text(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        await using var command = With(new NpgsqlCommand(sql, connection), parameters);
        return await command.ExecuteScalarAsync() as string;
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        await using var command = With(new NpgsqlCommand(sql, connection), parameters);
        await command.ExecuteNonQueryAsync();
    }

    private async Task Execute(string sql, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        await command.ExecuteNonQueryAsync();
    }

    private NpgsqlCommand Command(string sql, params object[] parameters) => With(database.CreateCommand(sql), parameters);

    private static NpgsqlCommand With(NpgsqlCommand command, object[] parameters)
    {
        foreach (var value in parameters)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}
