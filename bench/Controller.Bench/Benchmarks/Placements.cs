using System.Diagnostics;
using Controller.Bench.Measuring;
using Controller.Bench.Stand;
using Controller.Silo;
using Controller.Silo.Postgres;

namespace Controller.Bench.Benchmarks;

/// <summary>A decision where a machine goes: the claims in PostgreSQL, as the silo takes them, among few hosts and among many.</summary>
internal static class Placements
{
    private const int Few = 50;
    private const int Machines = 20;   // a host has, before
    private const int InFlight = 4;

    /// <summary>By then a silo has noticed which hosts there are.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(6);

    public static async Task Run(Bench bench)
    {
        await using var cloud = await Cloud.Start(bench);
        string host;
        await using (var fleet = await Fleet.Start(cloud, bench, 1))
            host = (await cloud.Value<Guid>("select entity_id from entity where state_name = 'host'")).ToString("D");
        await cloud.StopApi();
        await cloud.StopSilos();   // whoever finds that those hosts say nothing would change them
        await cloud.Execute("update entity set state = 'up' where state_name = 'host'");
        await using var database = SiloHost.Database(cloud.Postgres.ConnectionString);
        var claims = new PostgresClaims(database, new PlacementOptions(), TimeProvider.System);
        var project = await cloud.Value<Guid>("select entity_id from entity where state_name = 'project' limit 1");
        var many = bench.Options.Scaled(5000);

        var points = new List<double[]>();
        foreach (var count in ((int[])[Few, 500, 2000, many]).Distinct().Order())
        {
            await Hosts(cloud, host, project, count);
            await Measure(claims, project, Settled, cloud.Postgres.Pid);
            points.Add([count, (await Measure(claims, project, bench.Options.Duration, cloud.Postgres.Pid)).CpuEach / 1000]);
        }
        bench.Series.Add(new("placement", "hosts", "CPU ms", points));

        var compared = await Compared.InTurns(
            bench.Options.Rounds,
            async () =>
            {
                await Hosts(cloud, host, project, Few);
                await Measure(claims, project, Settled, cloud.Postgres.Pid);
                return await Measure(claims, project, bench.Options.Duration, cloud.Postgres.Pid);
            },
            async () =>
            {
                await Hosts(cloud, host, project, many);
                await Measure(claims, project, Settled, cloud.Postgres.Pid);
                return await Measure(claims, project, bench.Options.Duration, cloud.Postgres.Pid);
            });
        bench.Add(compared.Cpu($"a placement among {many:N0} hosts against among {Few}: CPU", Goal.RatioAtMost(1.5)));
        bench.Add(new($"a placement among {many:N0} hosts: time, {InFlight} in flight", InFlight * 1000 / compared.PerSecond, "ms")
        {
            Baseline = Compared.Median(compared.Baseline.Select(r => InFlight * 1000 / r.PerSecond)),
            Ratio = Compared.Median(compared.Baseline.Zip(compared.Ours, (a, b) => a.PerSecond / b.PerSecond)),
            Goal = Goal.RatioAtMost(1.5),
        });
    }

    /// <summary>Exactly so many hosts, each with its machines.</summary>
    private static async Task Hosts(Cloud cloud, string like, Guid project, int count)
    {
        // Nobody adds up what these use: for each of a hundred thousand the transaction would hold a lock.
        await cloud.Execute("alter table host_claim disable trigger user");
        await cloud.Execute("delete from host_claim");
        await cloud.Execute($"alter table entity disable trigger user; delete from entity where state_name = 'host' and entity_id <> '{like}'");
        await cloud.Execute(Bench.Text(
            $"""
            insert into entity (state_name, id, version, payload, entity_id, project, state, title, mixins, listed, cores, memory, disk, facts)
            select e.state_name, 'host/' || g.id, e.version, convert_to(replace(convert_from(e.payload, 'UTF8'), '{like}', g.id::text), 'UTF8'), g.id, e.project, 'up', 'seed-' || g.n, e.mixins, true,
                e.cores, e.memory, e.disk, e.facts
            from entity e, lateral (select n, md5('host-' || n)::uuid as id from generate_series(2, {count}) n) g where e.entity_id = '{like}'
            """));
        await cloud.Execute("alter table entity enable trigger user");
        await cloud.Execute(Bench.Text(
            $"""
            insert into host_claim (consumer, incarnation, host, term, project, cores, memory, disk)
            select gen_random_uuid(), gen_random_uuid(), e.entity_id, 'compute', '{Guid.NewGuid()}', 1, 1 << 30, 1 << 30 from entity e, generate_series(1, {Machines}) where e.state_name = 'host'
            """));
        await cloud.Execute("alter table host_claim enable trigger user");
        await cloud.Execute("vacuum analyze entity");
        await cloud.Execute("vacuum analyze host_claim");
    }

    private static async Task<Rate> Measure(PostgresClaims claims, Guid project, TimeSpan time, int postgres)
    {
        var placed = new List<Guid>();
        var before = CpuTime.Of([Environment.ProcessId, postgres]);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
        {
            while (clock.Elapsed < time)
            {
                var consumer = Guid.NewGuid();
                var result = await claims.Place(new("compute", consumer, Guid.NewGuid(), project, 1, 1L << 30, 1L << 30, "x64", null));
                if (result.Host is null)
                    throw new InvalidOperationException($"It was not placed: {result.Why}");
                lock (placed)
                    placed.Add(consumer);
            }
        })));
        var rate = new Rate(placed.Count, 0, clock.Elapsed, CpuTime.Of([Environment.ProcessId, postgres]) - before);
        foreach (var consumer in placed)
            await claims.Release(consumer);   // what a project has counts in its quota
        return rate;
    }
}
