using System.Diagnostics;
using Controller.Crash.Tests.Harness;
using Xunit.Abstractions;

namespace Controller.Crash.Tests;

/// <summary>A silo is killed before, and after, each durable step of each scenario, and nothing of it is seen afterwards.</summary>
public sealed class EveryStepTests(ITestOutputHelper output)
{
    [Fact]
    public async Task One()
    {
        await using var cloud = await CrashCloud.Start(hosts: 2);
        foreach (var (name, scenario) in Scenarios.All)
        {
            var run = new Run(cloud, null);
            var clock = Stopwatch.StartNew();
            await scenario(run);
            await run.Clean();
            output.WriteLine($"{name}: {clock.Elapsed.TotalSeconds:0.0} s\n  {string.Join("\n  ", run.Steps)}");
            foreach (var step in run.Steps.Distinct())
            {
                foreach (var moment in (string[])["Before", "After"])
                {
                    clock.Restart();
                    var kill = new Kill(moment, step);
                    var killed = new Run(cloud, kill);
                    await scenario(killed);
                    await killed.Clean();
                    output.WriteLine($"{kill}: {killed.Deaths} deaths, convergence {killed.Convergence.TotalSeconds:0.0}, {clock.Elapsed.TotalSeconds:0.0} s");
                }
            }
        }
    }
}
