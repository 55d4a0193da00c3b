using System.Buffers.Binary;
using System.Net;
using Controller.Grains.Placement;

namespace Controller.Silo.Postgres;

// What joins a network's hosts, its IPv6 range, and which hosts it has to be on.
internal sealed partial class PostgresClaims
{
    private const int TryVni = 1000;
    private const int Subnet6Length = 64;

    public async Task<int> ClaimVni(Guid network)
    {
        await using var connection = await _database.OpenConnectionAsync();
        for (var attempt = 0; attempt < TryVni; attempt++)
        {
            if (await Value<int>(connection, "SELECT vni FROM vni_claim WHERE network = $1", network) is { } vni)
                return vni;
            // The next number may be another's still, once all have been given: then the one after it is tried.
            await Execute(connection, "INSERT INTO vni_claim (network) VALUES ($1) ON CONFLICT DO NOTHING", network);
        }
        throw new InvalidOperationException($"{TryVni} VXLAN identifiers in a row are taken.");
    }

    public async Task<SubnetResult> ClaimSubnet6(Guid network, string? wanted)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await Lock(connection, AllSubnets);
        if (await Text(connection, "SELECT range::text FROM subnet6_claim WHERE network = $1", network) is { } already)
            return new(already, First(already), null);
        if (wanted is not null && await Text(connection, "SELECT range::text FROM subnet6_claim WHERE range && $1::cidr LIMIT 1", wanted) is { } taken)
            return new(null, null, $"The range {wanted} overlaps {taken}, which another network has.");
        var range = wanted;
        foreach (var (number, free) in wanted is null ? Subnets(_options.Subnet6Pool, _nextSubnet6) : [])
        {
            if (await Text(connection, "SELECT range::text FROM subnet6_claim WHERE range && $1::cidr LIMIT 1", free) is not null)
                continue;
            (range, _nextSubnet6) = (free, number + 1);
            break;
        }
        if (range is null)
            return new(null, null, $"No free /64 is left in {_options.Subnet6Pool}.");
        await Execute(connection, "INSERT INTO subnet6_claim (network, range) VALUES ($1, $2::cidr)", network, range);
        await transaction.CommitAsync();
        return new(range, First(range), null);
    }

    public async Task<IReadOnlyList<Guid>> HostsNeeding(Guid network, Guid? butFor = null)
    {
        await using var command = Command(
            """
            SELECT DISTINCT c.host FROM entity l JOIN host_claim c ON c.consumer = l.source
            WHERE l.state_name = 'networkinterface' AND l.entity_id <> $2
                AND (l.target = $1 OR l.target IN (SELECT r.entity_id FROM entity r WHERE r.state_name = 'ipreservation' AND r.target = $1))
            """,
            network, butFor ?? Guid.Empty);
        await using var reader = await command.ExecuteReaderAsync();
        var hosts = new List<Guid>();
        while (await reader.ReadAsync())
            hosts.Add(reader.GetGuid(0));
        return hosts;
    }

    public async Task<IReadOnlyList<Guid>> FloatingNetworks()
    {
        await using var command = Command("SELECT entity_id FROM entity WHERE state_name = 'network' AND listed AND mixins @> ARRAY[$1] ORDER BY entity_id", Occi.Extension.Networking.Floating.Id.ToString());
        await using var reader = await command.ExecuteReaderAsync();
        var networks = new List<Guid>();
        while (await reader.ReadAsync())
            networks.Add(reader.GetGuid(0));
        return networks;
    }

    public async Task<string?> WhyNoMoreReservations(Guid project)
    {
        await using var command = Command("SELECT count(*) FROM entity WHERE project = $1 AND state_name = 'ipreservation'", project);
        var reserved = (long)(await command.ExecuteScalarAsync())!;   // count is never null
        return reserved < _options.ReservationsPerProject ? null : $"The project has {reserved} reserved addresses; {_options.ReservationsPerProject} are the most (Placement:ReservationsPerProject).";
    }

    public Task Unnote(Guid consumer, Guid host) => Execute("DELETE FROM host_claim WHERE consumer = $1 AND host = $2", consumer, host);

    private static string First(string range) => new IPAddress(Numbered(IPNetwork.Parse(range).BaseAddress, 0, 1)).ToString();

    // All, each once, beginning with that one.
    private static IEnumerable<(long Number, string Range)> Subnets(string pool, long from)
    {
        var range = IPNetwork.Parse(pool);
        var all = 1L << (Subnet6Length - range.PrefixLength);
        for (var step = 0L; step < all; step++)
        {
            var number = (from + step) % all;
            yield return (number, $"{new IPAddress(Numbered(range.BaseAddress, (ulong)number, 0))}/{Subnet6Length}");
        }
    }

    private static byte[] Numbered(IPAddress address, ulong subnet, ulong host)
    {
        var bytes = address.GetAddressBytes();
        BinaryPrimitives.WriteUInt64BigEndian(bytes, BinaryPrimitives.ReadUInt64BigEndian(bytes) + subnet);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)) + host);
        return bytes;
    }
}
