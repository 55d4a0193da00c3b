using Controller.Bench.Measuring;
using Controller.Bench.Stand;

namespace Controller.Bench.Benchmarks;

/// <summary>Pages and whole collections, and how their cost grows with what there is.</summary>
internal static class Lists
{
    private const int PageSize = 100;
    private const string Json = "application/occi+json";

    public static async Task Page(Bench bench)
    {
        var small = 1000;
        var large = bench.Options.Scaled(100_000);
        await using var cloud = await Cloud.Start(bench);
        await using var fleet = await Fleet.Start(cloud, bench, 1);
        var like = await Seeds.Active(cloud);
        await Seeds.Computes(cloud, like, small);
        var project = await cloud.Value<Guid>($"select project from entity where entity_id = '{like}'");
        await using var bare = await BareServer.Start([BareServer.Page, cloud.Postgres.ConnectionString, project.ToString("D"), Bench.Text($"{PageSize}")], bench.Cancel);
        var theirs = Load.Request("GET", bare.Url, "/", cloud.Token, Json);
        var first = Request(cloud, $"/compute/?page=1&number={PageSize}");
        Task<Rate> Bare(TimeSpan time) => Load.Measure(bare.Url, _ => [theirs], 200, 4, time, [bare.Pid, cloud.Postgres.Pid], bench.Cancel);
        Task<Rate> Ours(TimeSpan time) => Load.Measure(cloud.Url, _ => [first], 200, 4, time, cloud.Pids, bench.Cancel);
        await Compared.Warm(Ours);
        await Bare(bench.Options.Duration * 2);
        var compared = await Compared.InTurns(bench.Options.Rounds, () => Bare(bench.Options.Duration), () => Ours(bench.Options.Duration));
        bench.Add(compared.Rates($"a page of {PageSize} as JSON of {small:N0}", "/s", Goal.RatioAtLeast(0.6)));
        bench.Add(compared.Cpu($"a page of {PageSize} as JSON of {small:N0}: CPU"));

        var baseline = await Alone(bench, cloud, first);
        var points = new List<double[]> { new[] { small, baseline / 1000 } };
        var lastPoints = new List<double[]> { new[] { small, await Alone(bench, cloud, Request(cloud, $"/compute/?page={small / PageSize}&number={PageSize}")) / 1000 } };
        foreach (var count in ((int[])[10_000, 30_000, large]).Where(c => c > small && c <= large).Distinct())
        {
            await Seeds.Computes(cloud, like, count);
            var last = Request(cloud, $"/compute/?page={count / PageSize}&number={PageSize}");
            var (atFirst, atLast) = (await Alone(bench, cloud, first), await Alone(bench, cloud, last));
            points.Add([count, atFirst / 1000]);
            lastPoints.Add([count, atLast / 1000]);
            if (count != large)
                continue;
            // In turns, so that a busy moment of the machine meets both.
            var filtered = Request(cloud, $"/compute/?page=1&number={PageSize}", "X-OCCI-Attribute: occi.core.title=\"seed-500\"\r\n");
            var state = Request(cloud, $"/compute/?page=1&number={PageSize}", "X-OCCI-Attribute: occi.compute.state=\"active\"\r\n");
            bench.Add(Figure.Against($"first page at {count:N0} against at {small:N0}: CPU", atFirst, baseline, "µs", Goal.RatioAtMost(1.3)));
            foreach (var (name, request) in ((string, byte[])[])[("last page", last), ("first page filtered by title (one fits)", filtered), ("first page filtered by state (all fit)", state)])
            {
                var turns = await Compared.InTurns(bench.Options.Rounds, () => Once(bench, cloud, first), () => Once(bench, cloud, request));
                bench.Add(turns.Cpu($"{name} against the first at {count:N0}: CPU", Goal.RatioAtMost(1.3)));
                bench.Add(turns.Rates($"{name} against the first at {count:N0}", "/s", null));
            }
        }
        bench.Series.Add(new("first page", "entities", "CPU ms", points));
        bench.Series.Add(new("last page", "entities", "CPU ms", lastPoints));
    }

    public static async Task Whole(Bench bench)
    {
        var most = bench.Options.Scaled(20_000);
        await using var cloud = await Cloud.Start(bench);
        await using var fleet = await Fleet.Start(cloud, bench, 1);
        var like = await Seeds.Active(cloud);
        foreach (var (name, accept, goal) in ((string, string, double)[])[("text/uri-list", "text/uri-list", 1), ("JSON", Json, 6)])
        {
            var cpu = new List<double[]>();
            foreach (var count in ((int[])[most / 20, most / 4, most]).Where(c => c > 0))
            {
                if (count < most && name == "JSON")
                    continue;   // there are more by now
                await Seeds.Computes(cloud, like, count);
                var request = Request(cloud, "/compute/", null, accept);
                Task<Rate> For(TimeSpan time) => Load.Measure(cloud.Url, _ => [request], 200, 1, time, cloud.Pids, bench.Cancel);
                Task<Rate> Ours() => For(bench.Options.Duration);
                await Compared.Warm(For);
                var before = CpuTime.ResidentOf(cloud.Api);
                var rounds = new List<Rate>();
                for (var round = 0; round < bench.Options.Rounds; round++)
                    rounds.Add(await Ours());
                var each = Compared.Median(rounds.Select(r => r.CpuEach / count));
                cpu.Add([count, each]);
                if (count != most)
                    continue;
                bench.Add(new($"{count:N0} computes as {name}: CPU an entity", each, "µs") { Goal = Goal.AtMost(goal) });
                bench.Add(new($"{count:N0} computes as {name}: time", Compared.Median(rounds.Select(r => 1000 / r.PerSecond)), "ms"));
                bench.Add(new($"{count:N0} computes as {name}: the API's memory after warming up", before / 1e6, "MB"));
                bench.Add(new($"{count:N0} computes as {name}: and after {rounds.Sum(r => r.Done)} more", CpuTime.ResidentOf(cloud.Api) / 1e6, "MB"));
            }
            bench.Series.Add(new(name, "entities", "CPU µs an entity", cpu));
        }
    }

    private static byte[] Request(Cloud cloud, string path, string? fields = null, string accept = Json) => Load.Request("GET", cloud.Url, path, cloud.Token, accept, fields: fields);

    private static Task<Rate> Once(Bench bench, Cloud cloud, byte[] request) => Load.Measure(cloud.Url, _ => [request], 200, 4, bench.Options.Duration, cloud.Pids, bench.Cancel);

    private static async Task<double> Alone(Bench bench, Cloud cloud, byte[] request)
    {
        await Load.Measure(cloud.Url, _ => [request], 200, 4, bench.Options.Duration / 2, [], bench.Cancel);
        var rates = new List<double>();
        for (var round = 0; round < bench.Options.Rounds; round++)
            rates.Add((await Once(bench, cloud, request)).CpuEach);
        return Compared.Median(rates);
    }
}
