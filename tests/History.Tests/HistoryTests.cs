using System.Diagnostics;
using System.Globalization;
using Controller.History.Tests.Clients;
using Controller.History.Tests.Cluster;
using Controller.History.Tests.Faults;
using Controller.Testing;
using Xunit.Abstractions;

namespace Controller.History.Tests;

/// <summary>
/// Random histories. CONTROLLER_HISTORY_SEED: the first seed (default 1). CONTROLLER_HISTORY_COUNT: how many histories, each with the next seed (default 1).
/// CONTROLLER_HISTORY_OPERATIONS: operations of each (default 10,000). CONTROLLER_HISTORY_SECONDS: how long clients go on at most (default: for ever). CONTROLLER_HISTORY_FAULTS: a pattern of the names of faults that there are (default: all). See docs/reliability.md.
/// </summary>
public sealed class HistoryTests(ITestOutputHelper output)
{
    private const int Tenants = 3;
    private const int ClientsPerTenant = 6;
    private const int Checks = 4;
    private static readonly TimeSpan Converges = TimeSpan.FromMinutes(2);

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable("CONTROLLER_HISTORY_" + name) is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    [Fact]
    public async Task Whatever_happens_what_was_acknowledged_is_so_and_nothing_else()
    {
        var (first, count, operations) = (Setting("SEED", 1), Setting("COUNT", 1), Setting("OPERATIONS", 10_000));
        for (var seed = first; seed < first + count; seed++)
            await History(seed, operations);
    }

    private async Task History(int seed, int operations)
    {
        var logs = Directory.CreateDirectory(Path.Combine(Repository.Root, "TestResults", "history", seed.ToString(CultureInfo.InvariantCulture))).FullName;
        await using var account = new Account(Path.Combine(logs, "history.log"));
        await using var world = await World.Make(seed);
        try
        {
            await Live(world, account, seed, operations);
        }
        finally
        {
            account.Flush();
            foreach (var log in Directory.EnumerateFiles(world.Directory, "*.log"))
                File.Copy(log, Path.Combine(logs, Path.GetFileName(log)), overwrite: true);
        }
    }

    private async Task Live(World world, Account account, int seed, int operations)
    {
        var (clock, longest) = (Stopwatch.StartNew(), TimeSpan.FromSeconds(Setting("SECONDS", int.MaxValue)));
        var clients = new List<Client>();
        for (var tenant = 1; tenant <= Tenants; tenant++)
        {
            var name = $"tenant-{tenant}";
            var (session, shared) = (await world.AddTenant(name), new Shared());
            for (var i = 1; i <= ClientsPerTenant; i++)
            {
                clients.Add(new(i, name, session, shared, account, (seed * 1000) + (tenant * 100) + i));
                shared.Add(clients[^1]);
            }
        }
        var invariants = new Invariants(world, clients);
        await using (var truth = new Truth(world, account.Violation))
        {
            for (var part = 1; part <= Checks && account.Violations.Count == 0; part++)
            {
                var until = operations * part / Checks;
                using var stop = new CancellationTokenSource();
                var nemesis = new Nemesis(world, account, clients, (seed * 10) + part).Run(Environment.GetEnvironmentVariable("CONTROLLER_HISTORY_FAULTS") ?? "", stop.Token);
                var operating = new Operator(world, account, clients, (seed * 10) + part).Run(stop.Token);
                var since = Stopwatch.StartNew();
                await Task.WhenAll(clients.Select(c => c.Run(() => account.Operations < until && since.Elapsed < longest / Checks)));
                await stop.CancelAsync();
                await Task.WhenAll(nemesis, operating);
                await Converge(world, account, invariants);
            }
            account.Log($"{truth.Looks} looks at hosts");
        }
        var summary = account.Summary(seed, clock.Elapsed);
        account.Log(summary);
        output.WriteLine(summary);
        Console.WriteLine(summary);
        Assert.True(account.Violations.Count == 0, string.Join('\n',
            (string[])[
                summary, .. account.Violations.Take(10),
                $"again: CONTROLLER_HISTORY_SEED={seed} CONTROLLER_HISTORY_OPERATIONS={operations} dotnet test tests/History.Tests",
            ]));
    }

    private static async Task Converge(World world, Account account, Invariants invariants)
    {
        account.Log("FAULTS are over");
        await world.Heal();
        var clock = Stopwatch.StartNew();
        List<string> broken;
        while ((broken = await invariants.Broken()).Count > 0 && clock.Elapsed < Converges)
            await Task.Delay(TimeSpan.FromSeconds(0.5));
        account.Log($"CONVERGED after {clock.Elapsed.TotalSeconds:0.0} s");
        if (clock.Elapsed > account.LongestConvergence)
            account.LongestConvergence = clock.Elapsed;
        foreach (var wrong in broken)
            account.Violation(wrong);
    }
}
