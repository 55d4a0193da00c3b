using Controller.Api.Cluster;
using Controller.Contracts;
using Npgsql;

namespace Controller.Api.Doctor;

/// <summary>Claims against those that they are for, and the other way round. Where only the entity can know, its grain is asked.</summary>
internal sealed class ClaimCheck(NpgsqlDataSource database, IGrainFactory grains) : ICheck
{
    // A statement sees one moment, and an entity's row is there before its claims and goes after them: whoever has none here is nobody's.
    private const string Orphans =
        """
        select term, consumer, string_agg(what, ', ' order by what) from (
            select c.term, c.consumer, c.cores || ' cores and ' || c.memory || ' bytes of memory on host ' || c.host as what from host_claim c
            where not exists (select from entity e where e.state_name = c.term and e.id = c.term || '/' || c.consumer)
            union all
            select coalesce((select min(c.term) from host_claim c where c.consumer = p.consumer), 'storage'), p.consumer, p.disk || ' bytes of pool ' || p.pool from pool_claim p
            where not exists (select from entity e where e.entity_id = p.consumer)
            union all
            select case when a.mac like 'reservation %' then 'ipreservation' else 'compute' end, a.consumer, 'address ' || host(a.address) from address_claim a
            where not exists (select from entity e where e.state_name in ('compute', 'ipreservation') and e.entity_id = a.consumer)
            union all
            select 'network', n.network, n.what from (
                select network, 'the range ' || range as what from subnet_claim union all select network, 'the range ' || range from subnet6_claim
                union all select network, 'the network number ' || vni from vni_claim) n
            where not exists (select from entity e where e.state_name = 'network' and e.id = 'network/' || n.network)) o
        group by term, consumer limit 200
        """;

    // While something is under way with the machine its links may be still to be made, or gone already.
    private const string LinklessAddresses =
        """
        select a.consumer, host(a.address), a.link from address_claim a join entity c on c.state_name = 'compute' and c.id = 'compute/' || a.consumer
        where c.due is null and not exists (select from entity l where l.entity_id = a.link) limit 200
        """;

    // What the record says is no more than a hint: a machine that moves has two placements, and its grain says which it stands by.
    private const string Misplaced =
        """
        select c.term, c.consumer, c.host, c.incarnation from host_claim c join entity e on e.state_name = c.term and e.id = c.term || '/' || c.consumer
        where c.term in ('compute', 'storage') and (e.host is distinct from c.host or c.incarnation::text is distinct from convert_from(e.payload, 'UTF8')::jsonb #>> '{record,incarnation}') limit 200
        """;

    private const string Missing =
        """
        select e.state_name, e.entity_id, e.host from entity e
        where e.state_name in ('compute', 'storage') and e.host is not null
            and not exists (select from host_claim c where c.consumer = e.entity_id and c.host = e.host) limit 200
        """;

    private const string Hostless =
        """
        select c.host, count(*) from host_claim c where not exists (select from entity e where e.state_name = 'host' and e.id = 'host/' || c.host) group by c.host limit 200
        """;

    public string What => "claims against entities and hosts";

    public async Task<List<Finding>> Look(bool deep, CancellationToken cancel)
    {
        var found = await database.Rows(Orphans, r => new Finding(
            "claim-orphaned", $"{r.GetString(0)} {r.GetGuid(1)}", $"There is no such {r.GetString(0)}, and it still takes {r.GetString(2)}.", Repair(r.GetString(0), r.GetGuid(1))), cancel);
        found.AddRange(await database.Rows(LinklessAddresses, r => new Finding(
            "address-orphaned", $"compute {r.GetGuid(0)}", $"It has the address {r.GetString(1)} for the link {r.GetGuid(2)}, which is not there.", Repair("compute", r.GetGuid(0))), cancel));
        foreach (var (term, id, host, incarnation) in await database.Rows(Misplaced, r => (r.GetString(0), r.GetGuid(1), r.GetGuid(2), r.GetGuid(3)), cancel))
        {
            if (!await Twice.Try(() => Claimant(term, id).StandsBy(host, incarnation)))
                found.Add(new("claim-misplaced", $"{term} {id}", $"It takes room on host {host} for its incarnation {incarnation}, by which it does not stand.", Repair(term, id)));
        }
        foreach (var (term, id, host) in await database.Rows(Missing, r => (r.GetString(0), r.GetGuid(1), r.GetGuid(2)), cancel))
        {
            if (await Twice.Try(() => Claimant(term, id).AsReference<IExplainedGrain>().Explain()) is { Host: { } here } && here == host)
                found.Add(new("claim-missing", $"{term} {id}", $"It is on host {host}, and nothing is claimed for it there: what it takes may be given to another.", Repair(term, id)));
        }
        found.AddRange(await database.Rows(Hostless, r => new Finding(
            "claim-hostless", $"host {r.GetGuid(0)}", $"There is no such host, and {r.GetInt64(1)} object(s) are said to be on it.", Repair("host", r.GetGuid(0))), cancel));
        return found;
    }

    private IClaimant Claimant(string term, Guid id) => grains.At<IClaimant>(GrainId.Create(term, GrainKeys.Of(term, id)));

    private static string Repair(string term, Guid id) => $"controller repair claims {term} {id}";
}
