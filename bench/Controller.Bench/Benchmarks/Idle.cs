using System.Diagnostics;
using Controller.Bench.Measuring;
using Controller.Bench.Stand;

namespace Controller.Bench.Benchmarks;

/// <summary>What costs while nobody asks for anything, and what it takes to begin.</summary>
internal static class Idle
{
    public static async Task Run(Bench bench)
    {
        var entities = bench.Options.Scaled(100_000);
        await using var cloud = await Cloud.Start(bench);
        await using var fleet = await Fleet.Start(cloud, bench, 1);
        var like = await Seeds.Active(cloud);
        await Seeds.Computes(cloud, like, entities);
        await cloud.StopApi();
        await cloud.StopSilos();
        await cloud.StartSilos(1);
        await cloud.StartApi();
        await cloud.Settled();
        var time = TimeSpan.FromSeconds(60);
        var (all, silo, postgres) = (CpuTime.Of(cloud.Pids), CpuTime.Of(cloud.Silos), CpuTime.Of([cloud.Postgres.Pid]));
        await Task.Delay(time, bench.Cancel);
        bench.Add(new($"{entities:N0} entities, nobody asks: CPU of all", 100 * (CpuTime.Of(cloud.Pids) - all) / time, "% of a core") { Goal = Goal.AtMost(2) });
        bench.Add(new($"{entities:N0} entities, nobody asks: CPU of the silo", 100 * (CpuTime.Of(cloud.Silos) - silo) / time, "% of a core"));
        bench.Add(new($"{entities:N0} entities, nobody asks: CPU of PostgreSQL", 100 * (CpuTime.Of([cloud.Postgres.Pid]) - postgres) / time, "% of a core"));

        var active = bench.Options.Scaled(20_000);
        var paths = new List<string>();
        await using (var command = cloud.Postgres.Source.CreateCommand(Bench.Text($"select '/' || id from entity where state_name = 'compute' order by seq limit {active}")))
        await using (var reader = await command.ExecuteReaderAsync(bench.Cancel))
        {
            while (await reader.ReadAsync(bench.Cancel))
                paths.Add(reader.GetString(0));
        }
        var before = cloud.Silos.Sum(CpuTime.ResidentOf);
        const int Connections = 8;
        var each = paths.Chunk((paths.Count + Connections - 1) / Connections).ToArray();
        var rate = await Load.Measure(
            cloud.Url, c => [.. each[c].Select(p => Load.Request("GET", cloud.Url, p, cloud.Token, "text/plain"))], 200, each.Length, TimeSpan.FromMinutes(5), cloud.Pids, bench.Cancel, paths.Count);
        bench.Add(new("a grain activated by a GET: CPU", rate.CpuEach, "µs"));
        bench.Add(new($"{paths.Count:N0} active grains: the silo's memory each", (cloud.Silos.Sum(CpuTime.ResidentOf) - before) / 1024.0 / paths.Count, "KiB") { Goal = Goal.AtMost(6) });
        if (rate.Failed > 0)
            bench.Note($"{rate.Failed} were not answered with 200");
    }

    public static async Task Start(Bench bench)
    {
        var clock = Stopwatch.StartNew();
        await using var cloud = await Cloud.Start(bench);
        bench.Add(new("everything new, PostgreSQL's cluster and tables made: until the API is ready", clock.Elapsed.TotalSeconds, "s"));
        await cloud.Get("/-/", "text/plain");
        bench.Add(new("everything new: until the first answer", clock.Elapsed.TotalSeconds, "s"));
        await using var fleet = await Fleet.Start(cloud, bench, 1);
        await Seeds.Computes(cloud, await Seeds.Active(cloud), bench.Options.Scaled(100_000));
        await cloud.StopApi();
        await cloud.StopSilos();
        var cpu = CpuTime.Of([cloud.Postgres.Pid]);
        clock.Restart();
        await cloud.StartSilos(1);
        bench.Add(new("100,000 entities there: silo ready", clock.Elapsed.TotalSeconds, "s"));
        await cloud.StartApi();
        bench.Add(new("100,000 entities there: API ready", clock.Elapsed.TotalSeconds, "s"));
        await cloud.Get("/compute/?page=1&number=100", "application/occi+json");
        bench.Add(new("100,000 entities there: first page answered", clock.Elapsed.TotalSeconds, "s"));
        bench.Add(new("100,000 entities there: CPU of PostgreSQL until then", (CpuTime.Of([cloud.Postgres.Pid]) - cpu).TotalSeconds, "s"));
    }
}
