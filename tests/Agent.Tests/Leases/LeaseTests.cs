using Controller.Agent.Drivers;
using Controller.Agent.Drivers.Simulated;
using Controller.Agent.Enrolment;
using Controller.Agent.Leases;
using Controller.Agent.Ledger;
using Controller.Agent.Protocol;
using Controller.Agent.Reconciling;
using Controller.Agent.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Controller.Agent.Tests.Leases;

/// <summary>A leased machine runs only while the host's lease lasts, and after that only for a session that began afterwards and wants it.</summary>
public sealed class LeaseTests : ConnectedTest
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task A_leased_machine_waits_for_a_lease_and_another_does_not()
    {
        var (_, session) = await Connect();
        var (leased, plain) = (Leased(), Want.Machine());
        await session.WantInFull(leased, plain);
        await session.Until(plain.Id, Power.Running, 1);
        await Eventually.That(() => session.Machine(leased.Id) is { Fenced: true, Power: Power.Absent, Generation: 0 }, "it is kept off");
        await session.Grant(1, Long);
        await session.Until(leased.Id, Power.Running, 1);
        Assert.False(session.Machine(leased.Id)!.Fenced);
    }

    [Fact]
    public async Task A_lease_that_is_not_renewed_ends_the_leased_machine_only_and_a_later_session_that_wants_it_starts_it_again()
    {
        Cluster.HostLease = Short;
        var (_, session) = await Connect();
        var (leased, plain) = (Leased(), Want.Machine());
        await session.WantInFull(leased, plain);
        await session.Until(leased.Id, Power.Running, 1);
        await session.Until(plain.Id, Power.Running, 1);

        Cluster.HostLease = null;   // sent, but not answered: that counts for nothing
        await Eventually.That(() => session.IsOver, "the agent hangs up");
        var next = await Gateway.Session(2);
        await Eventually.That(() => next.Machine(leased.Id) is { Fenced: true, Power: Power.Off, Generation: 0 }, $"it was ended; it is {next.Machine(leased.Id)}");
        Assert.Equal(Power.Running, next.Machine(plain.Id)!.Power);

        // A lease alone brings nothing back, and neither does a single wish.
        await Eventually.That(() => next.Heard.Any(m => m.LeaseRenewal is not null), "it asks");
        Cluster.HostLease = Long;
        await next.Grant(next.Heard.Last(m => m.LeaseRenewal is not null).LeaseRenewal.Number, Long);
        var again = leased.Of(Power.Running);
        again.Machine.Leased = true;
        await next.Want(again, plain.Of(Power.Off));
        await next.Until(plain.Id, Power.Off, 2);
        Assert.True(next.Machine(leased.Id)!.Fenced);
        await next.WantInFull(again, plain.Of(Power.Off));
        await next.Until(leased.Id, Power.Running, 2);
    }

    [Fact]
    public async Task The_end_of_a_lease_does_not_pass_for_the_guests_decision_even_if_nobody_looks_before_it_is_good_again()
    {
        Cluster.HostLease = Short;
        var (agent, session) = await Connect();
        var leased = Leased();
        await session.WantInFull(leased);
        await session.Until(leased.Id, Power.Running, 1);
        var (watch, life) = (agent.Services.GetRequiredService<MachineWatch>(), agent.Services.GetRequiredService<HostLife>());
        bool WasWatched() => watch.WatchedItRun(ObjectKey.Of(leased), 1, life.Now);
        Assert.True(WasWatched());
        agent.Services.GetRequiredService<SimulatedFaults>().Slow("Inspect", TimeSpan.FromMinutes(10));
        Cluster.HostLease = null;
        await Eventually.That(() => session.IsOver, "the lease ran out");
        await Eventually.That(() => !WasWatched(), "that it ends is no news");
    }

    [Fact]
    public async Task A_host_that_is_cut_off_without_a_word_ends_its_leased_machine_when_its_lease_is_over_and_not_before()
    {
        Cluster.HostLease = TimeSpan.FromSeconds(4);
        await using var wire = new Wire(Gateway.Endpoint);
        var agent = await Start(new JoinToken([wire.Endpoint], Cluster.Fingerprint, Cluster.NewSecret()).Format());
        var session = await Gateway.Session();
        var (leased, plain) = (Leased(), Want.Machine());
        await session.WantInFull(leased, plain);
        await session.Until(leased.Id, Power.Running, 1);
        await session.Until(plain.Id, Power.Running, 1);

        var (driver, lease) = (agent.Services.GetRequiredService<ActiveDriver>().Driver, agent.Services.GetRequiredService<Lease>());
        wire.Cut();
        await Eventually.That(
            () =>
            {
                // Looked at in this order: a lease that lasts now lasted when the machine ran.
                var runs = driver.Inspect(default).Result.Machines.Single(m => m.Id == leased.Id).Power == Power.Running;
                Assert.True(runs || !lease.IsValid, "it was ended before its lease was over");
                return !runs;
            },
            "it is ended");
        Assert.Equal(Power.Running, (await driver.Inspect(default)).Machines.Single(m => m.Id == plain.Id).Power);
    }

    [Fact]
    public async Task What_was_ended_stays_off_over_a_restart_of_the_agent_and_goes_when_it_was_replaced()
    {
        Cluster.HostLease = Short;
        var (agent, session) = await Connect();
        var leased = Leased();
        await session.WantInFull(leased);
        await session.Until(leased.Id, Power.Running, 1);
        Cluster.HostLease = null;
        await Eventually.That(() => session.IsOver, "the lease ran out");
        await agent.Kill();
        var (_, back) = await Connect();
        await Eventually.That(() => back.Machine(leased.Id) is { Fenced: true, Power: Power.Off }, "it is off");
        await back.WantInFull(leased.Absent());
        await Eventually.That(() => back.Machine(leased.Id) is { Power: Power.Absent, Generation: 2 }, "it is gone");
    }

    [Fact]
    public async Task A_lease_outlives_a_restart_of_the_agent_by_what_is_left_of_it()
    {
        Cluster.HostLease = Long;
        var (agent, session) = await Connect();
        var leased = Leased();
        await session.WantInFull(leased);
        await session.Until(leased.Id, Power.Running, 1);
        await agent.Kill();
        Cluster.HostLease = null;
        var (_, back) = await Connect();
        await back.Until(leased.Id, Power.Running, 1);
        Assert.False(back.Machine(leased.Id)!.Fenced);
    }

    [Fact]
    public async Task A_lease_of_another_life_of_the_host_is_none()
    {
        Cluster.HostLease = Long;
        var boot = Path.Combine(State, "boot");
        await File.WriteAllTextAsync(boot, "first");
        var (agent, session) = await Connect(("Agent:BootIdFile", boot));
        var leased = Leased();
        await session.WantInFull(leased);
        await session.Until(leased.Id, Power.Running, 1);
        await agent.Kill();
        await File.WriteAllTextAsync(boot, "second");
        Cluster.HostLease = null;
        var (_, back) = await Connect(("Agent:BootIdFile", boot));
        await Eventually.That(() => back.Machine(leased.Id) is { Fenced: true, Power: Power.Off }, "it is off");
    }

    private static DesiredObject Leased()
    {
        var machine = Want.Machine();
        machine.Machine.Leased = true;
        return machine;
    }
}
