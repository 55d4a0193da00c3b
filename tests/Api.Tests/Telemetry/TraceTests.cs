using System.Diagnostics;
using Controller.Api.Tests.Cloud;
using Controller.Testing;

namespace Controller.Api.Tests.Telemetry;

/// <summary>What operators see of a request. The programs run as processes, since a process has one telemetry: in one, each would export the others' spans.</summary>
public sealed class TraceTests
{
    private const string Compute = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"";

    [Fact]
    public async Task A_create_is_one_trace_from_http_to_the_hypervisor_and_back()
    {
        await using var place = await Place.Make();
        await using var collector = await Collector.Start();
        var environment = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
        };
        var url = new Uri($"http://127.0.0.1:{Free.Ports(1)[0]}");
        await using var silo = ChildProcess.Start("controller-silo.dll", place.SiloSettings(), environment);
        await using var api = ChildProcess.Start("controller-api.dll", place.ApiSettings(url.ToString().TrimEnd('/')), environment);
        ChildProcess[] processes = [silo, api];
        Task<Answer> Ask(string method, string path, string? body = null, params (string, string)[] headers) =>
            RunningApi.Send(url, method, path, body, place.AdminSecret, headers: headers);
        try
        {
            Answer token = null!;
            await Eventually.Is("there is a join token", async () => await Answers(url) && (token = await RunningApi.Send(
                url, "POST", "/admin/hosts/join-tokens", "{}", place.AdminSecret, contentType: "application/json")).Status == 201, Patience);
            await using var agent = ChildProcess.Start(
                "controller-agent.dll", place.AgentSettings("host-1", token.Json.GetProperty("token").GetString()!), environment);
            processes = [.. processes, agent];
            await Eventually.Is("the host is up", async () => (await Ask("GET", "/admin/hosts")).Body.Contains("\"up\"", StringComparison.Ordinal), Patience);

            var trace = ActivityTraceId.CreateRandom().ToHexString();
            var made = await Ask("POST", "/compute/", Compute, ("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom().ToHexString()}-01"));
            Assert.Equal(201, made.Status);
            IReadOnlyList<ExportedSpan> Spans() => [.. collector.Spans.Where(s => s.Trace == trace)];
            await Eventually.Is(
                "the trace has spans of all three, and the host's report is one of them",
                () => Task.FromResult(
                    Spans().Select(s => s.Service).ToHashSet().SetEquals(["controller-api", "controller-silo", "controller-agent"])
                    && Spans().Any(s => s is { Service: "controller-silo", Name: "agent Observed" })),
                Patience);
            // Nothing hangs loose: whoever is named as a parent is in the trace too, but for the client's own span.
            await Eventually.Is("all parents arrived", () => Task.FromResult(
                Spans().Select(s => s.Parent).Except(Spans().Select(s => s.Id)).Count() == 1), Patience);
            await Eventually.Is("metrics and logs arrive too", () => Task.FromResult(collector.Signals.ContainsKey("metrics") && collector.Signals.ContainsKey("logs")));
        }
        catch (Exception failed)
        {
            var spans = string.Join('\n', collector.Spans.GroupBy(s => s.Trace).Select(t => $"{t.Key}: {string.Join(", ", t.Select(s => $"{s.Service} {s.Name}"))}"));
            throw new InvalidOperationException($"{failed.Message}\n{string.Join("\n\n", processes.Select(p => p.Story))}\n\n{spans}", failed);
        }
    }

    /// <summary>Three processes start, beside whatever else the machine does.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private static async Task<bool> Answers(Uri url)
    {
        try
        {
            return await RunningApi.IsReady(url);
        }
        catch (HttpRequestException)
        {
            return false;   // it does not listen yet
        }
    }
}
