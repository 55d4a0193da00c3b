using Controller.Bench.Benchmarks;

namespace Controller.Bench;

/// <summary>Something that can be measured.</summary>
/// <param name="Name">As it is asked for.</param>
/// <param name="What">A line for people.</param>
/// <param name="Run">Measures it.</param>
internal sealed record Benchmark(string Name, string What, Func<Bench, Task> Run)
{
    /// <summary>All there are, in the order in which they are run.</summary>
    public static readonly IReadOnlyList<Benchmark> All =
    [
        new("model", "GET /-/ as text and JSON, beside a bare Kestrel with the same bytes", Requests.Model),
        new("get", "GET one compute as text and JSON, beside a bare Kestrel with the same bytes", Requests.Get),
        new("together", "the same with silo and API in one process", Requests.Together),
        new("create", "POST compute, placed and durable, 32 in flight, beside pgbench's upserts of rows of that size", Writes.Create),
        new("change", "an attribute of a compute changed durably, 32 and 128 in flight, beside the same pgbench", Writes.Change),
        new("write", "a grain's record written, 32 and 128 in flight, beside the same pgbench", Writes.Records),
        new("page", "a page of 100 as JSON beside the same SQL through bare Npgsql; at 1,000 and 100,000 entities, first and last, filtered", Lists.Page),
        new("list", "20,000 computes in one answer: CPU an entity, and the API's memory meanwhile", Lists.Whole),
        new("placement", "a placement among 5,000 hosts beside one among 50", Placements.Run),
        new("silos", "the same load on one, two and three silos", Fleets.Silos),
        new("agents", "heartbeats and leases of many hosts on three silos", Fleets.Agents),
        new("reconnect", "the same hosts after all silos were restarted", Fleets.Reconnect),
        new("storm", "2,000 computes over 200 hosts, as fast as they are taken", Fleets.Storm),
        new("idle", "100,000 entities that nobody asks for; what an active grain takes", Idle.Run),
        new("start", "from the start of the processes to the first answer, on an empty and on a filled database", Idle.Start),
        new("overload", "what is done under more load than can be done", Overload.Run),
    ];

    /// <summary>The benchmarks of these names, or all where there are none.</summary>
    /// <exception cref="ArgumentException">There is none of that name: says which there are.</exception>
    public static IReadOnlyList<Benchmark> Named(IReadOnlyCollection<string> names) => names.FirstOrDefault(n => All.All(b => b.Name != n)) is { } unknown
        ? throw new ArgumentException($"There is no benchmark \"{unknown}\"; there are {string.Join(", ", All.Select(b => b.Name))}.")
        : [.. All.Where(b => names.Count == 0 || names.Contains(b.Name))];
}
