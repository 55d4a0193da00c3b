using System.Text.Json.Nodes;
using Controller.Cli.Operators;

namespace Controller.Cli.Tests;

/// <summary>What operators read of hosts and of placements.</summary>
public sealed class HostTests
{
    private static readonly JsonNode Host = JsonNode.Parse(
        """
        {"id":"0b7a3a4e-0000-4000-8000-000000000001","name":"left-1","status":"up","admission":"approved","lastSeen":"2026-01-02T03:04:05Z","agentVersion":"1.2.3",
         "capabilities":{"driver":"libvirt","hypervisor":"QEMU 7.2.22","cores":8,"memoryBytes":17179869184,"diskBytes":107374182400,"architecture":"x64","features":["kvm","suspend"],"kernel":"6.1.0"},
         "settings":{"zone":"north","coresRatio":2,"reservedCores":1,"reservedMemoryBytes":1073741824,"reservedDiskBytes":0},
         "use":{"computes":2,"volumes":1,"cores":3,"memoryBytes":2147483648,"diskBytes":5368709120,"usableCores":14,"usableMemoryBytes":14495514624,"usableDiskBytes":214748364800},
         "unmanaged":[{"uuid":"u","name":"theirs","power":"running"}]}
        """)!;   // it is JSON

    [Theory]
    [InlineData("""{"status":"up"}""", "yes")]
    [InlineData("""{"status":"unreachable"}""", "no")]
    [InlineData("""{"status":"up","admission":"pending"}""", "no, needs approval")]
    [InlineData("""{"status":"up","admission":"approved","drain":{}}""", "no, is being drained")]
    [InlineData("""{"status":"up","admission":"approved","drain":{"finished":"2026-01-02T03:04:05Z"}}""", "no, drained")]
    [InlineData("""{"status":"up","removing":true}""", "no, is being removed")]
    public void A_host_takes_machines_or_says_why_not(string host, string takes) => Assert.Equal(takes, HostText.Takes(JsonNode.Parse(host)!));

    [Fact]
    public void A_host_is_shown_whole()
    {
        var text = HostText.Of(Host);
        foreach (var part in new[] { "left-1", "north", "QEMU 7.2.22", "kernel 6.1.0", "claimed 3 of 14", "reserved 1, ratio 2", "claimed 2 GiB of 13.5 GiB", "ratio default", "2 machine(s), 1 volume(s)", "theirs (running)", "kvm, suspend" })
            Assert.Contains(part, text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_drain_tells_of_each_machine()
    {
        var host = Host.DeepClone();
        host["drain"] = JsonNode.Parse(
            """
            {"method":"auto","stop":"never","by":"me","since":"then","finished":"now","objects":[
              {"term":"compute","id":"1","title":"web","state":"moved","to":"there"},{"term":"compute","id":"2","title":"db","state":"left","why":"No room."}]}
            """);
        Assert.Equal(
            "drain of left-1 (auto, stop never), ordered by me at then: ended at now\nWHAT     ID  TITLE  OUTCOME  TO     WHY\ncompute  1   web    moved    there\ncompute  2   db     left            No room.\n",
            HostText.Drain(host));
        Assert.Equal("left-1: 1 of 2 are off it; left: db (left: No room.)", HostText.Progress(host));
        Assert.True(HostText.IsLeft(host));
        host["drain"]!["objects"]!.AsArray().RemoveAt(1);
        Assert.False(HostText.IsLeft(host));
        Assert.Equal("left-1 is not being drained (any more)\n", HostText.Drain(Host));
    }

    [Theory]
    [InlineData("2.5", 0, "2.5")]
    [InlineData("1.5", 1073741824, "1610612736")]
    [InlineData("2", 1, "2")]
    [InlineData("default", 0, null)]
    public void A_setting_is_a_number_or_the_default(string text, long unit, string? json) => Assert.Equal(json, HostSetCommand.Number("--x", text, unit)?.ToJsonString());

    [Theory]
    [InlineData("much")]
    [InlineData("-1")]
    [InlineData("")]
    public void A_setting_that_is_none_is_refused(string text) =>
        Assert.Contains("--x takes a number or \"default\"", Assert.Throws<CliException>(() => HostSetCommand.Number("--x", text, 0)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_explanation_tells_what_is_under_way_and_why_it_is_there()
    {
        var text = ExplainText.Of(JsonNode.Parse(
            """
            {"kind":"compute","id":"1","project":"p","now":{"state":"active","phase":"stopping","message":"m","host":"h","generation":3,"observedGeneration":2,
              "operation":{"what":"stopping","since":"s","deadline":"d","attempts":2,"lastError":"It does not answer."}},
             "host":{"id":"h","name":"left-1","status":"unhealthy","why":"libvirtd is away"},
             "placement":{"at":"t","outcome":"done","host":"h","detail":{"rejected":{"cores":{"hosts":2,"words":"not enough cores"}},
               "hosts":[{"id":"h","name":"left-1","freeCores":3,"freeMemoryBytes":1073741824,"freeDiskBytes":0,"weights":{"spread":0.5,"image":0.1}},{"id":"i","name":"right","filter":"cores"}]}}}
            """)!);   // it is JSON
        foreach (var part in new[]
        {
            "It is active (stopping). m", "attempts: 2. It does not answer.", "It is on host left-1, which is unhealthy. libvirtd is away", "generation 3, done is 2", "Placed at t on host h:",
            "2 host(s) rejected: not enough cores", "weight 0.5 spread + 0.1 image", "rejected: cores",
        })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_explanation_tells_what_was_done_and_by_whom_the_newest_last()
    {
        var text = ExplainText.Of(JsonNode.Parse(
            """
            {"kind":"network","id":"1","project":"p","now":{"state":"active","phase":"active",
              "underWay":[{"what":"down","since":"s","deadline":"d","attempts":0,"by":"alice"},{"what":"resize","since":"s","deadline":"d","attempts":1}],
              "past":[{"what":"create","ended":"2026-01-02T03:04:06+00:00","state":"active","by":"bob","trace":"aa"}]},
             "audit":[{"at":"2026-01-02T03:04:07+00:00","method":"POST","path":"/network/1","action":"down","user":"alice","status":200,"result":"ok"},
                      {"at":"2026-01-02T03:04:05+00:00","method":"POST","path":"/network/","user":"bob","status":201,"result":"ok"}]}
            """)!);   // it is JSON
        Assert.Contains("Under way: down since s, asked for by alice, until d at most", text, StringComparison.Ordinal);
        Assert.Contains("Under way: resize since s, by itself, until d at most", text, StringComparison.Ordinal);
        string[] order = ["POST /network/ ", "create ended", "POST /network/1?action=down"];
        Assert.Equal(order.Order(Comparer<string>.Create((a, b) => text.IndexOf(a, StringComparison.Ordinal).CompareTo(text.IndexOf(b, StringComparison.Ordinal)))), order);
        Assert.All(order, line => Assert.Contains(line, text, StringComparison.Ordinal));
    }

    [Fact]
    public void An_explanation_tells_why_something_is_nowhere()
    {
        var text = ExplainText.Of(JsonNode.Parse("""{"kind":"compute","id":"1","project":"p","refusal":{"at":"t","outcome":"nocapacity","why":"0 of 1 hosts can take it.","detail":{"hosts":[]}}}""")!);
        Assert.Contains("It is not there", text, StringComparison.Ordinal);
        Assert.Contains("Refused a place at t (nocapacity): 0 of 1 hosts can take it.", text, StringComparison.Ordinal);
    }
}
