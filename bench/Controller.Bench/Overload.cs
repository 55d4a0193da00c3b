using System.Diagnostics;
using System.Globalization;

namespace Controller.Bench;

/// <summary>How much is done under more load than can be done: as a share of the most that was done in the same run, with fewer connections.</summary>
internal static class Overload
{
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\n"
        + "X-OCCI-Attribute: occi.core.title=\"overload\"\n";

    private static readonly TimeSpan Shed = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Doubles the connections until no more is done, then goes on to twice and four times as many as that took, and looks whether all is well afterwards. False when an answer came that is
    /// neither what was wanted nor a refusal for want of room, or when something is left under way.
    /// </summary>
    public static async Task<bool> Run(Plan plan, TextWriter output, CancellationToken cancel)
    {
        await output.WriteLineAsync("connections   done/s  refused/s     wrong");
        var points = new List<Point>();
        var (best, most) = (1, 0.0);
        for (var connections = 1; connections <= 1024; connections *= 2)
        {
            var point = await Measure(plan, connections, output, cancel);
            points.Add(point);
            if (point.Done > most * 1.05)
                (best, most) = (connections, point.Done);
            else if (connections >= best * 4)
                break;   // two doublings brought nothing
        }
        most = points.Max(p => p.Done);
        var ok = points.All(p => p.Wrong == 0);
        foreach (var times in (int[])[2, 4, 16])
        {
            var point = await Measure(plan, best * times, output, cancel);
            ok &= point.Wrong == 0;
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"goodput with {times} times the connections that saturate it ({best}): {point.Done / most:0.00} of the most"));
        }
        var after = await Measure(plan, best, output, cancel);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"afterwards, with {best} again: {after.Done / most:0.00} of the most, {after.Refused:0} refused a second"));
        return ok && after.Wrong == 0;
    }

    private static async Task<Point> Measure(Plan plan, int connections, TextWriter output, CancellationToken cancel)
    {
        long done = 0, refused = 0, wrong = 0;
        var request = Load.Request("POST", plan.Url, "/network/", plan.Token, "text/plain", Network);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(
            async () =>
            {
                using var connection = await Connection.Open(plan.Url, cancel);
                while (clock.Elapsed < plan.Duration)
                {
                    switch (await connection.Send(request, cancel))
                    {
                        case 201:
                            Interlocked.Increment(ref done);
                            break;
                        case 429 or 503:
                            Interlocked.Increment(ref refused);
                            await Task.Delay(Shed, cancel);   // a tenth of what it was asked for: an impatient client
                            break;
                        default:
                            Interlocked.Increment(ref wrong);
                            break;
                    }
                }
            },
            cancel)));
        var seconds = clock.Elapsed.TotalSeconds;
        var point = new Point(done / seconds, refused / seconds, wrong);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{connections,11} {point.Done,8:0} {point.Refused,10:0} {wrong,9}"));
        return point;
    }

    private sealed record Point(double Done, double Refused, long Wrong);
}
