using Controller.Agent.Consoles;
using Controller.Agent.Protocol;
using Controller.Agent.Tests.Harness;
using Google.Protobuf;

namespace Controller.Agent.Tests.Session;

/// <summary>Consoles and measures, from the gateway's end.</summary>
public sealed class SeeingTests : ConnectedTest
{
    [Fact]
    public async Task No_more_comes_than_there_is_credit_for()
    {
        var (_, session, machine) = await Running();
        await session.Send(Open("c1", machine.Id));
        var tunnel = await Gateway.TunnelOf("c1");
        Assert.Equal(ConsoleTunnel.Window, tunnel.Credit);
        await tunnel.Send(new() { Data = ByteString.CopyFromUtf8("seq 1000\r") });
        await Eventually.That(() => tunnel.Credit == ConsoleTunnel.Window + 9, "what was typed to be taken");   // the machine has answered by now
        Assert.Equal("", tunnel.Text);

        await tunnel.Send(new() { Credit = 10 });
        await Eventually.That(() => tunnel.Text.Length >= 10, "ten bytes");
        await tunnel.Send(new() { Credit = 7 });
        await Eventually.That(() => tunnel.Text.Length >= 17, "seven more");
        Assert.Equal("seq 1000\r\n1\r\n2\r\n3"[..17], tunnel.Text);
        await tunnel.Send(new() { Credit = 1 << 20 });
        await Eventually.That(() => tunnel.Text.EndsWith("1000\r\n~ # ", StringComparison.Ordinal), "the rest");
    }

    [Fact]
    public async Task The_newest_has_the_serial_console_and_a_machine_that_stops_closes_it()
    {
        var (_, session, machine) = await Running();
        await session.Send(Open("c1", machine.Id));
        var first = await Gateway.TunnelOf("c1");
        await session.Send(Open("c2", machine.Id));
        var second = await Gateway.TunnelOf("c2");
        await Eventually.That(() => first.Closed?.Code == "taken", $"the first viewer to be told; it was told {first.Closed}");

        await second.Send(new() { Credit = 1 << 20 });
        await session.Want(machine.Of(Power.Off));
        await Eventually.That(() => second.Closed?.Code == "ended", $"the second viewer to be told; it was told {second.Closed}");
        await session.Send(Open("c3", machine.Id));
        var third = await Gateway.TunnelOf("c3");
        await Eventually.That(() => third.Closed?.Code == "not-running", $"the third viewer to be told; it was told {third.Closed}");
    }

    [Fact]
    public async Task Who_sends_more_than_it_may_is_hung_up_on()
    {
        var (_, session, machine) = await Running();
        await session.Send(Open("c1", machine.Id, ConsoleKind.ConsoleVnc));
        var tunnel = await Gateway.TunnelOf("c1");
        await tunnel.Send(new() { Data = ByteString.CopyFrom(new byte[ConsoleTunnel.Window + 1]) });
        await Eventually.That(() => tunnel.Closed?.Code == "flow", $"the console to be closed; it was told {tunnel.Closed}");
    }

    [Fact]
    public async Task What_the_ledger_has_of_a_machine_is_described_with_what_it_uses()
    {
        var (_, session, machine) = await Running();
        var (volume, network) = (Want.Volume(), Want.Network());
        var other = Want.Machine(volume, network);
        await session.Want(volume, network, other);
        await session.Until(other.Id, Power.Running, other.Generation);

        await session.Send(Describe("d1", other));
        Assert.Equal([other, volume, network], (await Described("d1")).Objects);
        await session.Send(Describe("d2", other.Of(Power.Off)));   // the same incarnation
        Assert.Equal(3, (await Described("d2")).Objects.Count);
        await session.Send(new ToAgent { Describe = new() { RequestId = "d3", MachineId = machine.Id, Incarnation = other.Incarnation } });
        Assert.Empty((await Described("d3")).Objects);
        await session.Send(new ToAgent { Describe = new() { RequestId = "d4", MachineId = "no uuid", Incarnation = "" } });
        Assert.Empty((await Described("d4")).Objects);

        Task<Described> Described(string request) => Eventually.Some(
            () => session.Heard.Select(message => message.Described).FirstOrDefault(said => said?.RequestId == request), $"the description {request}");
    }

    private static ToAgent Describe(string request, DesiredObject machine) =>
        new() { Describe = new() { RequestId = request, MachineId = machine.Id, Incarnation = machine.Incarnation } };

    [Fact]
    public async Task Measures_go_to_a_gateway_that_takes_them()
    {
        Cluster.Accepts.Add("statistics");
        var (_, session, machine) = await Running(("Agent:MeasureEvery", "00:00:01"));
        await Eventually.That(
            () => session.Heard.Any(m => m.Statistics is { } s && s.Epoch == session.Epoch && s.Machines.Any(known => known.Id == machine.Id && known.CpuNanoseconds > 0)), "a measure of it");
    }

    private async Task<(TestAgent Agent, TestSession Session, DesiredObject Machine)> Running(params (string Key, string Value)[] settings)
    {
        var (agent, session) = await Connect(settings);
        var machine = Want.Machine();
        await session.Want(machine);
        await session.Until(machine.Id, Power.Running, 1);
        return (agent, session, machine);
    }

    private static ToAgent Open(string console, string machine, ConsoleKind kind = ConsoleKind.ConsoleSerial) =>
        new() { OpenConsole = new() { ConsoleId = console, MachineId = machine, Kind = kind } };
}
