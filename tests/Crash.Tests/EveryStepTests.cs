using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Controller.Crash.Tests.Harness;
using Xunit.Abstractions;

namespace Controller.Crash.Tests;

/// <summary>
/// A silo is killed at each durable step of each scenario, and of that nothing is seen afterwards. Which steps there are is found out by running the scenarios once: of them, two dozen, spread
/// over all scenarios, are killed at, before or after; with CONTROLLER_CRASH=each all of them once; with CONTROLLER_CRASH=all before and after, in each scenario in which they occur, once and
/// twice. CONTROLLER_CRASH_SEED chooses; CONTROLLER_CRASH_ONLY names scenarios.
/// </summary>
public sealed class EveryStepTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int MostFailures = 8;

    /// <summary>So many at most take three minutes of two processors.</summary>
    private const int Sample = 24;

    private static readonly bool All = Environment.GetEnvironmentVariable("CONTROLLER_CRASH") == "all";
    private static readonly bool Each = Environment.GetEnvironmentVariable("CONTROLLER_CRASH") == "each";
    private static readonly string[] Only = Environment.GetEnvironmentVariable("CONTROLLER_CRASH_ONLY") is { Length: > 0 } only ? only.Split(',') : [];
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("CONTROLLER_CRASH_SEED") ?? "1", CultureInfo.InvariantCulture);
    private static readonly int Lanes = int.Parse(Environment.GetEnvironmentVariable("CONTROLLER_CRASH_LANES") ?? "4", CultureInfo.InvariantCulture);

    private readonly ConcurrentBag<CrashCloud> _idle = [];
    private readonly List<string> _failures = [];
    private int _kills;
    private int _deaths;
    private TimeSpan _longest;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var cloud in _idle)
            await cloud.DisposeAsync();
    }

    [Fact]
    public async Task A_silo_is_killed_at_any_step_and_everything_converges()
    {
        var clock = Stopwatch.StartNew();
        var scenarios = Scenarios.All.Keys.Where(s => Only.Length == 0 || Only.Contains(s)).ToArray();
        var recorded = new Dictionary<string, string[]>();
        await Work(scenarios.Select(s => (s, (Kill?)null)), (scenario, _, run) =>
        {
            lock (recorded)
                recorded[scenario] = run.Steps;
        });
        var found = clock.Elapsed;
        if (Only.Length == 0)
            _failures.AddRange(StepList.Compare(recorded));
        var steps = scenarios.Where(recorded.ContainsKey).SelectMany(s => recorded[s].Distinct().Select(step => (Scenario: s, Step: step))).ToArray();
        await Work(Kills(steps), (scenario, kill, run) =>
        {
            lock (_failures)
            {
                (_kills, _deaths) = (_kills + 1, _deaths + run.Deaths);
                _longest = run.Convergence > _longest ? run.Convergence : _longest;
                Say($"{scenario}: {kill}: {run.Deaths} death(s), in order after {run.Convergence.TotalSeconds:0.0} s");
                if (run.Deaths == 0 && StepList.IsSteady(scenario, kill!.Step))
                    _failures.Add($"{scenario}: {kill} was not met.");
            }
        });
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{scenarios.Length} scenarios, {steps.Select(s => s.Step).Distinct().Count()} steps ({steps.Length} with their scenarios), {_kills} runs with {_deaths} kills, seed {Seed}; longest convergence {_longest.TotalSeconds:0.0} s; "
            + $"{found.TotalSeconds:0} s to find the steps, {clock.Elapsed.TotalSeconds:0} s in all."));
        Assert.True(_failures.Count == 0, $"Seed {Seed}: {string.Join("\n\n", _failures)}");
    }

    private static IEnumerable<(string Scenario, Kill? Kill)> Kills((string Scenario, string Step)[] steps)
    {
        var number = Seed;
        if (All)
        {
            foreach (var (scenario, step) in steps)
            {
                foreach (var (moment, twice) in new[] { ("Before", false), ("After", false), ("Before", true), ("After", true) })
                    yield return (scenario, new Kill(moment, step) { Twice = twice });
            }
            yield break;
        }
        // Each step in one of the scenarios in which it occurs.
        var every = Each || Only.Length > 0 ? 1 : Math.Max(1, (int)Math.Ceiling(steps.Select(s => s.Step).Distinct().Count() / (double)Sample));
        foreach (var occurrences in steps.GroupBy(s => s.Step))
        {
            number++;
            if (number % every != 0)
                continue;
            var (scenario, step) = occurrences.ElementAt(number % occurrences.Count());
            yield return (scenario, new Kill(number / every % 2 == 0 ? "Before" : "After", step) { Twice = number / every % 5 == 0 });
        }
    }

    /// <summary>Several clouds take runs from one queue, and each that has seen a failure is replaced.</summary>
    private async Task Work(IEnumerable<(string Scenario, Kill? Kill)> runs, Action<string, Kill?, Run> done)
    {
        var queue = new Queue<(string Scenario, Kill? Kill)>(runs);
        await Task.WhenAll(Enumerable.Range(0, Math.Min(Lanes, queue.Count)).Select(_ => Task.Run(async () =>
        {
            _idle.TryTake(out var cloud);
            while (Next() is var (scenario, kill))
            {
                try
                {
                    cloud ??= await CrashCloud.Start(hosts: 2);
                    done(scenario, kill, await Go(cloud, scenario, kill));
                }
                catch (Exception e)
                {
                    lock (_failures)
                        _failures.Add($"{scenario}: {kill}: {e}\n{cloud?.Story}");
                    Say($"{scenario}: {kill}: FAILED {e.Message}");
                    await (cloud?.DisposeAsync() ?? ValueTask.CompletedTask);
                    cloud = null;
                }
            }
            if (cloud is not null)
                _idle.Add(cloud);
        })));

        (string Scenario, Kill? Kill)? Next()
        {
            lock (_failures)
                return _failures.Count < MostFailures && queue.TryDequeue(out var next) ? next : null;
        }
    }

    /// <summary>A step that comes by its time need not come by in each run.</summary>
    private static async Task<Run> Go(CrashCloud cloud, string scenario, Kill? kill)
    {
        for (var tries = 1; ; tries++)
        {
            var run = new Run(cloud, kill);
            await Scenarios.All[scenario](run);
            await run.Clean();
            if (run.Met || tries == 3)
                return run;
        }
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("CONTROLLER_CRASH_LOG") is { } file)
        {
            lock (_failures)
                File.AppendAllText(file, line + "\n");
        }
    }
}
