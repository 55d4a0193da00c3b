using Controller.Api.Tests.Cloud;
using Controller.Crash.Tests.Harness;
using Controller.Testing;

namespace Controller.Crash.Tests;

/// <summary>
/// Whoever was away and believes that something is still its own does nothing to it: a silo that stopped in the middle of a step and goes on with it after another took over, an agent that was
/// frozen while its host was given up.
/// </summary>
public sealed class FencingTests
{
    private const string ComputeState = "occi.compute.state";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [AllFact]
    public async Task A_silo_that_was_frozen_before_a_write_does_not_write_it_after_another_has_gone_on()
    {
        await using var cloud = await CrashCloud.Start(hosts: 1, spare: false);
        var run = new Run(cloud, null);
        var machine = await run.Machine();
        await Order.Comes(cloud);
        await using var other = await Beside(cloud);

        await cloud.Silo.FreezeAt("compute/*");
        var unanswered = run.TryAct(machine, "stop");
        await Eventually.Is("it has stopped before its write", () => Task.FromResult(cloud.Silo.Mark is not null), Patience);
        await TakenOver(cloud);
        Assert.NotEqual(200, (await unanswered)?.Status);
        await Answered(() => run.TryAct(machine, "stop"));
        await run.Becomes(machine, ComputeState, "inactive");
        await Answered(() => run.TryAct(machine, "start"));
        await run.Becomes(machine, ComputeState, "active");
        await Order.Comes(cloud);
        var before = (await Rows(cloud), await Epoch(cloud));

        AssertRefused(await cloud.Silo.Wakes(), "compute/stopping/Phase=Stopping+Power=Off+Stop=PowerOff+Operation=begun");
        await Order.Comes(cloud);
        Assert.Equal(before, (await Rows(cloud), await Epoch(cloud)));
        Assert.Contains("\"occi.compute.state\":\"active\"", (await cloud.Send("GET", machine)).Body, StringComparison.Ordinal);
        await run.Clean();
    }

    [AllFact]
    public Task A_silo_that_was_frozen_before_it_claims_claims_nothing_for_what_is_gone() => WhatWasDeletedStaysSo("claims/place/compute", "claims/place/compute");

    [Fact]
    public Task A_silo_that_was_frozen_before_it_creates_does_not_bring_back_what_was_deleted_meanwhile() => WhatWasDeletedStaysSo("compute/create/*", "compute/create/");

    [Fact]
    public async Task A_silo_that_was_frozen_before_it_gives_back_takes_nothing_from_what_came_after()
    {
        await using var cloud = await CrashCloud.Start(hosts: 1, spare: false);
        var run = new Run(cloud, null);
        var id = Guid.NewGuid();
        var machine = await run.Machine(id: id);
        await Order.Comes(cloud);

        await using var other = await Beside(cloud);
        await cloud.Silo.FreezeAt("claims/release");
        await run.Delete(machine);
        await Eventually.Is("it has stopped before it gives back", () => Task.FromResult(cloud.Silo.Mark is not null), Patience);
        await TakenOver(cloud);
        await run.Goes(machine);
        await Answered(() => run.TryMake("compute", id));
        await run.Becomes(machine, ComputeState, "active");
        await Order.Comes(cloud);
        var before = await cloud.Number("select count(*) from host_claim where consumer = $1", id);

        await cloud.Silo.Wakes();
        Assert.Equal((1, 1), (before, await cloud.Number("select count(*) from host_claim where consumer = $1", id)));
        await run.Clean();
    }

    [AllFact]
    public async Task An_agent_that_was_frozen_does_what_is_wanted_when_it_wakes_and_not_what_was()
    {
        await using var cloud = await CrashCloud.Start(hosts: 0, spare: false);
        var agent = await cloud.AddHost("host-1", apart: true);
        var run = new Run(cloud, null);
        var (kept, gone) = (await run.Machine(), await run.Machine());
        await Order.Comes(cloud);

        agent.Freeze(true);
        await run.Act(kept, "stop");   // what it has in its ears when it stops
        await cloud.HostIs("host-1", "unreachable");
        await run.Act(kept, "start");
        await run.Delete(gone);
        Assert.Equal(2, (await agent.Has()).Machines.Count);

        agent.Freeze(false);
        await run.Goes(gone);
        await run.Becomes(kept, ComputeState, "active");
        await Order.Comes(cloud);
        Assert.Equal(kept["/compute/".Length..], Assert.Single((await agent.Has()).Machines).Id);
        await run.Clean();
    }

    /// <summary>A silo stops in the middle of making a machine, another makes it, and it is deleted before the first one wakes.</summary>
    private static async Task WhatWasDeletedStaysSo(string step, string refused)
    {
        await using var cloud = await CrashCloud.Start(hosts: 1, spare: false);
        var run = new Run(cloud, null);
        await using var other = await Beside(cloud);

        // Either silo may get it: until it is the one that stops.
        await cloud.Silo.FreezeAt(step);
        var id = Guid.Empty;
        while (cloud.Silo.Mark is null)
        {
            id = Guid.NewGuid();
            await run.TryMake("compute", id);
        }
        await TakenOver(cloud);
        await Answered(() => run.TryMake("compute", id));
        await run.Becomes($"/compute/{id}", ComputeState, "active");
        await run.Clean();   // it is deleted, as the others are, and that was acknowledged

        AssertRefused(await cloud.Silo.Wakes(), refused);
        await Order.IsEmpty(cloud);
    }

    /// <summary>The step in the middle of which it stopped is refused, where it got as far as that before it ended. That nothing was done is looked at besides.</summary>
    private static void AssertRefused(string[] refused, string step) => Assert.All(
        refused.Where(r => r.StartsWith($"refused {step}", StringComparison.Ordinal)), r => Assert.EndsWith(" InconsistentStateException", r, StringComparison.Ordinal));

    /// <summary>A second silo, of which the agent is told too. What is active already stays where it is.</summary>
    private static async Task<SiloProcess> Beside(CrashCloud cloud)
    {
        var other = await cloud.AddSilo();
        await Eventually.Is("agents are told of both silos", async () => await cloud.Number("select count(*) from gateway") == 2, Patience);
        var before = await Epoch(cloud);
        await cloud.StopAgent(cloud.Agents.Single());
        await cloud.JoinHost("host-1");
        await Eventually.Is("the agent has a new session", async () => await Epoch(cloud) > before, Patience);
        await Order.Comes(cloud);
        return other;
    }

    /// <summary>The cluster has declared the frozen one dead, and the host is up with the other.</summary>
    private static async Task TakenOver(CrashCloud cloud)
    {
        await Eventually.Is("the frozen silo is declared dead", async () => await cloud.Number("select count(*) from orleansmembershiptable where status = 6 and siloname = 'silo-1'") == 1, Patience);
        await Eventually.Is("all is in order with the other", async () => (await cloud.Send("GET", "/admin/doctor")).Status == 200, Patience);
        await cloud.HostIs("host-1", "up");
    }

    private static Task Answered(Func<Task<Answer?>> ask) => Eventually.Is("it is answered", async () => await ask() is { Status: < 300 }, Patience);

    private static Task<long> Epoch(CrashCloud cloud) =>
        cloud.Number("select coalesce(max((convert_from(payload, 'UTF8')::jsonb #>> '{record,epoch}')::bigint), 0) from entity where state_name = 'host'");

    /// <summary>Every record but the host's, which has news all the time.</summary>
    private static async Task<string> Rows(CrashCloud cloud) =>
        string.Join('\n', await cloud.Texts("select id || ' ' || version || ' ' || convert_from(payload, 'UTF8') from entity where state_name <> 'host' order by id"));
}

/// <summary>A test that runs with CONTROLLER_CRASH=all only.</summary>
internal sealed class AllFactAttribute : FactAttribute
{
    public AllFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("CONTROLLER_CRASH") != "all")
            Skip = "Runs with CONTROLLER_CRASH=all.";
    }
}
