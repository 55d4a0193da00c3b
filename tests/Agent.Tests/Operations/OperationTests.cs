using System.Text;
using Controller.Agent.Protocol;
using Controller.Agent.Tests.Harness;

namespace Controller.Agent.Tests.Operations;

public sealed class OperationTests : ConnectedTest
{
    [Fact]
    public async Task A_reboot_is_done_once_and_answered_each_time_also_after_a_restart()
    {
        var (agent, session, machine) = await Running();
        await session.Send(Reboot(session, machine, "op-1"));
        Assert.Null((await session.Finished("op-1")).Failure);
        await session.Send(Reboot(session, machine, "op-1"));
        await session.Finished("op-1", times: 2);
        await agent.Kill();

        var (_, again) = await Connect();
        await again.Send(Reboot(again, machine, "op-1"));
        var answer = await again.Finished("op-1");

        Assert.Equal((again.Epoch, machine.Id), (answer.Epoch, answer.MachineId));
        Assert.Null(answer.Failure);
        Assert.Equal(2, Boots(await Log(again, machine)));
    }

    [Fact]
    public async Task A_reboot_is_no_decision_of_the_guest_to_power_off()
    {
        var (_, session, machine) = await Running();

        await session.Send(Reboot(session, machine, "op-1", RebootMethod.RebootGraceful));
        await session.Finished("op-1");

        await session.Until(machine.Id, Power.Running, 1);
        Assert.DoesNotContain(session.Reports.SelectMany(report => report.Machines), seen => seen.Power == Power.Off);
    }

    [Fact]
    public async Task A_failed_operation_says_why_and_is_remembered_too()
    {
        var (_, session, machine) = await Running();
        await session.Want(machine.Of(Power.Off));
        await session.Until(machine.Id, Power.Off, 2);

        await session.Send(Reboot(session, machine, "op-1"));

        Assert.Equal("not-running", (await session.Finished("op-1")).Failure.Code);
        await session.Send(Reboot(session, machine, "op-1"));
        Assert.Equal("not-running", (await session.Finished("op-1", times: 2)).Failure.Code);
    }

    [Fact]
    public async Task An_operation_on_another_incarnation_is_refused()
    {
        var (_, session, machine) = await Running();
        var other = machine.Clone();
        other.Incarnation = Guid.NewGuid().ToString();

        await session.Send(Reboot(session, other, "op-1"));

        Assert.Equal("no-such-machine", (await session.Finished("op-1")).Failure.Code);
    }

    [Fact]
    public async Task A_newer_wish_supersedes_a_reboot_under_way()
    {
        var (agent, session, machine) = await Running();
        agent.Faults.IgnoreAcpi = true;
        var reboot = Reboot(session, machine, "op-1", RebootMethod.RebootGraceful);
        reboot.Operation.Reboot.GraceSeconds = 600;
        await session.Send(reboot);
        await session.Want(machine.Of(Power.Off));

        await session.Until(machine.Id, Power.Off, 2);
        Assert.NotNull(await session.Finished("op-1"));
    }

    [Fact]
    public async Task The_console_answers_at_once_when_there_is_something_to_read()
    {
        var (_, session, machine) = await Running();

        await session.Send(Read(machine, "r1", offset: 0, wait: 600));

        var data = await session.Console("r1");
        Assert.StartsWith("DEMO: init", data.Data.ToStringUtf8(), StringComparison.Ordinal);
        Assert.Equal((0ul, (ulong)data.Data.Length), (data.Offset, data.Size));
    }

    [Fact]
    public async Task The_console_waits_for_something_to_read()
    {
        var (_, session, machine) = await Running();
        var log = await Log(session, machine);
        await session.Send(Read(machine, "r1", offset: (ulong)log.Length, wait: 600));
        await session.Send(Reboot(session, machine, "op-1"));

        var data = await session.Console("r1");

        Assert.Equal((ulong)log.Length, data.Offset);
        Assert.StartsWith("DEMO: init", data.Data.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_console_answers_with_nothing_when_patience_ends()
    {
        var (_, session, machine) = await Running();
        var log = await Log(session, machine);

        await session.Send(Read(machine, "r1", offset: (ulong)log.Length, wait: 0));

        var data = await session.Console("r1");
        Assert.Equal((0, (ulong)log.Length), (data.Data.Length, data.Size));
    }

    [Fact]
    public async Task A_console_that_cannot_be_read_says_why()
    {
        var (agent, session, machine) = await Running();
        agent.Faults.Fail("ReadConsole", 1, "no-log", retryable: false);

        await session.Send(Read(machine, "r1", offset: 0, wait: 600));

        Assert.Equal("no-log", (await session.Console("r1")).Failure.Code);
    }

    private async Task<(TestAgent Agent, TestSession Session, DesiredObject Machine)> Running()
    {
        var (agent, session) = await Connect();
        var machine = Want.Machine();
        await session.Want(machine);
        await session.Until(machine.Id, Power.Running, 1);
        return (agent, session, machine);
    }

    /// <summary>The whole log, once the guest of the last boot is ready.</summary>
    private static async Task<string> Log(TestSession session, DesiredObject machine)
    {
        var log = new StringBuilder();
        while (!log.ToString().TrimEnd().Split('\n')[^1].Contains("DEMO: ready", StringComparison.Ordinal))
        {
            var request = Guid.NewGuid().ToString();
            await session.Send(Read(machine, request, (ulong)log.Length, wait: 10));
            log.Append((await session.Console(request)).Data.ToStringUtf8());
        }
        return log.ToString();
    }

    private static int Boots(string log) => log.Split("DEMO: init").Length - 1;

    private static ToAgent Read(DesiredObject machine, string request, ulong offset, uint wait) => new()
    {
        ReadConsole = new ReadConsole { RequestId = request, MachineId = machine.Id, Offset = offset, MaxBytes = 65_536, WaitSeconds = wait },
    };

    private static ToAgent Reboot(TestSession session, DesiredObject machine, string id, RebootMethod method = RebootMethod.RebootCold) => new()
    {
        Operation = new Operation
        {
            Epoch = session.Epoch,
            OperationId = id,
            MachineId = machine.Id,
            Incarnation = machine.Incarnation,
            Reboot = new Reboot { Method = method, GraceSeconds = 5 },
        },
    };
}
