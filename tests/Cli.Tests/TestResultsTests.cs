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

    [Fact]
    public void A_report_of_another_runner_is_read_the_same()
    {
        using var directory = new TemporaryDirectory();
        var results = TestResults.ReadJUnit(directory.File("a.xml", """
            <testsuites tests="4">
              <testsuite name="x" skipped="1" failures="1" errors="1">
                <testcase classname="x.spec.ts" name="one" time="1" />
                <testcase classname="x.spec.ts" name="two"><failure message="no">at x</failure></testcase>
                <testcase classname="x.spec.ts" name="libvirt"><skipped /></testcase>
                <testcase classname="x.spec.ts" name="four"><error message="no" /></testcase>
              </testsuite>
            </testsuites>
            """));
        Assert.Equal((1, 2, 1), (results.Passed, results.Failed, results.Skipped));
        Assert.Equal(["x.spec.ts: two", "x.spec.ts: four"], results.FailedNames);
        Assert.Equal(["x.spec.ts: libvirt"], results.SkippedNames);
        Assert.Throws<CliException>(() => TestResults.ReadJUnit(directory.File("b.xml", "<testsuites>")));
    }
}
