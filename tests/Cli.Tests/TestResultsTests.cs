using Controller.Cli.Testing;

namespace Controller.Cli.Tests;

public sealed class TestResultsTests
{
    private const string Trx = """
        <?xml version="1.0" encoding="utf-8"?>
        <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
          <Results>
            <UnitTestResult testName="A.one" outcome="Passed" />
            <UnitTestResult testName="A.two" outcome="Passed" />
            <UnitTestResult testName="A.three" outcome="Failed" />
            <UnitTestResult testName="Libvirt.four" outcome="NotExecuted" />
            <UnitTestResult testName="A.five" outcome="Timeout" />
          </Results>
          <ResultSummary outcome="Failed"><Counters total="5" executed="4" passed="2" failed="1" /></ResultSummary>
        </TestRun>
        """;

    [Fact]
    public void Every_test_is_passed_failed_or_skipped()
    {
        using var directory = new TemporaryDirectory();
        var results = TestResults.Read(directory.File("a.trx", Trx));
        Assert.Equal((2, 2, 1), (results.Passed, results.Failed, results.Skipped));
        Assert.Equal(["A.three", "A.five"], results.FailedNames);
        Assert.Equal(["Libvirt.four"], results.SkippedNames);
    }

    [Fact]
    public void Results_of_projects_are_summed()
    {
        using var directory = new TemporaryDirectory();
        var results = TestResults.Read(directory.File("a.trx", Trx));
        Assert.Equal("4 passed, 4 failed, 2 skipped", (results + results).ToString());
    }

    [Fact]
    public void A_broken_file_is_an_error()
    {
        using var directory = new TemporaryDirectory();
        Assert.Throws<CliException>(() => TestResults.Read(directory.File("a.trx", "<TestRun>")));
    }
}
