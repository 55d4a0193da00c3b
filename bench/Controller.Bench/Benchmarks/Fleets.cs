using System.Diagnostics;
using Controller.Bench.Measuring;
using Controller.Bench.Stand;

namespace Controller.Bench.Benchmarks;

/// <summary>Many hosts, and several silos.</summary>
internal static class Fleets
{
    private const string Up = "select count(*) from entity where state_name = 'host' and state = 'up'";

    public static async Task Silos(Bench bench)
    {
        await using var cloud = await Cloud.Start(bench);
        await using var fleet = await Fleet.Start(cloud, bench, 8);
        var computes = new List<string>();
        foreach (var _ in Enumerable.Range(0, 64))
            computes.Add(await cloud.Create("/compute/", Seeds.Compute));
        var (get, change) = (new List<double[]>(), new List<double[]>());
        for (var silos = 1; silos <= 3; silos++)
        {
            await cloud.StartSilos(silos);
            // Grains move to the new one as they are activated anew.
            await cloud.StopApi();
            await cloud.StartApi();
            var reads = await Cpu(bench, cloud, 8, connection => [.. computes.Select(c => Load.Request("GET", cloud.Url, c, cloud.Token, "text/plain"))]);
            var writes = await Cpu(bench, cloud, 32, connection => [.. ((string[])["a", "b"]).Select(t => Load.Request("POST", cloud.Url, computes[connection], cloud.Token, "text/plain", $"X-OCCI-Attribute: occi.core.title=\"{t}{connection}\"\n"))]);
            get.Add([silos, reads]);
            change.Add([silos, writes]);
        }
        bench.Series.Add(new("GET a compute", "silos", "CPU µs a request", get));
        bench.Series.Add(new("a title changed", "silos", "CPU µs a request", change));
        bench.Add(Figure.Against("GET a compute, three silos against one: CPU", get[^1][1], get[0][1], "µs", Goal.RatioAtMost(1.15)));
        bench.Add(Figure.Against("a title changed, three silos against one: CPU", change[^1][1], change[0][1], "µs", Goal.RatioAtMost(1.15)));
    }

    private static async Task<double> Cpu(Bench bench, Cloud cloud, int connections, Func<int, byte[][]> requests)
    {
        Task<Rate> Once() => Load.Measure(cloud.Url, requests, 200, connections, bench.Options.Duration, cloud.Pids, bench.Cancel);
        await Once();
        var rounds = new List<double>();
        for (var round = 0; round < bench.Options.Rounds; round++)
            rounds.Add((await Once()).CpuEach);
        return Compared.Median(rounds);
    }

    public static async Task Agents(Bench bench) => await WithMany(bench, async (cloud, fleet, hosts) =>
    {
        await Task.CompletedTask;
    });

    public static async Task Reconnect(Bench bench) => await WithMany(bench, async (cloud, fleet, hosts) =>
    {
        var before = fleet.Sessions;
        await cloud.StopSilos();
        var clock = Stopwatch.StartNew();
        await cloud.StartSilos(3);
        bench.Add(new("three silos restarted: ready again", clock.Elapsed.TotalSeconds, "s"));
        var cpu = CpuTime.Of(cloud.Pids);
        await cloud.Until("all hosts have a session", () => Task.FromResult(fleet.Connected == hosts && fleet.Sessions >= before + hosts), TimeSpan.FromMinutes(8));
        bench.Add(new($"{hosts:N0} hosts have a session again, after the silos' start began", clock.Elapsed.TotalSeconds, "s"));
        await cloud.Until("all hosts are up", async () => await cloud.Value<long>(Up) == hosts, TimeSpan.FromMinutes(5));
        bench.Add(new($"{hosts:N0} hosts are up again and have reported", clock.Elapsed.TotalSeconds, "s"));
        bench.Add(new($"{hosts:N0} hosts reconnecting: CPU of silos and PostgreSQL a host", (CpuTime.Of(cloud.Pids) - cpu).TotalMilliseconds / hosts, "ms"));
        foreach (var (why, times) in fleet.Trouble.OrderByDescending(t => t.Value).Take(3))
            bench.Note($"{times} times: {why[..Math.Min(120, why.Length)]}");
    });

    private static async Task WithMany(Bench bench, Func<Cloud, Fleet, int, Task> then)
    {
        var hosts = bench.Options.Scaled(5000);
        await using var cloud = await Cloud.Start(bench, silos: 3);
        await using var first = await Fleet.Start(cloud, bench, 30);   // all that is loaded once is loaded
        await Task.Delay(TimeSpan.FromSeconds(5), bench.Cancel);
        var empty = cloud.Silos.Sum(CpuTime.ResidentOf);
        var clock = Stopwatch.StartNew();
        await first.Add(hosts - 30, bench.Cancel);
        bench.Note(Bench.Text($"{hosts} hosts joined and connected within {clock.Elapsed.TotalSeconds:0} s"));
        await cloud.Settled();
        var time = TimeSpan.FromSeconds(40);
        var cpu = CpuTime.Of(cloud.Pids);
        var silos = CpuTime.Of(cloud.Silos);
        await Task.Delay(time, bench.Cancel);
        bench.Add(new($"{hosts:N0} hosts, heartbeats and leases: CPU of silos, API and PostgreSQL", 100 * (CpuTime.Of(cloud.Pids) - cpu) / time, "% of a core") { Goal = Goal.AtMost(30) });
        bench.Add(new($"{hosts:N0} hosts: of that, the silos", 100 * (CpuTime.Of(cloud.Silos) - silos) / time, "% of a core"));
        bench.Add(new($"{hosts:N0} hosts: memory of the silos a host", (cloud.Silos.Sum(CpuTime.ResidentOf) - empty) / 1024.0 / (hosts - 30), "KiB") { Goal = Goal.AtMost(60) });
        await then(cloud, first, hosts);
    }

    public static async Task Storm(Bench bench)
    {
        var (computes, hosts) = (bench.Options.Scaled(2000), bench.Options.Scaled(200));
        await using var cloud = await Cloud.Start(bench, silos: 1);
        await using var fleet = await Fleet.Start(cloud, bench, hosts);
        await Seeds.Active(cloud);
        var create = Load.Request("POST", cloud.Url, "/compute/", cloud.Token, "text/plain", Seeds.Compute);
        var clock = Stopwatch.StartNew();
        var rate = await Load.Measure(cloud.Url, _ => [create], 201, 32, TimeSpan.FromMinutes(5), cloud.Pids, bench.Cancel, computes);
        const string Active = "select count(*) from entity where state_name = 'compute' and state = 'active'";
        await cloud.Until("all computes are active", async () => await cloud.Value<long>(Active) >= rate.Done - rate.Failed + 1, TimeSpan.FromMinutes(5));
        bench.Add(new($"{computes:N0} computes over {hosts} hosts: creates", rate.PerSecond, "/s"));
        bench.Add(new($"{computes:N0} computes over {hosts} hosts: all active after", clock.Elapsed.TotalSeconds, "s"));
        bench.Add(new($"{computes:N0} computes over {hosts} hosts: CPU each until created", rate.CpuEach / 1000, "ms"));
        bench.Add(new("failed", rate.Failed, "") { Goal = Goal.AtMost(0) });
        bench.Add(new("stuck (something is under way that is due)", await cloud.Value<long>("select count(*) from entity where state_name = 'compute' and (state <> 'active' or due is not null)"), "") { Goal = Goal.AtMost(0) });
    }
}
