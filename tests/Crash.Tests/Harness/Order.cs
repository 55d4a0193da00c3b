using Controller.Testing;

namespace Controller.Crash.Tests.Harness;

/// <summary>
/// What is so in a cloud that has nothing left to do: nothing is under way, what is claimed is what there is, and each simulated host has that and nothing else. Looked at past the product, in
/// its database and in its hosts; what the doctor says comes last.
/// </summary>
internal static class Order
{
    /// <summary>Far more than it takes: a step that is due a third time waits for 12 seconds, and machines that run tests are busy.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private const string UnderWay =
        "select id || ' has something under way: ' || coalesce(convert_from(payload, 'UTF8')::jsonb #>> '{index,operations}', due::text) from entity where due is not null and not (state_name = 'creation' and state = 'done')";

    private const string HostsAway = "select title || ' is ' || state from entity where state_name = 'host' and state <> 'up'";

    private const string Claims =
        """
        with record as (select state_name, entity_id, host, source, cores, memory, listed, convert_from(payload, 'UTF8')::jsonb -> 'record' as r from entity)
        select format('%s %s has a claim on host %s as %s and does not stand by it', c.term, c.consumer, c.host, c.incarnation) from host_claim c
            where not exists (select from record e where e.state_name = c.term and e.entity_id = c.consumer and case when c.term = 'network'
                then e.r -> 'hosts' @> jsonb_build_array(jsonb_build_object('host', c.host)) else e.host = c.host and e.r ->> 'incarnation' = c.incarnation::text end)
        union all select format('%s %s has no claim on its host %s', e.state_name, e.entity_id, e.host) from record e
            where e.state_name in ('compute', 'storage') and e.host is not null and not exists (select from host_claim c where c.consumer = e.entity_id and c.host = e.host)
        union all select format('compute %s is to have %s cores and %s bytes, and claims %s and %s', e.entity_id, e.cores, e.memory, c.cores, c.memory) from record e
            join host_claim c on c.consumer = e.entity_id where e.state_name = 'compute' and (c.cores, c.memory) is distinct from
                (greatest(e.cores, (e.r #>> '{held,cores}')::integer), greatest(e.memory, (e.r #>> '{held,memoryBytes}')::bigint))
        union all select format('network %s says it is on host %s and claims nothing there', e.entity_id, h ->> 'host') from record e, jsonb_array_elements(e.r -> 'hosts') h
            where e.state_name = 'network' and not exists (select from host_claim c where c.consumer = e.entity_id and c.host::text = h ->> 'host')
        union all select format('address %s is taken for link %s of compute %s, and one of them is not there', host(a.address), a.link, a.consumer) from address_claim a
            where not exists (select from record e where e.entity_id = a.consumer) or not exists (select from record e where e.entity_id = a.link)
        union all select format('network interface %s has no address', l.entity_id) from record l join subnet_claim s on s.network::text = l.r ->> 'target'
            where l.state_name = 'networkinterface' and not exists (select from address_claim a where a.link = l.entity_id)
        union all select format('pool %s: %s bytes are taken for %s, which is not there', p.pool, p.disk, p.consumer) from pool_claim p where not exists (select from record e where e.entity_id = p.consumer)
        union all select format('range %s is taken for network %s, which is not there', s.range, s.network) from subnet_claim s where not exists (select from record e where e.entity_id = s.network)
        union all select format('%s %s starts at %s, which is not there', l.state_name, l.entity_id, l.source) from record l where l.source is not null and not exists (select from record e where e.entity_id = l.source)
        union all select format('%s %s is half there: nobody sees it, and nothing is under way with it', e.state_name, e.entity_id) from record e
            where e.state_name in ('compute', 'storage', 'network', 'storagelink', 'networkinterface') and not e.listed
        """;

    private const string OnHosts = "select format('%s: %s %s as %s', h.title, c.term, c.consumer, c.incarnation) from host_claim c join entity h on h.state_name = 'host' and h.entity_id = c.host";

    private const string Entities = "select id from entity where state_name in ('compute', 'storage', 'network', 'storagelink', 'networkinterface') union all select 'a claim of ' || consumer from host_claim "
        + "union all select 'a pool claim of ' || consumer from pool_claim union all select 'an address of ' || consumer from address_claim union all select 'a range of ' || network from subnet_claim";

    /// <summary>Waits until everything is in order; fails with what is not.</summary>
    public static async Task Comes(CrashCloud cloud)
    {
        IReadOnlyList<string> wrong = [];
        await Eventually.Is("all is in order", async () => (wrong = await Wrong(cloud)).Count == 0, Patience, () => string.Join('\n', wrong));
    }

    /// <summary>Waits until there is nothing, and no trace of anything.</summary>
    public static async Task IsEmpty(CrashCloud cloud)
    {
        IReadOnlyList<string> left = [];
        await Eventually.Is("nothing is left", async () => (left = [.. await cloud.Texts(Entities), .. await There(cloud)]).Count == 0, Patience, () => string.Join('\n', left));
        await Comes(cloud);
    }

    private static async Task<IReadOnlyList<string>> Wrong(CrashCloud cloud)
    {
        List<string> wrong = [.. await cloud.Texts(UnderWay), .. await cloud.Texts(HostsAway)];
        if (wrong.Count > 0)
            return wrong;
        wrong.AddRange(await cloud.Texts(Claims));
        var (there, claimed) = (await There(cloud), await cloud.Texts(OnHosts));
        wrong.AddRange(there.Except(claimed).Select(o => o + " is there and not claimed"));
        wrong.AddRange(claimed.Except(there).Select(o => o + " is claimed and not there"));
        return wrong.Count > 0 ? wrong : await Doctor(cloud);
    }

    private static async Task<IReadOnlyList<string>> Doctor(CrashCloud cloud)
    {
        var report = await cloud.Send("GET", "/admin/doctor?deep=true");
        return report.Status != 200 ? [$"The doctor does not answer: {report.Status} {report.Body}"]
            : [.. report.Json.GetProperty("findings").EnumerateArray().Select(f => $"The doctor says {f}")];
    }

    private static async Task<List<string>> There(CrashCloud cloud)
    {
        var there = new List<string>();
        foreach (var agent in cloud.Agents)
        {
            var has = await agent.Has();
            there.AddRange(has.Machines.Select(m => $"{agent.Name}: compute {m.Id} as {m.Incarnation}"));
            there.AddRange(has.Volumes.Select(v => $"{agent.Name}: storage {v.Id} as {v.Incarnation}"));
            there.AddRange(has.Networks.Select(n => $"{agent.Name}: network {n.Id} as {n.Incarnation}"));
        }
        return there;
    }
}
