using System.Text.Json.Nodes;
using Controller.Cli.Entities;

namespace Controller.Cli.Tests;

/// <summary>Measures as a table of rates.</summary>
public sealed class MetricsTests
{
    [Fact]
    public void Rates_are_between_measures_and_none_where_counters_began_anew()
    {
        JsonNode[] samples =
        [
            Sample("12:00:00", cpu: 10, read: 0, sent: 1000), Sample("12:00:15", cpu: 13, read: 15 * 2048, sent: 16_000), Sample("12:00:30", cpu: 0.5, read: 100, sent: 0),
        ];
        var lines = MetricsCommand.Table(samples).ToString().TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Equal(["12:00:15Z", "20.0%", "1", "GiB", "2", "KiB", "0", "B", "0", "B", "1000", "B"], lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("12:00:30Z", lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("-", lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("%", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void One_measure_has_no_rate() => Assert.DoesNotContain("12:00", MetricsCommand.Table([Sample("12:00:00", 1, 1, 1)]).ToString(), StringComparison.Ordinal);

    private static JsonObject Sample(string time, double cpu, long read, long sent) => new JsonObject
    {
        ["taken"] = $"2026-01-31T{time}+00:00",
        ["cpuSeconds"] = cpu,
        ["memoryBytes"] = 1L << 30,
        ["disks"] = new JsonArray(new JsonObject { ["device"] = "vda", ["readBytes"] = read, ["writtenBytes"] = 0 }),
        ["interfaces"] = new JsonArray(new JsonObject { ["device"] = "eth0", ["receivedBytes"] = 0, ["sentBytes"] = sent }),
    };
}
