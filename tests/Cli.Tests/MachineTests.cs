using System.Text.Json.Nodes;
using Controller.Cli.Consoles;
using Controller.Cli.Entities;
using Controller.Cli.Machines;
using Occi;
using Occi.Core;
using Occi.Infrastructure;

namespace Controller.Cli.Tests;

/// <summary><c>ssh</c>, <c>logs</c>, and what <c>--wait</c> says.</summary>
public sealed class MachineTests
{
    [Fact]
    public void The_only_address_is_taken() => Assert.Equal("10.0.0.5", MachineAddress.Of(Machine("active", ("/network/1", "10.0.0.5"), ("/network/2", null)), "web"));

    [Fact]
    public void Several_addresses_are_named_and_one_has_to_be_chosen()
    {
        var refused = Assert.Throws<CliException>(() => MachineAddress.Of(Machine("active", ("/network/1", "10.0.0.5"), ("/network/2", "fd00::5")), "web"));
        Assert.Equal("web has several addresses: 10.0.0.5 (/network/1), fd00::5 (/network/2)", refused.Message);
        Assert.Equal("choose one with --address", refused.Next);
    }

    [Theory]
    [InlineData("active", false, "web has no address that the cloud knows: it is in no network", "controller occi link web NETWORK")]
    [InlineData("active", true, "web has no address that the cloud knows: its networks give it none", "--address")]
    [InlineData("inactive", true, "web is inactive: no room", "controller occi action web start --wait")]
    [InlineData("error", true, "web is error: no room", "controller explain compute")]
    public void Where_there_is_no_way_it_says_why_and_what_to_do(string state, bool linked, string why, string next)
    {
        var machine = linked ? Machine(state, ("/network/1", null)) : Machine(state);
        var refused = Assert.Throws<CliException>(() => MachineAddress.Of(machine, "web"));
        Assert.Equal(why, refused.Message);
        Assert.Contains(next, refused.Next, StringComparison.Ordinal);
    }

    /// <summary>What a server says is an address, or nothing: it gives ssh no option.</summary>
    [Fact]
    public void What_is_no_address_is_not_taken() =>
        Assert.Throws<CliException>(() => MachineAddress.Of(Machine("active", ("/network/1", "-oProxyCommand=touch${IFS}x")), "web"));

    [Fact]
    public void Ssh_is_given_its_options_the_host_and_the_command()
    {
        Assert.Equal(["--", "10.0.0.5"], SshCommand.Arguments("10.0.0.5", null, null, null, []));
        Assert.Equal(
            ["-l", "root", "-i", "key", "-p", "2222", "-v", "-oBatchMode=yes", "--", "10.0.0.5", "ls", "-l", "/"],
            SshCommand.Arguments("10.0.0.5", "root", "key", 2222, ["-v", "-oBatchMode=yes", "ls", "-l", "/"]));
    }

    [Theory]
    [InlineData("a\nb\nc\n", 2, "b\nc\n")]
    [InlineData("a\nb\nc", 2, "b\nc")]
    [InlineData("a\nb\n", 5, "a\nb\n")]
    [InlineData("a\n\n\n", 2, "\n\n")]
    [InlineData("abc", 0, "")]
    [InlineData("", 3, "")]
    public void The_last_lines_of_a_log(string text, int lines, string left) =>
        Assert.Equal(left, System.Text.Encoding.UTF8.GetString(SerialLog.LastLines(System.Text.Encoding.UTF8.GetBytes(text), lines)));

    [Fact]
    public void What_is_under_way_is_said_with_its_last_error()
    {
        Assert.Equal(
            "[starting, 3 attempts: Host left-1 is unreachable: waiting for it.; attaching]",
            Steps.Words(JsonNode.Parse("""{"now":{"underWay":[{"what":"starting","attempts":3,"lastError":"Host left-1 is unreachable: waiting for it."},{"what":"attaching","attempts":1}]}}""")));
        Assert.Equal("[starting, 3 attempts]", Steps.Words(JsonNode.Parse("""{"now":{"underWay":[{"what":"starting","attempts":3,"lastError":"It waits."}]}}"""), "Starting. It waits."));
        Assert.Equal("[growing]", Steps.Words(JsonNode.Parse("""{"now":{"operation":{"what":"growing","attempts":0}}}""")));
        Assert.Null(Steps.Words(JsonNode.Parse("""{"now":{"state":"online"}}""")));
        Assert.Null(Steps.Words(JsonNode.Parse("{}")));
    }

    [Fact]
    public void A_timeline_has_events_and_what_was_asked_for_in_the_order_of_time()
    {
        JsonNode[] events =
        [
            JsonNode.Parse("""{"time":"2026-01-02T03:04:05.5Z","type":"local.controller.entity.created","data":{"state":"inactive","title":"w\u001bb"}}""")!,
            JsonNode.Parse("""{"time":"2026-01-02T03:04:07Z","type":"local.controller.entity.state","data":{"state":"active","before":"inactive","title":"web"}}""")!,
        ];
        var explained = JsonNode.Parse(
            """
            {"now":{"past":[{"ended":"2026-01-02T03:04:06.9+00:00","what":"starting","by":"ana","state":"active"}]},
             "audit":[{"at":"2026-01-02T03:04:06+00:00","method":"POST","path":"/compute/1","action":"start","user":"ana","status":200,"result":"ok"}]}
            """)!;
        Assert.Equal(
            [
                "2026-01-02 03:04:05.500Z  created: inactive w b", "2026-01-02 03:04:06.000Z  POST /compute/1?action=start (ana): 200 ok", "2026-01-02 03:04:06.900Z  starting ended (ana): active",
                "2026-01-02 03:04:07.000Z  state: inactive -> active web",
            ], Timeline.Lines(events, explained));
    }

    private static Representation Machine(string state, params (string Network, string? Address)[] nics) => new()
    {
        Kind = Compute.Kind.Id,
        Attributes = new Dictionary<string, AttributeValue>
        {
            [CoreKinds.Id.Name] = AttributeValue.Of("urn:uuid:0b7a1f0e-6f0f-4f0e-9d6c-2f5b5c7d9e11"), [Compute.State.Name] = AttributeValue.Of(state), ["occi.compute.state.message"] = AttributeValue.Of("no room"),
        },
        Links = [.. nics.Select(n => new Representation
        {
            Kind = NetworkInterface.Kind.Id,
            Attributes = n.Address is null ? new Dictionary<string, AttributeValue> { [CoreKinds.Target.Name] = AttributeValue.Of(n.Network) } : new Dictionary<string, AttributeValue>
            {
                [CoreKinds.Target.Name] = AttributeValue.Of(n.Network), [IpNetworkInterface.Address.Name] = AttributeValue.Of(n.Address),
            },
        })],
    };
}
