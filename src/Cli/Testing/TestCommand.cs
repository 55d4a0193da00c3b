using System.Collections.Concurrent;
using System.CommandLine;
using System.Globalization;
using Controller.Cli.Local;
using Controller.Cli.Local.Steps;
using Controller.Cli.Processes;

namespace Controller.Cli.Testing;

/// <summary><c>controller test</c>: installs what is missing, builds, and runs all tests.</summary>
internal static class TestCommand
{
    private static readonly string[] LongestFirst = ["System.Tests", "Agent.Tests", "Api.Tests", "History.Tests", "Crash.Tests", ConsoleTests.Name];

    public static Command Create()
    {
        var filter = new Option<string?>("--filter") { Description = "Only tests that fit, in the words of \"dotnet test --filter\".", HelpName = "EXPRESSION" };
        var command = new Command("test", "Installs what is missing, builds, and runs all tests.") { filter };
        command.SetAction((parse, cancel) => Test(parse.GetValue(filter), cancel));
        return command;
    }

    private static string Home => Programs.Home;

    private static async Task<int> Test(string? filter, CancellationToken cancel)
    {
        var results = Path.Combine(Home, "TestResults");
        if (Directory.Exists(results))
            Directory.Delete(results, recursive: true);
        Directory.CreateDirectory(results);
        var progress = Progress.ToConsole();
        try
        {
            await Install(progress, results, cancel);
            string[] all = [.. Projects("tests")];
            // The others are what tests share.
            string[] tests = [.. all.Where(p => File.ReadAllText(Path.Combine(Home, p)).Contains("Microsoft.NET.Test.Sdk", StringComparison.Ordinal))];
            await progress.Step("build", () => Programs.BuildAll(Projects("src").Concat(all).Concat(Projects("bench")), Path.Combine(results, "build.log"), cancel));
            if (ConsoleTests.Fit(filter))
                await progress.Step("web console", () => WebConsole.Build(Path.Combine(results, "console.log"), cancel));
            return Verdict(await RunAll(tests, filter, results, progress, cancel), progress);
        }
        catch (StepFailedException failure)
        {
            progress.Explain(failure);
            progress.Line($"controller test: {failure.Message}");
            return ExitCode.Failed;
        }
    }

    /// <summary>Prints what failed and the last line of all.</summary>
    private static int Verdict(TestResults sum, Progress progress)
    {
        foreach (var name in sum.FailedNames)
            progress.Line($"failed: {name}");
        foreach (var name in sum.SkippedNames)
            progress.Line($"skipped: {name}");
        // What can't run on a laptop must run where the result counts.
        var missed = Environment.GetEnvironmentVariable("CI") is "true" or "1" && sum.SkippedNames.Any(n => n.Contains("libvirt", StringComparison.OrdinalIgnoreCase));
        if (missed)
            progress.Line("tests with libvirt were skipped, and in CI they must not be");
        if (sum is { Passed: 0, Failed: 0 })
            progress.Line("no test ran");
        progress.Line(sum.ToString());
        return sum.Failed == 0 && sum.Passed > 0 && !missed ? ExitCode.Ok : ExitCode.Failed;
    }

    private static async Task Install(Progress progress, string results, CancellationToken cancel)
    {
        PackageSet[] wanted =
        [
            .. Postgres.Binaries() is null ? (PackageSet[])[new("the database", ["postgresql"])] : [], Libvirt.Packages(), DemoImage.Packages(),
            PackageSet.FromList("the tests' own look at machines", Path.Combine(Home, "tests", "packages")), WebConsole.Packages(), ConsoleTests.Packages(),
        ];
        IReadOnlyList<PackageSet> missing = [];
        await progress.Step("system packages", async () =>
        {
            missing = await SystemPackages.Missing(wanted, cancel);
            return missing.Count == 0 ? "nothing is missing" : $"{missing.Sum(s => s.Packages.Count)} are missing";
        });
        if (missing.Count > 0)
            await new SystemPackages(progress, Path.Combine(results, "packages.log")).Install(missing, cancel);
    }

    /// <summary>
    /// Two projects at a time, since those with machines mostly wait, the longest first. Each has a database, hypervisors and namespaces of its own, so they
    /// do not see each other.
    /// </summary>
    private static async Task<TestResults> RunAll(IReadOnlyList<string> projects, string? filter, string results, Progress progress, CancellationToken cancel)
    {
        var sums = new ConcurrentBag<TestResults>();
        var lanes = new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = cancel };
        IEnumerable<string> all = [.. projects, .. ConsoleTests.Fit(filter) ? (string[])[ConsoleTests.Name] : []];
        await Parallel.ForEachAsync(all.OrderBy(Turn), lanes, async (project, cancel) =>
            sums.Add(project == ConsoleTests.Name ? await ConsoleTests.Run(results, progress, cancel) : await Run(project, filter, results, progress, cancel)));
        return sums.Aggregate(TestResults.None, (all, one) => all + one);

        static int Turn(string project) => Array.IndexOf(LongestFirst, Path.GetFileNameWithoutExtension(project)) is var at and >= 0 ? at : LongestFirst.Length;
    }

    private static async Task<TestResults> Run(string project, string? filter, string results, Progress progress, CancellationToken cancel)
    {
        var name = Path.GetFileNameWithoutExtension(project);
        var (trx, log) = (Path.Combine(results, name + ".trx"), Path.Combine(results, name + ".log"));
        string[] arguments =
        [
            "test", Path.Combine(Home, project), "-c", "Release", "--no-build", "--nologo", "--results-directory", results,
            "--logger", $"trx;LogFileName={name}.trx", .. filter is null ? Array.Empty<string>() : ["--filter", filter],
        ];
        var sum = TestResults.None;
        try
        {
            await progress.Step(name, async () =>
            {
                var code = await Tool.RunLogged(Programs.Dotnet, arguments, log, Home, cancel: cancel);
                // With a filter a project may have no test that fits, and then writes nothing.
                sum = File.Exists(trx) ? TestResults.Read(trx) : TestResults.None;
                if (code != 0 && sum.Failed == 0)
                    sum += new TestResults(0, 1, 0) { FailedNames = [string.Create(CultureInfo.InvariantCulture, $"{name} ended with exit code {code}")] };
                return sum.Failed == 0 ? sum.ToString() : throw new StepFailedException(sum.ToString(), log);
            });
        }
        catch (StepFailedException failure)
        {
            progress.Explain(failure);   // and the other projects are run all the same
        }
        return sum;
    }

    private static IEnumerable<string> Projects(string folder) =>
        !Directory.Exists(Path.Combine(Home, folder)) ? [] : Directory.EnumerateFiles(Path.Combine(Home, folder), "*.csproj", SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(Home, p))
            .Where(p => !p.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal);
}
