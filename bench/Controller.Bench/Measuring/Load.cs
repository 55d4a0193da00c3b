using System.Diagnostics;
using System.Text;

namespace Controller.Bench.Measuring;

/// <summary>Sends prepared requests over and over on several connections, for a time or up to a number.</summary>
internal static class Load
{
    /// <summary>Measures. Each connection sends its own requests in turn.</summary>
    /// <param name="url">Where to.</param>
    /// <param name="requests">Of a connection, by its number.</param>
    /// <param name="expected">The status that all answers should have.</param>
    /// <param name="connections">How many at a time.</param>
    /// <param name="duration">For how long.</param>
    /// <param name="pids">Whose CPU counts.</param>
    /// <param name="cancel">Ends it.</param>
    /// <param name="most">At most so many in all.</param>
    public static async Task<Rate> Measure(
        Uri url, Func<int, byte[][]> requests, int expected, int connections, TimeSpan duration, IReadOnlyCollection<int> pids, CancellationToken cancel, long most = long.MaxValue)
    {
        long started = 0, done = 0, failed = 0;
        var open = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Connection.Open(url, cancel)));
        try
        {
            var before = CpuTime.Of(pids);
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(open.Select((connection, index) => Task.Run(
                async () =>
                {
                    var own = requests(index);
                    for (var turn = 0; clock.Elapsed < duration && Interlocked.Increment(ref started) <= most; turn++)
                    {
                        if (await connection.Send(own[turn % own.Length], cancel) != expected)
                            Interlocked.Increment(ref failed);
                        Interlocked.Increment(ref done);
                    }
                },
                cancel)));
            var elapsed = clock.Elapsed;
            return new(done, failed, elapsed, CpuTime.Of(pids) - before);
        }
        finally
        {
            foreach (var connection in open)
                connection.Dispose();
        }
    }

    public static byte[] Request(string method, Uri url, string path, string token, string accept, string? body = null, string? fields = null) => Encoding.UTF8.GetBytes(
        $"{method} {path} HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: Bearer {token}\r\nAccept: {accept}\r\n{fields}"
        + (body is null ? "\r\n" : $"Content-Type: text/plain\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));
}
