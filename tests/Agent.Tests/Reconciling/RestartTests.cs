using Controller.Agent.Protocol;
using Controller.Agent.Tests.Harness;

namespace Controller.Agent.Tests.Reconciling;

/// <summary>What an agent knows after it was killed, and who may stay off.</summary>
public sealed class RestartTests : ConnectedTest
{
    [Fact]
    public async Task The_ledger_survives_and_is_obeyed_without_a_control_plane()
    {
        var (agent, session) = await Connect();
        var machine = Want.Machine();
        await session.Want(machine);
        await session.Until(machine.Id, Power.Running, 1);
        agent.Faults.Slow("EnsureVolume", TimeSpan.FromMinutes(5));
        var volume = Want.Volume();
        await session.Want(volume);
        await Eventually.That(() => File.Exists(Ledger("objects", $"{volume.Id}.{volume.Incarnation}")), "the volume in the ledger");
        await agent.Kill();

        var (_, again) = await Connect();

        await Eventually.That(() => again.Volume(volume.Id) is { Present: true, Generation: 1 }, "the volume that nobody asked for again");
        Assert.Equal(Power.Running, again.Machine(machine.Id)!.Power);
        Assert.Equal(1ul, again.Machine(machine.Id)!.Generation);
    }

    [Fact]
    public async Task The_first_complete_report_keeps_silent_about_nothing_that_is_still_in_hand()
    {
        var (agent, session) = await Connect();
        DesiredObject[] machines = [.. Enumerable.Range(0, 6).Select(_ => Want.Machine())];
        await session.Want(machines);
        foreach (var machine in machines)
            await session.Until(machine.Id, Power.Running, 1);
        var driver = Directory.EnumerateDirectories(State, "simulated*").Single();
        await agent.Kill();   // simulated machines end with their agent
        await File.WriteAllTextAsync(Path.Combine(driver, "faults.json"), """{ "slow": { "EnsureMachine": "00:05:00" } }""");

        var (_, again) = await Connect();
        var report = again.Reports.First(r => r.Complete);
        Assert.Equal(machines.Select(m => m.Id).Order(StringComparer.Ordinal), report.Machines.Select(m => m.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_corrupt_ledger_file_is_set_aside_and_the_others_are_obeyed()
    {
        var (agent, session) = await Connect();
        var (volume, network) = (Want.Volume(), Want.Network());
        await session.Want(volume, network);
        await Eventually.That(() => session.Volume(volume.Id) is { Generation: 1 } && session.Network(network.Id) is { Generation: 1 }, "both");
        await agent.Kill();
        await File.WriteAllBytesAsync(Ledger("objects", $"{volume.Id}.{volume.Incarnation}"), [0xff, 0xff, 0xff]);

        var (_, again) = await Connect();

        await Eventually.That(() => again.Network(network.Id) is { Present: true, Generation: 1 }, "the network");
        Assert.Single(Directory.EnumerateFiles(Ledger("quarantine")));
        await again.WantInFull(volume, network);
        await Eventually.That(() => again.Volume(volume.Id) is { Present: true, Generation: 1, Failure: null }, "the volume, told again");
    }

    [Fact]
    public async Task A_guest_that_powers_itself_off_stays_off_until_the_control_plane_decides()
    {
        var (agent, session, machine) = await Running();

        agent.Faults.PowerOffGuest(machine.Id);

        await session.Until(machine.Id, Power.Off, 1);
        await StaysOff(session, machine);
        await session.Want(machine.Of(Power.Running));
        await session.Until(machine.Id, Power.Running, 2);
    }

    [Fact]
    public async Task A_crashed_machine_is_reported_and_left()
    {
        var (agent, session, machine) = await Running();

        agent.Faults.CrashGuest(machine.Id);

        await session.Until(machine.Id, Power.Crashed, 1);
        await StaysOff(session, machine);
    }

    [Fact]
    public async Task A_guest_that_powered_itself_off_stays_off_over_a_restart_of_the_agent()
    {
        var (agent, session, machine) = await Running();
        agent.Faults.PowerOffGuest(machine.Id);
        await session.Until(machine.Id, Power.Off, 1);
        await agent.Kill();

        var (_, again) = await Connect();

        await again.Until(machine.Id, Power.Off, 1);
        await StaysOff(again, machine);
    }

    [Fact]
    public async Task A_machine_that_stopped_while_nobody_watched_is_started_again()
    {
        var (agent, session, machine) = await Running();
        await agent.Kill();
        await Without_an_agent(faults => faults.PowerOffGuest(machine.Id));

        var (_, again) = await Connect();

        await again.Until(machine.Id, Power.Running, 1);
        Assert.NotNull(session);
    }

    [Fact]
    public async Task While_it_waits_to_be_started_again_its_off_is_not_reported_as_applied()
    {
        var (agent, session, machine) = await Running();
        agent.Faults.Unhealthy = "its power is out";
        await Eventually.That(() => session.Reports[^1] is { Driver.Healthy: false }, "the blindness is reported");
        agent.Faults.PowerOffGuest(machine.Id);
        agent.Faults.Fail("EnsureMachine", 2, "not-yet");

        agent.Faults.Unhealthy = null;

        await Eventually.That(() => session.Reports.Any(r => r.Machines.Any(m => m.Id == machine.Id && m.Power == Power.Off)), "it was seen off");
        await session.Until(machine.Id, Power.Running, 1);
        Assert.DoesNotContain(session.Reports, report => report.Machines.Any(m => m.Id == machine.Id && m is { Power: Power.Off, Generation: > 0 }));
    }

    [Fact]
    public async Task After_a_reboot_of_the_host_all_that_should_run_does()
    {
        var (agent, session, machine) = await Running();
        var other = Want.Machine();
        await session.Want(other);
        await session.Until(other.Id, Power.Running, 1);
        agent.Faults.PowerOffGuest(other.Id); // as in an orderly shutdown of the host, before our eyes
        await session.Until(other.Id, Power.Off, 1);

        agent.Faults.RebootHost();

        await session.Until(other.Id, Power.Running, 1);
        await session.Until(machine.Id, Power.Running, 1);
    }

    [Fact]
    public async Task A_stop_behind_a_blind_drivers_back_is_no_decision_of_the_guest()
    {
        var (agent, session, machine) = await Running();
        agent.Faults.Unhealthy = "its power is out";
        await Eventually.That(() => session.Reports[^1] is { Driver.Healthy: false }, "the blindness is reported");
        agent.Faults.PowerOffGuest(machine.Id);

        agent.Faults.Unhealthy = null;

        await Eventually.That(() => session.Reports[^1] is { Driver.Healthy: true }, "the recovery is reported");
        var marker = Want.Volume();
        await session.Want(marker);
        await Eventually.That(() => session.Volume(marker.Id) is { Present: true }, "work goes on");
        await session.Until(machine.Id, Power.Running, 1);
    }

    private async Task<(TestAgent Agent, TestSession Session, DesiredObject Machine)> Running()
    {
        var (agent, session) = await Connect(("Agent:SweepEvery", "00:00:01"));
        var machine = Want.Machine();
        await session.Want(machine);
        await session.Until(machine.Id, Power.Running, 1);
        // Seen to run by a look of its own, not only as the result of the start.
        await session.Want(machine);
        return (agent, session, machine);
    }

    /// <summary>Two sweeps pass, proved by health looks at the ledger of another object, and it is still off.</summary>
    private static async Task StaysOff(TestSession session, DesiredObject machine)
    {
        var beats = session.Heard.Count(message => message.Heartbeat is not null);
        await Eventually.That(() => session.Heard.Count(message => message.Heartbeat is not null) >= beats + 3, "three seconds of heartbeats, and so two sweeps");
        Assert.True(session.Machine(machine.Id) is { Power: Power.Off or Power.Crashed, Generation: 1, Failure: null });
    }

    private async Task Without_an_agent(Action<Controller.Agent.Drivers.Simulated.SimulatedFaults> happens)
    {
        var faults = new Controller.Agent.Drivers.Simulated.SimulatedFaults();
        var options = new Controller.Agent.Drivers.Simulated.SimulatedOptions { Directory = Path.Combine(State, "simulated") };
        await using var host = new Controller.Agent.Drivers.Simulated.SimulatedDriver(options, TimeProvider.System, faults);
        happens(faults);
    }
}
