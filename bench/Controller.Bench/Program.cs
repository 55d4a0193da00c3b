using System.CommandLine;
using System.Diagnostics;
using Controller.Bench;
using Controller.Bench.Measuring;
using Controller.Bench.Stand;
using Results = Controller.Bench.Results;

switch (args)
{
    case [BareServer.Bytes, var file, var contentType]:
        await BareServer.ServeBytes(file, contentType);
        return 0;
    case [BareServer.Page, var connection, var project, var size]:
        await BareServer.ServePage(connection, project, int.Parse(size, System.Globalization.CultureInfo.InvariantCulture));
        return 0;
}

var home = new Option<string>("--home") { Description = "The repository.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("CONTROLLER_HOME") ?? Directory.GetCurrentDirectory() };
var seconds = new Option<double>("--seconds") { Description = "Seconds a measurement.", DefaultValueFactory = _ => 4 };
var rounds = new Option<int>("--rounds") { Description = "Measurements of each side, in turns; the median counts.", DefaultValueFactory = _ => 3 };
var scale = new Option<double>("--scale") { Description = "Of fleets and of what is seeded; 1 is what the goals say.", DefaultValueFactory = _ => 1 };
var keep = new Option<bool>("--keep") { Description = "Leaves logs and data where they are, and says where." };
var statements = new Option<bool>("--statements") { Description = "Says what PostgreSQL spent its time on, by statement." };
var list = new Option<bool>("--list") { Description = "Says which benchmarks there are." };
var plot = new Option<bool>("--plot") { Description = "Draws docs/performance/*.svg and prints the tables of docs/performance.md from bench/results." };
var names = new Argument<string[]>("NAME") { Description = "Which; all by default.", Arity = ArgumentArity.ZeroOrMore };

var command = new RootCommand("Measures the product beside baselines in the same run.") { names, list, plot, seconds, rounds, scale, keep, statements, home };
command.SetAction(async (parsed, cancel) =>
{
    if (parsed.GetValue(list))
    {
        foreach (var benchmark in Benchmark.All)
            Console.WriteLine($"{benchmark.Name,-10} {benchmark.What}");
        return 0;
    }
    var options = new BenchOptions(parsed.GetValue(seconds), parsed.GetValue(rounds), Path.GetFullPath(parsed.GetValue(home)!), parsed.GetValue(scale), parsed.GetValue(keep), parsed.GetValue(statements));
    var results = Path.Combine(options.Home, "bench", "results");
    if (parsed.GetValue(plot))
    {
        Plot.All(results, Path.Combine(options.Home, "docs", "performance"), Console.Out);
        return 0;
    }
    IReadOnlyList<Benchmark> chosen;
    try
    {
        chosen = Benchmark.Named(parsed.GetValue(names) ?? []);
    }
    catch (ArgumentException unknown)
    {
        await Console.Error.WriteLineAsync(unknown.Message);
        return 2;
    }
    var missed = false;
    foreach (var benchmark in chosen)
        missed |= !await Run(benchmark, options, results, cancel);
    return missed ? 1 : 0;
});
return await command.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });

// False: a goal was missed.
static async Task<bool> Run(Benchmark benchmark, BenchOptions options, string results, CancellationToken cancel)
{
    Console.WriteLine($"{benchmark.Name}: {benchmark.What}");
    var clock = Stopwatch.StartNew();
    var bench = new Bench(options, Console.Out, cancel);
    try
    {
        await benchmark.Run(bench);
    }
    catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException or Npgsql.NpgsqlException or Grpc.Core.RpcException)
    {
        Console.WriteLine($"  it could not be measured: {e.Message}");
        return false;
    }
    foreach (var line in Table.Lines(bench.Figures))
        Console.WriteLine("  " + line);
    Console.WriteLine(Bench.Text($"  {clock.Elapsed.TotalSeconds:0} s"));
    // Only what has the size that the goals are about is worth keeping.
    if (options is { Scale: 1, Rounds: >= 3 })
        new Results(benchmark.Name, TimeProvider.System.GetUtcNow(), await Results.CommitOf(options.Home), Machine.Here(Postgres.About), bench.Figures, bench.Series, bench.Notes).Save(results);
    else
        Console.WriteLine("  not kept: --scale is not 1, or --rounds is below 3");
    return bench.Figures.All(f => f.Met != false);
}
