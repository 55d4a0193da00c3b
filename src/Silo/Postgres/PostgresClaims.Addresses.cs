using System.Buffers.Binary;
using System.Net;
using Controller.Contracts;
using Controller.Grains.Placement;
using Npgsql;

namespace Controller.Silo.Postgres;

// Subnets and addresses of networks.
internal sealed partial class PostgresClaims
{
    public async Task<SubnetResult> ClaimSubnet(Guid network, string? wanted, string? gateway, AddressSpan? given = null)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, AllSubnets);
        if (await Subnet(connection, network) is { } already)
        {
            await Give(connection, network, given);
            await transaction.CommitAsync();
            return already;
        }
        if (wanted is not null && await Text(connection, "SELECT range::text FROM subnet_claim WHERE range && $1::cidr LIMIT 1", wanted) is { } taken)
            return new(null, null, $"The range {wanted} overlaps {taken}, which another network has.");
        var range = wanted ?? await FreeSubnet(connection);
        if (range is null)
            return new(null, null, $"No free /24 is left in {_options.SubnetPool}.");
        await Execute(
            connection, "INSERT INTO subnet_claim (network, range, gateway) VALUES ($1, $2::cidr, coalesce($3::inet, host(network($2::cidr))::inet + 1))",
            network, range, wanted is null ? DBNull.Value : (object?)gateway ?? DBNull.Value);
        await Give(connection, network, given);
        var claimed = (await Subnet(connection, network))!;   // just inserted
        await transaction.CommitAsync();
        return claimed;
    }

    /// <summary>
    /// The next one after the last that was given out here, and from the beginning where there is none: looking at each from the beginning, each network would take longer than the one before.
    /// </summary>
    private async Task<string?> FreeSubnet(NpgsqlConnection connection)
    {
        var all = 1 << (24 - IPNetwork.Parse(_options.SubnetPool).PrefixLength);
        foreach (var from in (int[])[_nextSubnet % all, 0])
        {
            await using var command = With(
                new(
                    """
                    SELECT n, c::text FROM (SELECT n, set_masklen((($1::cidr)::inet + n * 256), 24)::cidr AS c FROM generate_series($2, $3) n) r
                    WHERE NOT EXISTS (SELECT 1 FROM subnet_claim s WHERE s.range && c) LIMIT 1
                    """,
                    connection),
                [_options.SubnetPool, from, all - 1]);
            await using var reader = await command.ExecuteReaderAsync();
            if (!await reader.ReadAsync())
                continue;
            _nextSubnet = reader.GetInt32(0) + 1;
            return reader.GetString(1);
        }
        return null;
    }

    /// <summary>Addresses beyond that were given before stay whose they are.</summary>
    private static Task Give(NpgsqlConnection connection, Guid network, AddressSpan? given) => Execute(
        connection, "UPDATE subnet_claim SET given_from = $2::inet, given_to = $3::inet WHERE network = $1",
        network, (object?)given?.First ?? DBNull.Value, (object?)given?.Last ?? DBNull.Value);

    public async Task<AddressResult> ClaimAddress(AddressRequest request)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var project = request.Project
            ?? await Value<Guid>(connection, "SELECT project FROM entity WHERE entity_id IN ($1, $2) AND project IS NOT NULL LIMIT 1", request.Link, request.Consumer);
        if (project is { } owner)
            await Lock(connection, owner);   // always the project first
        var claimed = await ClaimAddress(connection, request with { Project = project }, withinQuota: false);
        await transaction.CommitAsync();
        return claimed;
    }

    public async Task<string?> ClaimNetwork(Guid network, Guid project)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, project);
        if (await Over(connection, project, "networks", async () => await Value<long>(connection, CountNetworks, project, network) ?? 0) is { } over)
            return over;
        await Execute(
            connection,
            """
            WITH old AS (DELETE FROM network_claim WHERE project = $2 AND network <> $1 AND claimed < clock_timestamp() - interval '10 minutes')
            INSERT INTO network_claim (network, project) VALUES ($1, $2) ON CONFLICT (network) DO UPDATE SET claimed = clock_timestamp()
            """,
            network, project);
        await transaction.CommitAsync();
        return null;
    }

    // A claim without a row is one that is being made, or came to nothing.
    private const string CountNetworks =
        """
        SELECT count(*) FROM (
            SELECT entity_id FROM entity WHERE project = $1 AND state_name = 'network'
            UNION SELECT network FROM network_claim WHERE project = $1 AND claimed > clock_timestamp() - interval '10 minutes') n
        WHERE entity_id <> $2
        """;

    /// <summary>Why one more of something is too much for a project; null: it is not. What is used is counted where something limits it: of a large project it is much.</summary>
    private static async Task<string?> Over(NpgsqlConnection connection, Guid project, string what, Func<Task<long>> used)
    {
        if (await Text(connection, "SELECT (convert_from(payload, 'UTF8')::jsonb #> '{record,quota}')::text FROM entity WHERE state_name = 'project' AND entity_id = $1", project) is not { } quota)
            return null;
        using var limits = System.Text.Json.JsonDocument.Parse(quota);
        return limits.RootElement.ValueKind == System.Text.Json.JsonValueKind.Object && limits.RootElement.TryGetProperty(what, out var limit) && limit.ValueKind == System.Text.Json.JsonValueKind.Number
            ? PlacementTally.Over(limits.RootElement, (what, await used(), 1, ""))
            : null;
    }

    public Task ReleaseAddress(Guid network, Guid link) => Execute("DELETE FROM address_claim WHERE network = $1 AND link = $2", network, link);

    public async Task<int> ReleaseAddressesBut(Guid consumer, IReadOnlyCollection<Guid> links)
    {
        // A NIC has its row before its address, and its compute hears of it last: one that is being made is nobody's to take from.
        await using var command = Command(
            """
            DELETE FROM address_claim a WHERE consumer = $1 AND NOT link = ANY($2)
                AND NOT EXISTS (SELECT FROM entity e WHERE e.entity_id = a.link AND e.state_name = 'networkinterface')
            """,
            consumer, links.ToArray());
        return await command.ExecuteNonQueryAsync();
    }

    public async Task<IReadOnlyList<AddressReservation>> Addresses(Guid network)
    {
        await using var command = Command("SELECT mac, host(address), hostname FROM address_claim WHERE network = $1 ORDER BY address", network);
        await using var reader = await command.ExecuteReaderAsync();
        var addresses = new List<AddressReservation>();
        while (await reader.ReadAsync())
            addresses.Add(new(reader.GetString(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2)));
        return addresses;
    }

    public async Task ReleaseSubnet(Guid network)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, network);   // an address is being claimed of it, or is not
        await Execute(
            connection,
            "WITH six AS (DELETE FROM subnet6_claim WHERE network = $1), vni AS (DELETE FROM vni_claim WHERE network = $1), counted AS (DELETE FROM network_claim WHERE network = $1) DELETE FROM subnet_claim WHERE network = $1", network);
        await transaction.CommitAsync();
    }

    /// <summary>Within the caller's transaction. A network without a subnet has no addresses: that is no failure.</summary>
    private static async Task<AddressResult> ClaimAddress(NpgsqlConnection connection, AddressRequest request, bool withinQuota)
    {
        await Lock(connection, request.Network);
        if (await Text(connection, "SELECT host(address) FROM address_claim WHERE network = $1 AND link = $2", request.Network, request.Link) is { } already)
            return new(already, null);
        if (await Subnet(connection, request.Network) is not { Cidr: { } cidr, Gateway: { } gateway })
        {
            return request.Wanted is null
                ? new(null, null)
                : new(null, $"Network {request.Network} has no range of addresses: the interface cannot have {request.Wanted}.");
        }
        if (await Value<Guid>(connection, "SELECT link FROM address_claim WHERE network = $1 AND mac = $2", request.Network, request.Mac) is { } twin)
            return new(null, $"The MAC address {request.Mac} is used on this network already, by the link {twin}.");
        if (!withinQuota && request.Project is { } project
            && await Over(connection, project, "addresses", async () => await Value<long>(connection, "SELECT count(*) FROM address_claim WHERE project = $1", project) ?? 0) is { } over)
        {
            return new(null, over) { OverQuota = true };
        }
        var (address, why) = request.Wanted is { } wanted
            ? await Check(connection, request.Network, wanted, cidr, gateway)
            : await NextFree(connection, request.Network, cidr, gateway);
        if (address is null)
            return new(null, why);
        await Execute(
            connection, "INSERT INTO address_claim (network, address, link, consumer, mac, hostname, project) VALUES ($1, $2::inet, $3, $4, $5, $6, $7)",
            request.Network, address, request.Link, request.Consumer, request.Mac, (object?)request.Hostname ?? DBNull.Value, (object?)request.Project ?? DBNull.Value);
        return new(address, null);
    }

    private static async Task<(string? Address, string? Why)> Check(NpgsqlConnection connection, Guid network, string wanted, string cidr, string gateway)
    {
        var range = IPNetwork.Parse(cidr);
        // Its usual form only: that is what rows and leases are compared by.
        if (!IPAddress.TryParse(wanted, out var parsed) || parsed.ToString() != wanted || parsed.AddressFamily != range.BaseAddress.AddressFamily || !range.Contains(parsed))
            return (null, $"The address {wanted} does not lie in {cidr}.");
        if (wanted == gateway)
            return (null, $"The address {wanted} is the network's gateway.");
        if (parsed.Equals(range.BaseAddress))
            return (null, $"The address {wanted} is the network's own.");
        var host = (1L << (32 - range.PrefixLength)) - 1;
        if ((BinaryPrimitives.ReadUInt32BigEndian(parsed.GetAddressBytes()) & host) == host)
            return (null, $"The address {wanted} is the network's broadcast address.");
        if (await Text(connection, "SELECT host(given_from) || ' to ' || host(given_to) FROM subnet_claim WHERE network = $1 AND NOT $2::inet BETWEEN given_from AND given_to", network, wanted) is { } given)
            return (null, $"The address {wanted} is not given out: of this network are {given}.");
        return await Value<Guid>(connection, "SELECT link FROM address_claim WHERE network = $1 AND address = $2::inet", network, wanted) is { } other
            ? (null, $"The address {wanted} is taken, by the link {other}.")
            : (wanted, null);
    }

    /// <summary>
    /// The next free one after the last that was given, so that one comes back as late as can be: DHCP servers give no address away while a lease of it runs, and a machine that is
    /// deleted releases nothing.
    /// </summary>
    private static async Task<(string? Address, string? Why)> NextFree(NpgsqlConnection connection, Guid network, string cidr, string gateway)
    {
        var next = await Value<long>(connection, "SELECT last_given - network(range)::inet + 1 FROM subnet_claim WHERE network = $1 AND last_given IS NOT NULL", network) ?? 1;
        var address = await FreeFrom(connection, network, cidr, gateway, next) ?? await FreeFrom(connection, network, cidr, gateway, 1);
        if (address is null)
            return (null, $"All addresses of {cidr} that are given out are taken.");
        await Execute(connection, "UPDATE subnet_claim SET last_given = $2::inet WHERE network = $1", network, address);
        return (address, null);
    }

    /// <summary>The lowest free one from that number in the range on; neither the network's own address nor its broadcast address nor its gateway.</summary>
    private static Task<string?> FreeFrom(NpgsqlConnection connection, Guid network, string cidr, string gateway, long number) => Text(
        connection,
        """
        SELECT host(a) FROM (SELECT host(network($2::cidr))::inet + n AS a FROM generate_series($4::bigint, (2 ^ (32 - masklen($2::cidr)))::bigint - 2) n) c
        WHERE a <> $3::inet AND NOT EXISTS (SELECT 1 FROM address_claim t WHERE t.network = $1 AND t.address = a)
            AND NOT EXISTS (SELECT 1 FROM subnet_claim s WHERE s.network = $1 AND NOT a BETWEEN s.given_from AND s.given_to) LIMIT 1
        """,
        network, cidr, gateway, number);

    private static async Task<SubnetResult?> Subnet(NpgsqlConnection connection, Guid network)
    {
        await using var command = With(new NpgsqlCommand("SELECT range::text, host(gateway) FROM subnet_claim WHERE network = $1", connection), [network]);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? new(reader.GetString(0), reader.GetString(1), null) : null;
    }
}
