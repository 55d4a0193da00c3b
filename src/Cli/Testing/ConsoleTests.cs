using System.Globalization;
using Controller.Cli.Local;
using Controller.Cli.Local.Steps;

namespace Controller.Cli.Testing;

/// <summary>The web console's own tests: its sources are looked through, its parts are tested by themselves, and then a browser uses it on clouds of its own.</summary>
internal static class ConsoleTests
{
    public const string Name = "WebConsole";

    /// <summary>What the browser's tests need.</summary>
    public static PackageSet Packages() => PackageSet.FromList("the web console's tests", Path.Combine(WebConsole.Sources, "tests", "packages"));

    /// <summary>Whether a filter, which is in the words of <c>dotnet test</c>, means them.</summary>
    public static bool Fit(string? filter) => filter is null || filter.Contains(Name, StringComparison.Ordinal);

    public static async Task<TestResults> Run(string results, Progress progress, CancellationToken cancel)
    {
        var directory = Directory.CreateDirectory(Path.Combine(results, "console")).FullName;
        var sum = await Step("Console lint", ["run", "lint"], null);
        sum += await Step("Console unit tests", ["run", "unit", "--", "--reporter=junit", "--outputFile=" + Path.Combine(directory, "unit.xml")], "unit.xml");
        return sum + await Step("Console in a browser", ["run", "browser"], "browser.xml");

        async Task<TestResults> Step(string title, string[] arguments, string? report)
        {
            var log = Path.Combine(directory, arguments[1] + ".log");
            var found = TestResults.None;
            try
            {
                await progress.Step(title, async () =>
                {
                    var code = await WebConsole.Run(arguments, log, new Dictionary<string, string> { ["CONSOLE_RESULTS"] = directory }, cancel);
                    var file = report is null ? null : Path.Combine(directory, report);
                    found = file is not null && File.Exists(file) ? TestResults.ReadJUnit(file) : code == 0 && report is null ? new(1, 0, 0) : TestResults.None;
                    if (code != 0 && found.Failed == 0)
                        found += new TestResults(0, 1, 0) { FailedNames = [string.Create(CultureInfo.InvariantCulture, $"{title} ended with exit code {code}")] };
                    return found.Failed == 0 ? found.ToString() : throw new StepFailedException(found.ToString(), log);
                });
            }
            catch (StepFailedException failure)
            {
                progress.Explain(failure);
            }
            return found;
        }
    }
}
