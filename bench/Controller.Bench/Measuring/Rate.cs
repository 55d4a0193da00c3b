namespace Controller.Bench.Measuring;

/// <summary>What came out of one measurement: how much was done, how much of that otherwise than expected, in what time, and with how much CPU of the processes watched.</summary>
internal sealed record Rate(long Done, long Failed, TimeSpan Elapsed, TimeSpan Cpu)
{
    public double PerSecond => Elapsed == TimeSpan.Zero ? 0 : Done / Elapsed.TotalSeconds;

    /// <summary>Microseconds of CPU for each.</summary>
    public double CpuEach => Done == 0 ? 0 : Cpu.TotalMicroseconds / Done;
}

/// <summary>Two sides that were measured in turns, so that a busy moment of the machine meets both.</summary>
internal sealed record Compared(IReadOnlyList<Rate> Baseline, IReadOnlyList<Rate> Ours)
{
    /// <summary>Measures A B A B …</summary>
    public static async Task<Compared> InTurns(int rounds, Func<Task<Rate>> baseline, Func<Task<Rate>> ours)
    {
        var (a, b) = (new List<Rate>(), new List<Rate>());
        for (var round = 0; round < rounds; round++)
        {
            a.Add(await baseline());
            b.Add(await ours());
        }
        return new(a, b);
    }

    /// <summary>
    /// Runs something until it costs no less any more: .NET compiles what is hot again, and again, for half a minute and more, and while it does that is most of what is measured.
    /// </summary>
    public static Task Warm(Func<TimeSpan, Task<Rate>> run) => Settled(async () => (await run(WarmUpStep)).CpuEach, LongestWarmUp);

    /// <summary>Waits until something costs no less any more, three times in a row: .NET compiles anew what it has found to be called often.</summary>
    /// <param name="cost">Takes a while, and says what it cost.</param>
    /// <param name="longest">It is waited for.</param>
    public static async Task Settled(Func<Task<double>> cost, TimeSpan longest)
    {
        var (best, unchanged) = (double.MaxValue, 0);
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); unchanged < 3 && clock.Elapsed < longest;)
        {
            var spent = await cost();
            unchanged = spent < best * 0.95 ? 0 : unchanged + 1;
            best = Math.Min(best, spent);
        }
    }

    private static readonly TimeSpan WarmUpStep = TimeSpan.FromSeconds(4), LongestWarmUp = TimeSpan.FromSeconds(60);

    public double PerSecond => Median(Ours.Select(r => r.PerSecond));

    public double CpuEach => Median(Ours.Select(r => r.CpuEach));

    public double BaselineCpuEach => Median(Baseline.Select(r => r.CpuEach));

    public long Failed => Ours.Sum(r => r.Failed);

    /// <summary>Ours against the baseline, per second: the median of the rounds' ratios.</summary>
    public Figure Rates(string name, string unit, Goal? goal) => new(name, PerSecond, unit)
    {
        Baseline = Median(Baseline.Select(r => r.PerSecond)),
        Ratio = Median(Baseline.Zip(Ours, (a, b) => a.PerSecond == 0 ? 0 : b.PerSecond / a.PerSecond)),
        Goal = goal,
    };

    /// <summary>The same for CPU: less is better.</summary>
    public Figure Cpu(string name, Goal? goal = null) => new(name, CpuEach, "µs")
    {
        Baseline = BaselineCpuEach,
        Ratio = Median(Baseline.Zip(Ours, (a, b) => a.CpuEach == 0 ? 0 : b.CpuEach / a.CpuEach)),
        Goal = goal,
    };

    /// <summary>The middle one; of an even number the mean of the two in the middle; of none 0.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? 0 : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
