using System.Text.Json;
using System.Text.RegularExpressions;
using Controller.Testing;

namespace Controller.Api.Tests;

/// <summary>What machines use, from the agent's measure to the reader.</summary>
[Collection("cloud")]
public sealed partial class MetricsTests(ApiFixture api)
{
    private const string ComputeCategory = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";

    [Fact]
    public async Task The_last_hour_of_a_machine_is_its_projects()
    {
        var path = (await api.Send("POST", "/compute/", $"{ComputeCategory}\nX-OCCI-Attribute: occi.core.title=\"a \\\"b\\\" c\"")).Path;
        var metrics = "/metrics" + path;
        JsonElement sample = default;
        await Eventually.Is("it has been measured twice", async () =>
        {
            var answer = await api.Send("GET", metrics);
            Assert.Equal(200, answer.Status);
            var samples = answer.Json.GetProperty("samples").EnumerateArray().ToArray();
            sample = samples.LastOrDefault();
            return samples.Length > 0 && sample.GetProperty("cpuSeconds").GetDouble() > 0.1;   // a tenth of a core's time
        });
        Assert.True(sample.GetProperty("memoryBytes").GetInt64() > 0);
        Assert.Equal(sample.GetProperty("memoryBytes").GetInt64() / 4, sample.GetProperty("memoryUsedBytes").GetInt64());
        Assert.True(TimeProvider.System.GetUtcNow() - sample.GetProperty("taken").GetDateTimeOffset() < TimeSpan.FromMinutes(1));

        Assert.Equal(200, (await api.Send("GET", metrics, caller: "reader")).Status);
        Assert.Equal(404, (await api.Send("GET", metrics, caller: "stranger")).Status);
        Assert.Equal(404, (await api.Send("GET", $"/metrics/compute/{Guid.NewGuid()}")).Status);
        Assert.Equal(400, (await api.Send("GET", metrics + "?since=yesterday")).Status);
        Assert.Equal(0, (await api.Send("GET", metrics + "?since=2999-01-01T00:00:00Z")).Json.GetProperty("samples").GetArrayLength());

        // A member sees the project's machines, an operator all of them and the hosts.
        var id = path["/compute/".Length..];
        var mine = await api.Send("GET", "/metrics", caller: "reader");
        Assert.Equal((200, "text/plain; version=0.0.4; charset=utf-8"), (mine.Status, mine["Content-Type"]));
        Assert.Contains($"controller_machine_info{{machine=\"{id}\",project=\"00000000-0000-4000-8000-000000000001\",title=\"a \\\"b\\\" c\"}} 1\n", mine.Body, StringComparison.Ordinal);
        Assert.Contains($"controller_machine_cpu_seconds_total{{machine=\"{id}\",", mine.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("host=", mine.Body, StringComparison.Ordinal);
        Assert.Equal("", (await api.Send("GET", "/metrics", caller: "stranger")).Body);
        var all = await api.Send("GET", "/metrics", caller: "admin");
        Assert.Contains("controller_host_up{host=\"", all.Body, StringComparison.Ordinal);
        Assert.Contains(id, all.Body, StringComparison.Ordinal);
        Assert.All(all.Body.TrimEnd('\n').Split('\n'), line => Assert.Matches(Line(), line));
        Assert.Equal(401, (await api.Send("GET", "/metrics", caller: null)).Status);
    }

    [GeneratedRegex("""^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{([a-z]+="([^"\\\n]|\\["\\n])*",?)+\} [0-9.E+-]+)$""")]
    private static partial Regex Line();
}
