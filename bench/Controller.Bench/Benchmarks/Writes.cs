using System.Diagnostics;
using Controller.Bench.Measuring;
using Controller.Bench.Stand;
using Controller.Grains.Persistence;
using Controller.Silo;
using Controller.Silo.Postgres;

namespace Controller.Bench.Benchmarks;

/// <summary>What is durable when it is answered, beside what PostgreSQL itself can make durable in that time.</summary>
internal static class Writes
{
    private const int Hosts = 8;

    public static async Task Create(Bench bench)
    {
        await using var cloud = await Cloud.Start(bench);
        await using var fleet = await Fleet.Start(cloud, bench, Hosts);
        var (pgbench, _) = await Baseline(bench, cloud);
        var create = Load.Request("POST", cloud.Url, "/compute/", cloud.Token, "text/plain", Seeds.Compute);
        await Compare(bench, cloud, pgbench, "POST compute, 32 in flight", 32, _ => [create], 201, Goal.RatioAtLeast(0.4));
    }

    public static async Task Change(Bench bench)
    {
        await using var cloud = await Cloud.Start(bench);
        await using var fleet = await Fleet.Start(cloud, bench, Hosts);
        var (pgbench, _) = await Baseline(bench, cloud);
        var computes = new List<string>();
        foreach (var _ in Enumerable.Range(0, 128))
            computes.Add(await cloud.Create("/compute/", Seeds.Compute));   // one after the other: more at once would be refused on a busy machine
        // Of a summary a host knows nothing; a title is its machine's name, so it is told, and reports.
        foreach (var (attribute, goals) in ((string, bool)[])[("summary", true), ("title", false)])
        {
            byte[][] Of(int connection) =>
                [.. ((string[])["one", "two"]).Select(text => Load.Request("POST", cloud.Url, computes[connection], cloud.Token, "text/plain", $"X-OCCI-Attribute: occi.core.{attribute}=\"{text}\"\n"))];
            foreach (var (inFlight, goal) in ((int, double)[])[(32, 0.5), (128, 1)])
                await Compare(bench, cloud, pgbench, $"a compute's {attribute} changed, {inFlight} in flight", inFlight, Of, 200, goals ? Goal.RatioAtLeast(goal) : null);
        }
    }

    /// <summary>The storage provider alone, as grains call it, in this process: what is between a grain and the disk.</summary>
    public static async Task Records(Bench bench)
    {
        await using var cloud = await Cloud.Start(bench);
        await using var fleet = await Fleet.Start(cloud, bench, 1);
        var (pgbench, like) = await Baseline(bench, cloud);
        await using var database = SiloHost.Database(cloud.Postgres.ConnectionString);
        await using var storage = new GroupCommitStorage(database);
        var text = System.Text.Encoding.UTF8.GetString(await cloud.Value<byte[]>($"select payload from entity where entity_id = '{like}'"));
        var serializer = new RecordSerializer();
        foreach (var (inFlight, goal) in ((int, Goal?)[])[(32, Goal.RatioAtLeast(0.9)), (128, null)])
        {
            var states = Enumerable.Range(0, inFlight).Select(_ =>
            {
                var id = Guid.NewGuid();
                var record = serializer.Deserialize<Stored<Grains.Compute.ComputeRecord, Contracts.EntityView>>(BinaryData.FromString(text.Replace(like.ToString("D"), id.ToString("D"), StringComparison.Ordinal)));
                return (Id: GrainId.Create("compute", Contracts.GrainKeys.Of("compute", id)), State: new GrainState<Stored<Grains.Compute.ComputeRecord, Contracts.EntityView>>(record));
            }).ToArray();
            async Task<Rate> Ours(TimeSpan time)
            {
                long done = 0;
                var before = CpuTime.Of([Environment.ProcessId, cloud.Postgres.Pid]);
                var clock = Stopwatch.StartNew();
                await Task.WhenAll(states.Select(s => Task.Run(async () =>
                {
                    while (clock.Elapsed < time)
                    {
                        await storage.WriteStateAsync("compute", s.Id, s.State);
                        Interlocked.Increment(ref done);
                    }
                })));
                return new(done, 0, clock.Elapsed, CpuTime.Of([Environment.ProcessId, cloud.Postgres.Pid]) - before);
            }
            await Compared.Warm(Ours);
            var compared = await Compared.InTurns(bench.Options.Rounds, () => pgbench.Measure(inFlight, bench.Options.Duration, bench.Cancel), () => Ours(bench.Options.Duration));
            bench.Add(compared.Rates($"a grain's record written, {inFlight} in flight", "/s", goal));
            bench.Add(compared.Cpu($"a grain's record written, {inFlight} in flight: CPU"));
        }
    }

    /// <summary>A row of the product's own, and pgbench with rows of that size.</summary>
    private static async Task<(PgBench Bench, Guid Like)> Baseline(Bench bench, Cloud cloud)
    {
        var like = await Seeds.Active(cloud);
        var payload = await cloud.Value<byte[]>($"select payload from entity where entity_id = '{like}'");
        bench.Note($"a compute's row: {payload.Length} bytes of payload");
        return (await PgBench.For(cloud.Postgres, payload), like);
    }

    private static async Task Compare(Bench bench, Cloud cloud, PgBench pgbench, string name, int inFlight, Func<int, byte[][]> requests, int expected, Goal? goal)
    {
        var parts = "";
        async Task<Rate> Ours(TimeSpan time)
        {
            var before = cloud.Parts().ToDictionary(p => p.Name, p => p.Cpu);
            var rate = await Load.Measure(cloud.Url, requests, expected, inFlight, time, cloud.Pids, bench.Cancel);
            parts = string.Join(", ", cloud.Parts().Select(p => Bench.Text($"{p.Name} {(p.Cpu - before[p.Name]).TotalMicroseconds / Math.Max(1, rate.Done):0} µs")));
            return rate;
        }
        await Compared.Warm(Ours);
        var compared = await Compared.InTurns(bench.Options.Rounds, () => pgbench.Measure(inFlight, bench.Options.Duration, bench.Cancel), () => Ours(bench.Options.Duration));
        bench.Add(compared.Rates(name, "/s", goal));
        bench.Add(compared.Cpu($"{name}: CPU"));
        bench.Note($"{name}: CPU each in the last round: {parts}");
        if (compared.Failed > 0)
            bench.Note($"{name}: {compared.Failed} were not answered with {expected}");
    }
}
