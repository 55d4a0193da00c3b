using Controller.Cli.Load;
using Controller.Cli.Testing;

namespace Controller.Cli.Tests;

/// <summary>The load's options and results, and the arguments of benchmarks.</summary>
public sealed class LoadTests
{
    private static readonly LoadPlan Plan = new("network", 0, 8, TimeSpan.FromSeconds(30), new(1, 1, 1), 100, 10);

    [Theory]
    [InlineData("read=80,create=10,list=10", 80, 10, 10)]
    [InlineData(" list=1 ", 0, 0, 1)]
    [InlineData("create=3,read=2", 2, 3, 0)]
    public void A_mix_names_weights(string text, int read, int create, int list) => Assert.Equal(new LoadMix(read, create, list), LoadMix.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("read=0")]
    [InlineData("read")]
    [InlineData("read=-1")]
    [InlineData("write=1")]
    [InlineData("read=1=2")]
    public void What_is_no_mix_is_refused_with_what_was_wanted(string text)
    {
        var refused = Assert.Throws<CliException>(() => LoadMix.Parse(text));
        Assert.Contains("read=80,create=10,list=10", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
    }

    [Fact]
    public void Work_falls_by_weight()
    {
        var mix = new LoadMix(8, 1, 1);
        var fallen = Enumerable.Range(0, 100).Select(n => mix.At(n / 100.0)).CountBy(w => w).ToDictionary();
        Assert.Equal((80, 10, 10), (fallen[LoadWork.Read], fallen[LoadWork.Create], fallen[LoadWork.List]));
        Assert.Equal(LoadWork.Create, new LoadMix(0, 1, 0).At(0));
        Assert.Equal(LoadWork.Create, new LoadMix(0, 1, 0).At(0.999999));
    }

    public static TheoryData<string> Wrong => ["--rate", "--concurrency", "--duration", "--page", "--entities"];

    [Theory, MemberData(nameof(Wrong))]
    public void What_is_out_of_range_is_named(string option)
    {
        var plan = option switch
        {
            "--rate" => Plan with { Rate = -1 },
            "--concurrency" => Plan with { Concurrency = 0 },
            "--duration" => Plan with { Duration = TimeSpan.Zero },
            "--page" => Plan with { PageSize = 0 },
            _ => Plan with { Entities = 0 },
        };
        Assert.StartsWith(option, Assert.Throws<CliException>(plan.Check).Message, StringComparison.Ordinal);
        Assert.Same(Plan, Plan.Check());
    }

    [Fact]
    public void Percentiles_are_values_that_were_measured()
    {
        double[] sorted = [.. Enumerable.Range(1, 100).Select(n => (double)n)];
        Assert.Equal((50, 95, 99), (LoadReport.Percentile(sorted, 50), LoadReport.Percentile(sorted, 95), LoadReport.Percentile(sorted, 99)));
        Assert.Equal((7, 7), (LoadReport.Percentile([7], 50), LoadReport.Percentile([7], 99)));
        Assert.Equal(2, LoadReport.Percentile([1, 2], 99));
    }

    [Fact]
    public void A_report_tells_latencies_by_work_and_errors_by_status()
    {
        var report = new LoadReport();
        foreach (var milliseconds in (int[])[30, 10, 20])
            report.Done(LoadWork.Read, TimeSpan.FromMilliseconds(milliseconds));
        report.Failed(LoadWork.Create, 503);
        report.Failed(LoadWork.Create, 503);
        report.Failed(LoadWork.List, null);
        var lines = report.Text(TimeSpan.FromSeconds(2)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("read 3 1.5 20 ms 30 ms 30 ms 30 ms", string.Join(' ', lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(["create 503  2", "list unreachable  1"], lines[3..].Select(l => string.Join("  ", l.Split("  ", StringSplitOptions.RemoveEmptyEntries).Select(c => c.Trim()))));
        Assert.Equal(3, report.Errors);
        Assert.EndsWith("no errors\n", new LoadReport().Text(TimeSpan.FromSeconds(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void Benchmarks_get_what_was_given_and_nothing_else()
    {
        Assert.Empty(BenchCommand.Arguments([], false, false, null, null, null, false, false));
        Assert.Equal(["get", "--list", "--keep", "--statements", "--seconds", "1.5", "--rounds", "5"], BenchCommand.Arguments(["get"], true, false, 1.5, 5, null, true, true));
    }
}
