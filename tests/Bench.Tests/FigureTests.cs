using System.Xml.Linq;
using Controller.Bench.Measuring;

namespace Controller.Bench.Tests;

public sealed class FigureTests
{
    [Theory]
    [InlineData(new double[0], 0)]
    [InlineData(new double[] { 3 }, 3)]
    [InlineData(new double[] { 9, 1, 5 }, 5)]
    [InlineData(new double[] { 4, 1, 2, 100 }, 3)]
    public void The_median_is_the_one_in_the_middle(double[] values, double median) => Assert.Equal(median, Compared.Median(values));

    [Fact]
    public void A_ratio_is_of_rounds_that_were_measured_beside_each_other()
    {
        // The machine was ten times as slow in the second round, for both.
        var compared = new Compared([Rate(100, 10), Rate(10, 100), Rate(100, 10)], [Rate(50, 20), Rate(5, 200), Rate(50, 20)]);
        Assert.Equal((50, 100, 0.5), (compared.Rates("x", "/s", null).Measured, compared.Rates("x", "/s", null).Baseline, compared.Rates("x", "/s", null).Ratio));
        Assert.Equal(2, compared.Cpu("x").Ratio!.Value, 6);
    }

    [Fact]
    public void Rates_are_by_time_and_cpu_by_what_was_done()
    {
        var rate = new Rate(200, 3, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1));
        Assert.Equal((50, 5000), (rate.PerSecond, rate.CpuEach));
        Assert.Equal((0, 0), (new Rate(0, 0, TimeSpan.Zero, TimeSpan.Zero).PerSecond, new Rate(0, 0, TimeSpan.Zero, TimeSpan.FromSeconds(1)).CpuEach));
    }

    [Theory]
    [InlineData(0.9, true)]
    [InlineData(0.89, false)]
    public void A_goal_of_a_ratio_is_about_the_ratio(double ratio, bool met) => Assert.Equal(met, new Figure("x", 1000, "/s") { Baseline = 1, Ratio = ratio, Goal = Goal.RatioAtLeast(0.9) }.Met);

    [Theory]
    [InlineData(35, true)]
    [InlineData(35.1, false)]
    public void A_goal_of_a_figure_is_about_the_figure(double measured, bool met) => Assert.Equal(met, new Figure("x", measured, "µs") { Ratio = 9, Goal = Goal.AtMost(35) }.Met);

    [Fact]
    public void Without_a_goal_nothing_is_met_and_without_a_ratio_its_goal_is_missed()
    {
        Assert.Null(new Figure("x", 1, "").Met);
        Assert.False(new Figure("x", 1, "") { Goal = Goal.RatioAtLeast(0.5) }.Met);
        Assert.Null(Figure.Against("x", 1, 0, "").Ratio);
    }

    [Fact]
    public void A_table_names_measured_baseline_ratio_goal_and_whether_it_is_met()
    {
        var lines = Table.Lines([new Figure("GET", 12345, "/s") { Baseline = 20000, Ratio = 0.61725, Goal = Goal.RatioAtLeast(0.9) }, new Figure("time", 1.5, "s")]).ToArray();
        Assert.Equal(["figure", "measured", "baseline", "ratio", "goal", "met?"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("GET     12,345 /s  20,000 /s   0.62  ≥ 0.90    NO", lines[1]);
        Assert.Equal(["time", "1.5", "s", "–", "–", "shown", "–"], lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("number of transactions\ntps = 5133.952 (without initial connection time)\n", 5133.952)]
    [InlineData("pgbench: error: no\n", null)]
    public void The_rate_of_pgbench_is_read(string said, double? rate) => Assert.Equal(rate, PgBench.PerSecond(said));

    [Fact]
    public void Cpu_is_read_past_any_name_of_a_command() =>
        Assert.Equal((42, 7, 10.0), CpuTime.Parse("42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 1 2 3 4 20 0 1 0 100"));

    [Fact]
    public void What_is_no_line_of_stat_is_none() => Assert.Null(CpuTime.Parse("nothing"));

    [Fact]
    public void An_unknown_benchmark_is_refused_with_those_there_are()
    {
        Assert.Contains("model, get, together, create", Assert.Throws<ArgumentException>(() => Benchmark.Named(["speed"])).Message, StringComparison.Ordinal);
        Assert.Equal(["model", "storm"], Benchmark.Named(["storm", "model"]).Select(b => b.Name));
        Assert.Equal(Benchmark.All.Count, Benchmark.Named([]).Count);
    }

    [Fact]
    public void Results_are_the_same_when_they_are_read_again()
    {
        var directory = Directory.CreateTempSubdirectory("controller-test-").FullName;
        try
        {
            var figure = Figure.Against("a ≥ b", 2, 4, "/s", Goal.RatioAtLeast(0.4));
            new Results("model", DateTimeOffset.UnixEpoch, "abc", new(2, "cpu", "linux", "pg", "net", 1), [figure], [new("s", "x", "y", [[1, 2], [3, 4]])], ["note"]).Save(directory);
            var read = Results.Load(Path.Combine(directory, "model.json"));
            Assert.Equal(figure, Assert.Single(read.Figures));
            Assert.Equal([3, 4], read.Series[0].Points[1]);
            File.WriteAllText(Path.Combine(directory, "bad.json"), "{");
            Assert.Throws<InvalidDataException>(() => Results.Load(Path.Combine(directory, "bad.json")));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void A_plot_is_well_formed_whatever_things_are_called()
    {
        XDocument.Parse(Plot.Lines("a < b & c", [new("<s>", "x & y", "y", [[1000, 1], [100_000, 2]]), new("t", "x", "y", [[1000, 0], [100_000, 0]])]));
        XDocument.Parse(Plot.Goals([new Figure("a < b", 1, "") { Goal = Goal.AtMost(0) }]));
    }

    [Theory]
    [InlineData(0.45, 0.9, true, 0.5)]
    [InlineData(1.3, 1.3, false, 1)]
    [InlineData(2.6, 1.3, false, 0.5)]
    public void How_far_a_goal_is_reached_is_one_where_it_is_met_exactly(double ratio, double goal, bool atLeast, double reached) =>
        Assert.Equal(reached, Plot.Reached(new Figure("x", 1, "") { Ratio = ratio, Goal = new(goal, atLeast, true) }), 6);

    private static Rate Rate(long perSecond, double cpuMicroseconds) => new(perSecond, 0, TimeSpan.FromSeconds(1), TimeSpan.FromMicroseconds(perSecond * cpuMicroseconds));
}
