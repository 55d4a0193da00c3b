namespace Controller.Bench.Stand;

/// <summary>Many entities at once: copies of the row that the product wrote for one, each with its own id and title.</summary>
internal static class Seeds
{
    public const string Compute = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\n"
        + "X-OCCI-Attribute: occi.compute.cores=1\nX-OCCI-Attribute: occi.compute.memory=1\nX-OCCI-Attribute: occi.core.title=\"bench\"\n";

    /// <summary>A compute that is active; its id.</summary>
    public static async Task<Guid> Active(Cloud cloud)
    {
        var id = Guid.Parse((await cloud.Create("/compute/", Compute)).Split('/')[^1]);
        await cloud.Until("a compute is active", () => cloud.Value<bool>($"select state = 'active' from entity where entity_id = '{id}'"), TimeSpan.FromSeconds(60));
        return id;
    }

    /// <summary>Until there are so many computes.</summary>
    public static async Task Computes(Cloud cloud, Guid like, int count)
    {
        var there = (int)await cloud.Value<long>("select count(*) from entity where state_name = 'compute'");
        if (there >= count)
            return;
        // A row that is not news to anybody: events of a hundred thousand creations would be told while it is measured.
        await cloud.Execute("alter table entity disable trigger entity_event_inserted");
        await cloud.Execute(Bench.Text(
            $"""
            insert into entity (state_name, id, version, payload, entity_id, project, state, host, title, mixins, listed, cores, memory, disk)
            select e.state_name, 'compute/' || g.id, e.version,
                convert_to(replace(replace(convert_from(e.payload, 'UTF8'), '{like}', g.id::text), '"bench"', '"seed-' || g.n || '"'), 'UTF8'),
                g.id, e.project, e.state, e.host, 'seed-' || g.n, e.mixins, e.listed, e.cores, e.memory, e.disk
            from entity e, lateral (select n, gen_random_uuid() as id from generate_series({there + 1}, {count}) n) g
            where e.entity_id = '{like}'
            """));
        await cloud.Execute("alter table entity enable trigger entity_event_inserted");
        await cloud.Execute("vacuum analyze entity");
        await cloud.Execute("checkpoint");
    }
}
