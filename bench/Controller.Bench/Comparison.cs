using System.Globalization;
using System.Net.Http.Headers;

namespace Controller.Bench;

/// <summary>The API's requests, each beside a bare Kestrel "hello" right before it: on one machine only ratios can be compared.</summary>
internal static class Comparison
{
    private const string Compute = "Category: compute; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\n"
        + "X-OCCI-Attribute: occi.core.title=\"bench\"\n";

    // Networks without machines: a collection that costs nothing to have.
    private const string Network = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\n"
        + "X-OCCI-Attribute: occi.core.title=\"bench\"\n";

    /// <summary>Runs everything and prints a table; false when a request was answered otherwise than expected.</summary>
    public static async Task<bool> Run(Plan plan, TextWriter output, CancellationToken cancel)
    {
        await using var hello = await BareKestrel.Start(cancel);
        using var client = new HttpClient { BaseAddress = plan.Url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", plan.Token);
        var compute = await Create(client, "/compute/", Compute, cancel);
        var there = await Count(client, "/network/", cancel);
        await output.WriteLineAsync($"filling /network/ up to {plan.Members} (has {there})");
        await Parallel.ForAsync(there, plan.Members, cancel, async (_, c) => await Create(client, "/network/", Network, c));

        (string Name, Func<byte[]> Request, int Expected, long Most)[] requests =
        [
            ("GET /-/", () => Load.Request("GET", plan.Url, "/-/", plan.Token, "text/plain"), 200, long.MaxValue),
            ("GET a compute", () => Load.Request("GET", plan.Url, compute, plan.Token, "text/plain"), 200, long.MaxValue),
            ("POST compute", () => Load.Request("POST", plan.Url, "/compute/", plan.Token, "text/plain", Compute), 201, plan.Posts),
            ($"GET {plan.Members} (text)", () => Load.Request("GET", plan.Url, $"/network/?page=1&number={plan.Members}", plan.Token, "text/plain"), 200, long.MaxValue),
            ($"GET {plan.Members} (JSON)", () => Load.Request("GET", plan.Url, $"/network/?page=1&number={plan.Members}", plan.Token, "application/occi+json"), 200, long.MaxValue),
        ];
        var ok = true;
        await Row(output, "request", "req/s", "CPU µs", "hello/s", "hello µs", "rate", "CPU");
        foreach (var (name, request, expected, most) in requests)
        {
            var bare = await Load.Measure(
                "hello", hello.Url, () => Load.Request("GET", hello.Url, "/", plan.Token, "text/plain"), 200, plan, [hello.Pid], long.MaxValue, cancel);
            var ours = await Load.Measure(name, plan.Url, request, expected, plan, plan.Pids, most, cancel);
            await Row(output, name, Number(ours.PerSecond), Number(ours.CpuMicroseconds), Number(bare.PerSecond), Number(bare.CpuMicroseconds),
                Ratio(ours.PerSecond / bare.PerSecond), Ratio(ours.CpuMicroseconds / bare.CpuMicroseconds));
            if (ours.Failed > 0)
                await output.WriteLineAsync($"  {ours.Failed} of {ours.Requests} were not answered with {expected}");
            ok &= ours.Failed == 0;
        }
        await output.WriteLineAsync(
            $"{plan.Connections} connections, {plan.Duration.TotalSeconds} s each; rate: ours/hello, higher is better; CPU: ours/hello, lower is better");
        return ok;
    }

    private static async Task<string> Create(HttpClient client, string path, string body, CancellationToken cancel)
    {
        using var content = new StringContent(body);
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content, cancel);
        answer.EnsureSuccessStatusCode();
        return answer.Headers.Location!.AbsolutePath;   // 201 has one
    }

    private static async Task<int> Count(HttpClient client, string path, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd("text/uri-list");
        using var answer = await client.SendAsync(request, cancel);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadAsStringAsync(cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
    }

    private static Task Row(TextWriter output, params string[] cells) =>
        output.WriteLineAsync(cells[0].PadRight(20) + string.Concat(cells[1..].Select(c => c.PadLeft(11))));

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
}
