using Controller.Agent.Protocol;
using Controller.Agent.Tests.Harness;

namespace Controller.Agent.Tests.Reconciling;

public sealed class ConvergenceTests : ConnectedTest
{
    [Fact]
    public async Task What_is_wanted_comes_to_be_in_the_order_of_what_needs_what()
    {
        var (_, session) = await Connect();
        var (image, bytes) = Want.Image();
        Cluster.Images[image.Sha256] = bytes;
        var (volume, network) = (Want.Volume(), Want.Network());
        var machine = Want.Machine(volume, network);
        machine.Machine.Image = image;

        await session.Want(machine, network, volume); // the machine first, on purpose

        var seen = await session.Until(machine.Id, Power.Running, 1);
        Assert.Null(seen.Failure);
        Assert.Equal(["eth0", "vdb"], seen.Attachments.Select(attachment => attachment.Device).Order());
        Assert.True(session.Volume(volume.Id) is { Present: true, Generation: 1, SizeBytes: 1 << 20 });
        Assert.True(session.Network(network.Id) is { Present: true, Active: true, Generation: 1 });
    }

    [Fact]
    public async Task A_machine_says_what_it_waits_for_and_goes_on_when_it_comes()
    {
        var (_, session) = await Connect();
        var volume = Want.Volume();
        var machine = Want.Machine(volume);

        await session.Want(machine);
        await Eventually.That(() => session.Machine(machine.Id)?.Failure is { Code: "waiting", Retryable: true, Generation: 1 } waiting
            && waiting.Message.Contains(volume.Id, StringComparison.Ordinal), "the machine says that it waits for the volume");
        await session.Want(volume);

        Assert.Null((await session.Until(machine.Id, Power.Running, 1)).Failure);
    }

    [Fact]
    public async Task Sequence_numbers_grow_with_each_change_also_over_a_restart()
    {
        var (agent, session) = await Connect();
        var machine = Want.Machine();
        await session.Want(machine);
        await session.Until(machine.Id, Power.Running, 1);
        await session.Want(machine.Of(Power.Paused));
        var before = await session.Until(machine.Id, Power.Paused, 2);
        var numbers = session.Reports.SelectMany(report => report.Machines).Select(seen => seen.Sequence).ToList();
        Assert.Equal(numbers.Order(), numbers);
        await agent.Kill();

        var (_, again) = await Connect();

        Assert.True((await again.Until(machine.Id, Power.Paused, 2)).Sequence > before.Sequence);
    }

    [Fact]
    public async Task A_hard_stop_does_not_wait_behind_a_soft_one()
    {
        var (agent, session) = await Connect();
        var machine = Want.Machine();
        await session.Want(machine);
        await session.Until(machine.Id, Power.Running, 1);

        agent.Faults.IgnoreAcpi = true;
        var soft = machine.Of(Power.Off, StopMethod.StopGraceful, grace: 600);
        await session.Want(soft);
        await session.Want(soft.Of(Power.Off));

        await session.Until(machine.Id, Power.Off, 3);
    }

    [Fact]
    public async Task A_lower_generation_is_dropped()
    {
        var (_, session) = await Connect();
        var machine = Want.Machine();
        var newer = machine.Of(Power.Off).Of(Power.Off);
        await session.Want(newer);
        await session.Until(machine.Id, Power.Off, 3);

        var marker = Want.Volume();
        await session.Want(machine.Of(Power.Running), marker);

        await Eventually.That(() => session.Volume(marker.Id) is { Present: true }, "the message was obeyed");
        Assert.Equal((Power.Off, 3ul), (session.Machine(machine.Id)!.Power, session.Machine(machine.Id)!.Generation));
    }

    [Fact]
    public async Task What_must_not_be_goes_in_order_is_reported_and_forgotten()
    {
        var (_, session) = await Connect();
        var (volume, network) = (Want.Volume(), Want.Network());
        var machine = Want.Machine(volume, network);
        await session.Want(volume, network, machine);
        await session.Until(machine.Id, Power.Running, 1);

        await session.Want(volume.Absent(), network.Absent(), machine.Absent());

        await session.Until(machine.Id, Power.Absent, 2);
        await Eventually.That(() => session.Volume(volume.Id) is { Present: false, Generation: 2, Failure: null }, "the volume is reported gone");
        await Eventually.That(() => session.Network(network.Id) is { Present: false, Generation: 2, Failure: null }, "the network is reported gone");
        await Eventually.That(() => !Directory.EnumerateFiles(Ledger("objects")).Any(), "an empty ledger");
    }

    [Fact]
    public async Task The_removal_of_what_was_never_there_is_reported_as_done()
    {
        var (_, session) = await Connect();
        var machine = Want.Machine();

        await session.Want(machine.Absent());

        await session.Until(machine.Id, Power.Absent, 2);
        await Eventually.That(() => !Directory.EnumerateFiles(Ledger("objects")).Any(), "an empty ledger");
    }

    [Fact]
    public async Task Nothing_is_removed_because_a_full_set_misses_it()
    {
        var (_, session) = await Connect();
        var machine = Want.Machine();
        await session.Want(machine);
        await session.Until(machine.Id, Power.Running, 1);

        var marker = Want.Volume();
        await session.WantInFull(marker);
        await Eventually.That(() => session.Volume(marker.Id) is { Present: true }, "the full set was obeyed");

        Assert.Equal(Power.Running, session.Machine(machine.Id)!.Power);
        Assert.True(File.Exists(Ledger("objects", $"{machine.Id}.{machine.Incarnation}")));
    }

    [Fact]
    public async Task Another_incarnation_replaces_one_that_is_to_go()
    {
        var (_, session) = await Connect();
        var first = Want.Machine();
        await session.Want(first);
        await session.Until(first.Id, Power.Running, 1);
        var second = first.Clone();
        second.Incarnation = Guid.NewGuid().ToString();

        await session.Want(second, first.Absent());

        await Eventually.That(() => session.Machine(first.Id) is { Power: Power.Running } seen && seen.Incarnation == second.Incarnation, "the second incarnation runs");
    }

    [Fact]
    public async Task Failures_are_reported_and_retried()
    {
        var (agent, session) = await Connect();
        agent.Faults.Fail("EnsureVolume", 1, "no-space", retryable: true, "the pool is full");
        var volume = Want.Volume();

        await session.Want(volume);

        await Eventually.That(() => session.Reports.SelectMany(report => report.Volumes)
            .Any(seen => seen.Failure is { Code: "no-space", Message: "the pool is full", Generation: 1 }), "the failure is reported");
        await Eventually.That(() => session.Volume(volume.Id) is { Present: true, Generation: 1, Failure: null }, "the volume after all");
    }

    [Fact]
    public async Task What_is_not_seen_is_not_gone_before_it_was_removed()
    {
        var (agent, session) = await Connect();
        agent.Faults.Fail("RemoveVolume", 1, "no-pool", retryable: true, "the pool is not mounted");
        var gone = Want.Volume().Absent();

        await session.Want(gone);

        await Eventually.That(() => session.Volume(gone.Id) is { Present: false, Failure: null } seen && seen.Generation == gone.Generation, "the volume is gone after all");
        var before = session.Reports.SelectMany(report => report.Volumes).Where(seen => seen.Id == gone.Id).SkipLast(1).ToList();
        Assert.Contains(before, seen => seen.Failure is { Code: "no-pool" });
        Assert.All(before, seen => Assert.True(seen.Generation < gone.Generation, seen.ToString()));
    }

    [Fact]
    public async Task An_image_with_another_digest_starts_nothing()
    {
        var (_, session) = await Connect();
        var (image, _) = Want.Image();
        Cluster.Images[image.Sha256] = Want.Image().Bytes;
        var machine = Want.Machine();
        machine.Machine.Image = image;

        await session.Want(machine);

        await Eventually.That(() => session.Machine(machine.Id)?.Failure?.Code == "image-digest", "the digest is refused");
        Assert.Equal(Power.Absent, session.Machine(machine.Id)!.Power);
    }

    [Fact]
    public async Task An_unhealthy_driver_concludes_nothing()
    {
        var (agent, session) = await Connect();
        var machine = Want.Machine();
        await session.Want(machine);
        await session.Until(machine.Id, Power.Running, 1);

        agent.Faults.LieEmpty = true;
        agent.Faults.Unhealthy = "its power is out";
        await Eventually.That(() => session.Reports[^1] is { Complete: false, Driver.Healthy: false }, "the blindness is reported");
        var volume = Want.Volume();
        await session.Want(volume);
        await Eventually.That(() => File.Exists(Ledger("objects", $"{volume.Id}.{volume.Incarnation}")), "the wish is in the ledger");
        Assert.Null(session.Volume(volume.Id));
        Assert.Equal(Power.Running, session.Machine(machine.Id)!.Power);

        agent.Faults.LieEmpty = false;
        agent.Faults.Unhealthy = null;
        await Eventually.That(() => session.Volume(volume.Id) is { Present: true }, "the wish is fulfilled afterwards");
        await Eventually.That(() => session.Reports.Any(report => report.Complete && report.Volumes.Any(seen => seen.Id == volume.Id)) || session.Reports.Count(report => report.Complete) >= 2, "a complete report");
        Assert.DoesNotContain(session.Reports.SelectMany(report => report.Machines), seen => seen.Power == Power.Absent && seen.Sequence > session.Machine(machine.Id)!.Sequence);
    }
}
