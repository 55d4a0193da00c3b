using System.Globalization;
using Controller.Cli.Output;

namespace Controller.Cli.Load;

/// <summary>What came of a load: latencies of each sort of work, and what was not answered as it should be.</summary>
internal sealed class LoadReport
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LoadWork, List<double>> _latencies = [];
    private readonly SortedDictionary<string, int> _errors = new(StringComparer.Ordinal);

    /// <summary>Requests that were not answered as they should be.</summary>
    public int Errors
    {
        get
        {
            lock (_lock)
                return _errors.Values.Sum();
        }
    }

    public void Done(LoadWork work, TimeSpan latency)
    {
        lock (_lock)
        {
            if (!_latencies.TryGetValue(work, out var all))
                _latencies[work] = all = [];
            all.Add(latency.TotalMilliseconds);
        }
    }

    /// <param name="work">What was asked for.</param>
    /// <param name="status">The status that came; null: none came.</param>
    public void Failed(LoadWork work, int? status)
    {
        var what = $"{work.ToString().ToLowerInvariant()} {status?.ToString(CultureInfo.InvariantCulture) ?? "unreachable"}";
        lock (_lock)
            _errors[what] = _errors.GetValueOrDefault(what) + 1;
    }

    /// <summary>A table of latencies, then the errors by status.</summary>
    public string Text(TimeSpan elapsed)
    {
        lock (_lock)
        {
            var table = new Table("WORK", "DONE", "PER SECOND", "P50", "P95", "P99", "MAX");
            foreach (var (work, latencies) in _latencies.OrderBy(l => l.Key))
            {
                latencies.Sort();
                table.Add(
                    work.ToString().ToLowerInvariant(), Number(latencies.Count), (latencies.Count / elapsed.TotalSeconds).ToString("0.0", CultureInfo.InvariantCulture),
                    Milliseconds(Percentile(latencies, 50)), Milliseconds(Percentile(latencies, 95)), Milliseconds(Percentile(latencies, 99)), Milliseconds(latencies[^1]));
            }
            var errors = _errors.Count == 0 ? "no errors\n" : new Table("ERROR", "TIMES").AddAll(_errors.Select(e => new[] { e.Key, Number(e.Value) })).ToString();
            return table + "\n" + errors;
        }
    }

    /// <summary>The smallest value that so many of a hundred are not above; of sorted values, at least one.</summary>
    public static double Percentile(IReadOnlyList<double> sorted, double percent) => sorted[Math.Max(0, (int)Math.Ceiling(sorted.Count * percent / 100) - 1)];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Milliseconds(double value) => value.ToString(value < 10 ? "0.00" : "0", CultureInfo.InvariantCulture) + " ms";
}
