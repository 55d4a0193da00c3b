using System.Globalization;
using Controller.Testing;
using Xunit.Abstractions;

namespace Controller.Api.Tests.Hostile;

/// <summary>
/// A storm of hostile requests, and what is left after it. It is the same every time: CONTROLLER_FUZZ_SEED and CONTROLLER_FUZZ_COUNT (exchanges, of two
/// requests on average and one that is well) make another or a longer one, CONTROLLER_FUZZ_ONLY sends one exchange of it again. A failure prints them.
/// </summary>
[Collection("hostile")]
public sealed class StormTests(HostileCloud cloud, ITestOutputHelper output)
{
    private const int WarmUp = 500;
    private const int MostGrowth = 512;   // MiB; the heap's own limit is 640

    private static readonly int Seed = Setting("CONTROLLER_FUZZ_SEED", 1);
    private static readonly int Count = Setting("CONTROLLER_FUZZ_COUNT", 10_000);

    [Fact]
    public async Task Whatever_is_sent_is_answered_and_harms_nobody()
    {
        var neighbour = new Neighbour(cloud);
        await neighbour.MoveIn();
        var storm = new Storm(cloud, Seed, neighbour.Marker);
        if (Setting("CONTROLLER_FUZZ_ONLY", 0) is > 0 and var only)
        {
            await storm.Exchange(only);
            Assert.True(storm.Failures.Count == 0, Report(storm));
            return;
        }

        await storm.Send(WarmUp);
        var before = cloud.WorkingSet;
        using var over = new CancellationTokenSource();
        var life = neighbour.Live(over.Token);
        try
        {
            await storm.Send(Count - WarmUp);
        }
        finally
        {
            await over.CancelAsync();
            await life;
        }
        var after = cloud.WorkingSet;
        output.WriteLine($"seed {Seed}, {Count} exchanges: {storm.Tally}; {before} MiB before, {after} MiB after");

        Assert.True(storm.Failures.Count == 0, Report(storm));
        Assert.True(after - before < MostGrowth, $"seed {Seed}: from {before} MiB to {after} MiB");
        Assert.Empty(cloud.Errors);
        await neighbour.Check();
        await TheRowsAreWhatIsListed();
    }

    // No half-made entity: what has a row is listed, readable and has both ends, or it is on its way out and soon gone; and nothing is claimed by what is gone.
    private async Task TheRowsAreWhatIsListed()
    {
        const string Kinds = "state_name in ('compute', 'network', 'storage', 'networkinterface', 'storagelink')";
        List<string> hidden = [];
        await Eventually.Is(
            "what was deleted is gone",
            async () => (hidden = await Rows($"select id || ' ' || left(convert_from(payload, 'UTF8'), 3000) from entity where {Kinds} and not listed")).Count == 0,
            TimeSpan.FromSeconds(90), () => $"Of seed {Seed}, {Count} exchanges, there are {string.Join('\n', hidden)}");
        Assert.Empty(await Rows($"select l.id from entity l left join entity s on s.entity_id = l.source where l.{Kinds} and l.source is not null and s.id is null"));
        Assert.Empty(await Rows($"select c.consumer::text from host_claim c left join entity e on e.entity_id = c.consumer where e.id is null"));
        var rows = await Rows($"select '/' || state_name || '/' || entity_id from entity where {Kinds} or state_name = 'host' order by 1");
        var listed = (await cloud.Ask("GET", "/", accept: "text/uri-list")).Lines.Select(l => new Uri(l).AbsolutePath);
        Assert.Equal(rows, listed.Order(StringComparer.Ordinal));
        foreach (var path in rows)
            Assert.Equal(200, (await cloud.Ask("GET", path)).Status);
    }

    private async Task<List<string>> Rows(string sql)
    {
        await using var command = cloud.Database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await reader.ReadAsync())
            found.Add(reader.GetString(0));
        return found;
    }

    private string Report(Storm storm) => $"{string.Join("\n\n", storm.Failures)}\n\n{string.Join('\n', cloud.Errors)}\n{cloud.Story}";

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
