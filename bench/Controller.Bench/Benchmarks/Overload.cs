using System.Diagnostics;
using System.Globalization;
using Controller.Bench.Measuring;
using Controller.Bench.Stand;

namespace Controller.Bench.Benchmarks;

/// <summary>How much is done under more load than can be done: as a share of the most that was done in the same run, with fewer connections.</summary>
internal static class Overload
{
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\n"
        + "X-OCCI-Attribute: occi.core.title=\"overload\"\n";

    private static readonly TimeSpan Shed = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Doubles the connections until no more is done, then goes on to twice, four and sixteen times as many as that took, and looks whether all is well afterwards. A member's token: operators' requests
    /// go first.
    /// </summary>
    public static async Task Run(Bench bench)
    {
        await using var cloud = await Cloud.Start(bench);
        await using var fleet = await Fleet.Start(cloud, bench, 2);
        var project = (await cloud.Post("/admin/projects", """{"name":"overload"}""")).GetProperty("id").GetString();
        var token = (await cloud.Post("/admin/tokens", $$"""{"name":"overload","project":"{{project}}","role":"member"}""")).GetProperty("token").GetString()!;   // it is told this once
        await bench.Output.WriteLineAsync("  connections   done/s  refused/s     wrong");
        var points = new List<(int Connections, Point Point)>();
        async Task<Point> At(int connections)
        {
            var point = await Measure(cloud.Url, token, connections, bench);
            points.Add((connections, point));
            return point;
        }
        var (best, most) = (1, 0.0);
        for (var connections = 1; connections <= 1024; connections *= 2)
        {
            var point = await At(connections);
            if (point.Done > most * 1.05)
                (best, most) = (connections, point.Done);
            else if (connections >= best * 4)
                break;   // two doublings brought nothing
        }
        most = points.Max(p => p.Point.Done);
        foreach (var times in (int[])[2, 4, 16])
        {
            var point = await At(best * times);
            bench.Add(Figure.Against($"networks created with {times} times the connections that saturate it ({best})", point.Done, most, "/s"));
        }
        var after = await At(best);
        bench.Add(Figure.Against($"afterwards, with {best} again", after.Done, most, "/s"));
        bench.Add(new("answers that are neither what was wanted nor a refusal for want of room", points.Sum(p => p.Point.Wrong), "") { Goal = Goal.AtMost(0) });
        bench.Series.Add(new("done", "connections", "/s", [.. points.SkipLast(1).OrderBy(p => p.Connections).Select(p => new[] { p.Connections, p.Point.Done })]));
    }

    private static async Task<Point> Measure(Uri url, string token, int connections, Bench bench)
    {
        long done = 0, refused = 0, wrong = 0;
        var request = Load.Request("POST", url, "/network/", token, "text/plain", Network);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(
            async () =>
            {
                using var connection = await Connection.Open(url, bench.Cancel);
                while (clock.Elapsed < bench.Options.Duration)
                {
                    switch (await connection.Send(request, bench.Cancel))
                    {
                        case 201:
                            Interlocked.Increment(ref done);
                            break;
                        case 429 or 503:
                            Interlocked.Increment(ref refused);
                            await Task.Delay(Shed, bench.Cancel);   // a tenth of what it was asked for: an impatient client
                            break;
                        default:
                            Interlocked.Increment(ref wrong);
                            break;
                    }
                }
            },
            bench.Cancel)));
        var seconds = clock.Elapsed.TotalSeconds;
        var point = new Point(done / seconds, refused / seconds, wrong);
        await bench.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"  {connections,11} {point.Done,8:0} {point.Refused,10:0} {wrong,9}"));
        return point;
    }

    private sealed record Point(double Done, double Refused, long Wrong);
}
