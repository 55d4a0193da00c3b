using System.Diagnostics;
using System.Text;

namespace Controller.Bench;

/// <summary>Sends one request over and over on several connections, for a time or up to a number.</summary>
internal static class Load
{
    /// <summary>Measures; half as long before it warms up and does not count.</summary>
    public static async Task<Measured> Measure(
        string name, Uri url, Func<byte[]> request, int expected, Plan plan, IReadOnlyList<int> pids, long most, CancellationToken cancel)
    {
        await Phase(url, request, expected, plan.Connections, plan.Duration / 2, Math.Max(1, most / 4), cancel);
        var before = CpuTime.Of(pids);
        var clock = Stopwatch.StartNew();
        var (done, failed) = await Phase(url, request, expected, plan.Connections, plan.Duration, most, cancel);
        return new(name, done, failed, clock.Elapsed, CpuTime.Of(pids) - before);
    }

    public static byte[] Request(string method, Uri url, string path, string token, string accept, string? body = null) => Encoding.UTF8.GetBytes(
        $"{method} {path} HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: Bearer {token}\r\nAccept: {accept}\r\n"
        + (body is null ? "\r\n" : $"Content-Type: text/plain\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));

    private static async Task<(long Done, long Failed)> Phase(
        Uri url, Func<byte[]> request, int expected, int connections, TimeSpan duration, long most, CancellationToken cancel)
    {
        long started = 0, done = 0, failed = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(
            async () =>
            {
                using var connection = await Connection.Open(url, cancel);
                var bytes = request();
                while (clock.Elapsed < duration && Interlocked.Increment(ref started) <= most)
                {
                    if (await connection.Send(bytes, cancel) != expected)
                        Interlocked.Increment(ref failed);
                    Interlocked.Increment(ref done);
                }
            },
            cancel)));
        return (done, failed);
    }
}
