using System.Text;
using Controller.Agent.Drivers;
using Controller.Agent.Protocol;
using Controller.Agent.Tests.Harness;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Controller.Agent.Tests.Operations;

/// <summary>The operation that makes an image of a machine.</summary>
public sealed class SaveTests : ConnectedTest
{
    [Fact]
    public async Task A_machine_is_saved_once_while_it_runs_and_the_answer_is_remembered()
    {
        var (agent, session, machine) = await Running();
        await session.Send(Save(session, machine, "op-1", SaveMethod.SaveHot));

        var saved = (await session.Finished("op-1")).Saved;
        var (digest, bytes) = Assert.Single(Cluster.Stored);
        Assert.Equal((digest, "qcow2", (ulong)bytes.Length), (saved.Image.Sha256, saved.Image.Format, saved.Image.SizeBytes));
        Assert.Equal(machine.Machine.RootDiskBytes, saved.VirtualSizeBytes);
        Assert.Contains("DEMO-BOOTS 1\n", Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);
        await agent.Kill();

        var (_, again) = await Connect();
        await again.Send(Save(again, machine, "op-1", SaveMethod.SaveHot));
        Assert.Equal(saved, (await again.Finished("op-1")).Saved);
        Assert.Single(Cluster.Stored);
        Assert.DoesNotContain(again.Reports.SelectMany(report => report.Machines), seen => seen.Power == Power.Off);
    }

    [Fact]
    public async Task A_deferred_save_stops_it_and_starts_it_and_nobody_takes_that_for_the_guests_decision()
    {
        var (_, session, machine) = await Running();
        await session.Send(Save(session, machine, "op-1", SaveMethod.SaveDeferred));

        Assert.Null((await session.Finished("op-1")).Failure);
        Assert.Contains("DEMO-BOOTS 1\n", Encoding.Latin1.GetString(Assert.Single(Cluster.Stored).Value), StringComparison.Ordinal);
        var log = await Log(session, machine);
        Assert.Contains("DEMO: power button", log, StringComparison.Ordinal);
        Assert.Contains("DEMO: boots 2", log, StringComparison.Ordinal);
        await session.Until(machine.Id, Power.Running, 1);
        Assert.DoesNotContain(session.Reports.SelectMany(report => report.Machines), seen => seen.Power == Power.Off);
    }

    [Fact]
    public async Task A_newer_wish_ends_a_save_and_nothing_is_stored()
    {
        var (agent, session, machine) = await Running();
        agent.Faults.Slow("CopyRootDisk", TimeSpan.FromHours(1));
        await session.Send(Save(session, machine, "op-1", SaveMethod.SaveDeferred));
        await IsStopped(agent, machine);
        await session.Want(machine.Of(Power.Off));

        Assert.Equal("superseded", (await session.Finished("op-1")).Failure.Code);
        await session.Until(machine.Id, Power.Off, 2);
        Assert.Empty(Cluster.Stored);
    }

    [Fact]
    public async Task A_newer_wish_ends_a_save_whose_image_is_on_its_way()
    {
        var (_, session, machine) = await Running();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.StoreHangs.Enqueue(begun);
        await session.Send(Save(session, machine, "op-1", SaveMethod.SaveHot));
        await begun.Task;
        await session.Want(machine.Of(Power.Off));

        Assert.Equal("superseded", (await session.Finished("op-1")).Failure.Code);
        await session.Until(machine.Id, Power.Off, 2);
        Assert.Empty(Cluster.Stored);
    }

    [Fact]
    public async Task An_agent_that_dies_half_way_starts_the_machine_and_saves_when_it_is_told_again()
    {
        var (agent, session, machine) = await Running();
        agent.Faults.Slow("CopyRootDisk", TimeSpan.FromHours(1));
        await session.Send(Save(session, machine, "op-1", SaveMethod.SaveDeferred));
        await IsStopped(agent, machine);
        await agent.Kill();

        var (_, again) = await Connect();
        await again.Until(machine.Id, Power.Running, 1);
        await again.Send(Save(again, machine, "op-1", SaveMethod.SaveDeferred));
        Assert.Null((await again.Finished("op-1")).Failure);
        Assert.Contains("DEMO-BOOTS 2\n", Encoding.Latin1.GetString(Assert.Single(Cluster.Stored).Value), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_breaks_off_is_tried_again()
    {
        var (_, session, machine) = await Running();
        Cluster.StoreFailures.Enqueue(StatusCode.Unavailable);

        await session.Send(Save(session, machine, "op-1", SaveMethod.SaveHot));

        Assert.Null((await session.Finished("op-1")).Failure);
        Assert.Single(Cluster.Stored);
    }

    [Fact]
    public async Task A_full_store_and_a_disk_that_cannot_be_copied_say_why()
    {
        var (agent, session, machine) = await Running();
        Cluster.StoreFailures.Enqueue(StatusCode.ResourceExhausted);
        await session.Send(Save(session, machine, "op-1", SaveMethod.SaveHot));
        Assert.Equal(("no-space", false), await session.Finished("op-1") is { Failure: var full } ? (full.Code, full.Retryable) : default);

        agent.Faults.Fail("CopyRootDisk", 1, "no-space", retryable: false);
        await session.Send(Save(session, machine, "op-2", SaveMethod.SaveDeferred));
        Assert.Equal("no-space", (await session.Finished("op-2")).Failure.Code);
        await session.Until(machine.Id, Power.Running, 1);
        Assert.Empty(Cluster.Stored);
    }

    private async Task<(TestAgent Agent, TestSession Session, DesiredObject Machine)> Running()
    {
        var (image, bytes) = Want.Image();
        Cluster.Images[image.Sha256] = bytes;
        var (agent, session) = await Connect();
        var machine = Want.Machine();
        (machine.Machine.Image, machine.Machine.RootDiskBytes) = (image, 32 << 20);
        await session.Want(machine);
        await session.Until(machine.Id, Power.Running, 1);
        return (agent, session, machine);
    }

    /// <summary>On the host, which the control plane is not told of.</summary>
    private static Task IsStopped(TestAgent agent, DesiredObject machine) => Testing.Eventually.Is("it was stopped to be copied", async () =>
        (await agent.Services.GetRequiredService<ActiveDriver>().Driver.Inspect(default)).Machines.Single(seen => seen.Id == machine.Id).Power == Power.Off);

    private static async Task<string> Log(TestSession session, DesiredObject machine)
    {
        var request = Guid.NewGuid().ToString();
        await session.Send(new ToAgent { ReadConsole = new ReadConsole { RequestId = request, MachineId = machine.Id, MaxBytes = 65_536 } });
        return (await session.Console(request)).Data.ToStringUtf8();
    }

    private static ToAgent Save(TestSession session, DesiredObject machine, string id, SaveMethod method) => new()
    {
        Operation = new Operation
        {
            Epoch = session.Epoch,
            OperationId = id,
            MachineId = machine.Id,
            Incarnation = machine.Incarnation,
            SaveImage = new SaveImage { Method = method, GraceSeconds = 5 },
        },
    };
}
