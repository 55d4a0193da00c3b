using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Controller.Cli.Testing;

/// <summary>Counts of a test run.</summary>
/// <param name="Passed">Passed.</param>
/// <param name="Failed">Failed, timed out, aborted or in error.</param>
/// <param name="Skipped">Not executed.</param>
internal sealed record TestResults(int Passed, int Failed, int Skipped)
{
    public static readonly TestResults None = new(0, 0, 0);

    /// <summary>Names of the tests that were not executed.</summary>
    public IReadOnlyList<string> SkippedNames { get; init; } = [];

    /// <summary>Names of the tests that failed.</summary>
    public IReadOnlyList<string> FailedNames { get; init; } = [];

    public static TestResults operator +(TestResults a, TestResults b) => new(a.Passed + b.Passed, a.Failed + b.Failed, a.Skipped + b.Skipped)
    {
        SkippedNames = [.. a.SkippedNames, .. b.SkippedNames],
        FailedNames = [.. a.FailedNames, .. b.FailedNames],
    };

    /// <summary>Reads a trx file. Its own counters call skipped tests inconclusive or nothing at all, hence test by test.</summary>
    /// <exception cref="CliException">It isn't one.</exception>
    public static TestResults Read(string path)
    {
        XDocument trx;
        try
        {
            trx = XDocument.Load(path);
        }
        catch (Exception e) when (e is XmlException or IOException)
        {
            throw new CliException($"{path} is no test result: {e.Message}");
        }
        var tests = trx.Descendants().Where(e => e.Name.LocalName == "UnitTestResult")
            .Select(e => (Name: (string?)e.Attribute("testName") ?? "?", Outcome: (string?)e.Attribute("outcome") ?? "")).ToArray();
        string[] skipped = [.. tests.Where(t => t.Outcome is "NotExecuted" or "Inconclusive" or "Pending").Select(t => t.Name)];
        string[] failed = [.. tests.Where(t => t.Outcome is not ("Passed" or "NotExecuted" or "Inconclusive" or "Pending")).Select(t => t.Name)];
        return new(tests.Length - skipped.Length - failed.Length, failed.Length, skipped.Length) { SkippedNames = skipped, FailedNames = failed };
    }

    /// <summary>Reads a report in the format of JUnit, as JavaScript's test runners write it.</summary>
    /// <exception cref="CliException">It isn't one.</exception>
    public static TestResults ReadJUnit(string path)
    {
        XDocument report;
        try
        {
            report = XDocument.Load(path);
        }
        catch (Exception e) when (e is XmlException or IOException)
        {
            throw new CliException($"{path} is no test result: {e.Message}");
        }
        var tests = report.Descendants("testcase").Select(e => (
            Name: $"{(string?)e.Attribute("classname")}: {(string?)e.Attribute("name")}",
            Failed: e.Elements().Any(c => c.Name.LocalName is "failure" or "error"), Skipped: e.Element("skipped") is not null)).ToArray();
        string[] failed = [.. tests.Where(t => t.Failed).Select(t => t.Name)];
        string[] skipped = [.. tests.Where(t => t is { Skipped: true, Failed: false }).Select(t => t.Name)];
        return new(tests.Length - skipped.Length - failed.Length, failed.Length, skipped.Length) { SkippedNames = skipped, FailedNames = failed };
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Passed} passed, {Failed} failed, {Skipped} skipped");
}
