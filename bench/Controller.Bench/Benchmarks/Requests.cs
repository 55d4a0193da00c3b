using Controller.Bench.Measuring;
using Controller.Bench.Stand;

namespace Controller.Bench.Benchmarks;

/// <summary>What is read the most: the model, and one entity.</summary>
internal static class Requests
{
    private const int Connections = 32;
    private static readonly (string Name, string Accept)[] Renderings = [("text", "text/plain"), ("JSON", "application/occi+json")];

    public static async Task Model(Bench bench)
    {
        await using var cloud = await Cloud.Start(bench);
        foreach (var (name, accept) in Renderings)
            await Beside(bench, cloud, $"GET /-/ {name}", "/-/", accept, Goal.RatioAtLeast(0.9), null);
    }

    public static Task Get(Bench bench) => Get(bench, 1, "GET a compute", Goal.RatioAtLeast(0.55), Goal.AtMost(35));

    public static Task Together(Bench bench) => Get(bench, 0, "GET a compute, silo and API in one process", Goal.RatioAtLeast(0.75), null);

    private static async Task Get(Bench bench, int silos, string what, Goal rates, Goal? cpu)
    {
        await using var cloud = await Cloud.Start(bench, silos);
        await using var fleet = await Fleet.Start(cloud, bench, 4);
        var id = await Seeds.Active(cloud);
        foreach (var (name, accept) in Renderings)
            await Beside(bench, cloud, $"{what}, {name}", $"/compute/{id}", accept, rates, cpu);
    }

    /// <summary>A request beside a bare Kestrel that answers with the same bytes.</summary>
    private static async Task Beside(Bench bench, Cloud cloud, string name, string path, string accept, Goal rates, Goal? cpu)
    {
        var file = cloud.In("bytes");
        await File.WriteAllBytesAsync(file, await cloud.Get(path, accept), bench.Cancel);
        await using var bare = await BareServer.Start([BareServer.Bytes, file, accept], bench.Cancel);
        var theirs = Load.Request("GET", bare.Url, "/", cloud.Token, accept);
        var ours = Load.Request("GET", cloud.Url, path, cloud.Token, accept);
        Task<Rate> Bare(TimeSpan time) => Load.Measure(bare.Url, _ => [theirs], 200, Connections, time, [bare.Pid], bench.Cancel);
        var parts = "";
        async Task<Rate> Ours(TimeSpan time)
        {
            var before = cloud.Parts().ToDictionary(p => p.Name, p => p.Cpu);
            var rate = await Load.Measure(cloud.Url, _ => [ours], 200, Connections, time, cloud.Pids, bench.Cancel);
            parts = string.Join(", ", cloud.Parts().Select(p => Bench.Text($"{p.Name} {(p.Cpu - before[p.Name]).TotalMicroseconds / Math.Max(1, rate.Done):0.0} µs")));
            return rate;
        }
        await Compared.Warm(Ours);
        await Bare(bench.Options.Duration * 2);
        var compared = await Compared.InTurns(bench.Options.Rounds, () => Bare(bench.Options.Duration), () => Ours(bench.Options.Duration));
        bench.Add(compared.Rates(name, "/s", rates));
        bench.Add(compared.Cpu($"{name}: CPU a request", cpu));
        bench.Note($"{name}: CPU each in the last round: {parts}");
        if (compared.Failed > 0)
            bench.Note($"{name}: {compared.Failed} were not answered with 200");
    }
}
