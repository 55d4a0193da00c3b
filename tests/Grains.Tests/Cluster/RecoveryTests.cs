using Controller.Contracts;
using Controller.Grains.Sweeping;
using Controller.Grains.Tests.Availability;
using Controller.Testing;
using Occi;
using Occi.Extension;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>A host is lost: its machines with the mixin <c>ha</c> go on elsewhere, once it is certain that they do not run. In a cluster of its own, whose clock is put forward.</summary>
public sealed class RecoveryTests : IClassFixture<SweeperTests.Swept>, IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private static readonly TimeSpan Lease = new Grains.Availability.AvailabilityOptions().Lease;
    private static readonly TimeSpan Enough = (Lease * 1.25) + new Grains.Availability.AvailabilityOptions().Margin + TimeSpan.FromSeconds(1);
    private readonly SweeperTests.Swept _cluster;
    private readonly List<ScriptedAgent> _agents = [];
    private readonly List<Guid> _computes = [];
    private ScriptedAgent _lost = null!;   // set by InitializeAsync

    public RecoveryTests(SweeperTests.Swept cluster) => _cluster = cluster;

    public async Task InitializeAsync()
    {
        await Wake();
        _lost = await Host();
    }

    public async Task DisposeAsync()
    {
        // What is lost here is not to be recovered in the other tests.
        foreach (var agent in _agents)
            await agent.Connect();
        foreach (var compute in _computes)
        {
            await _cluster.Entity("compute", compute).Delete(new(Me));
            await Eventually.Is("it is gone", async () => await Claims(compute) == 0);
        }
        foreach (var agent in _agents)
            await _cluster.Retire(agent);
    }

    [Fact]
    public async Task A_machine_goes_on_elsewhere_when_its_hosts_lease_is_certainly_over_and_is_sent_away_when_that_comes_back()
    {
        var (compute, plain) = (await Active(), await Active(ha: false));
        Assert.True((await _lost.Renew()).SessionGoesOn);
        var incarnation = _lost.Wanted[compute].Incarnation;
        Assert.True(((DesiredMachine)_lost.Wanted[compute]).Leased);
        Assert.False(((DesiredMachine)_lost.Wanted[plain]).Leased);
        var other = await Host();

        _cluster.Clock.Forward(Lease);
        await other.Heartbeat();
        await StatusIs(_lost, HostStatus.Unreachable);
        Assert.Null((await Seen(_lost)).Availability.Loss);
        await Eventually.Is("it says for what", async () => (await Seen(_lost)).Availability.Waits?.Contains("wait until its lease is certainly over", StringComparison.Ordinal) == true);
        Assert.DoesNotContain(compute, other.Wanted.Keys);

        _cluster.Clock.Forward(Enough - Lease);
        await other.Heartbeat();
        await Eventually.Is("it is wanted elsewhere", () => Task.FromResult(other.Wanted.ContainsKey(compute)));
        Assert.NotEqual(incarnation, other.Wanted[compute].Incarnation);
        await StateIs(compute, "active");
        var loss = (await Seen(_lost)).Availability.Loss!;
        Assert.Equal((LossProof.LeaseOver, _lost.Epoch, null), (loss.Proof, loss.Epoch, loss.Over));
        await Eventually.Is("its outcome is seen", async () =>
        {
            var machine = Assert.Single((await Seen(_lost)).Availability.Loss!.Machines);
            return (machine.Compute, machine.Host, machine.State) == (compute, other.Id, RecoveryState.Running);
        });
        Assert.Contains($"started on host {other.Id} after host {_lost.Id} was lost", await Message(compute), StringComparison.Ordinal);
        Assert.DoesNotContain(plain, other.Wanted.Keys);

        // Its old session is over for good; a new one is told what is dead, and gives the claim back when that is gone.
        Assert.False(await _lost.Heartbeat());
        Assert.Equal(new LeaseAnswer(false, null), await _lost.Renew());
        Assert.Equal(2, await Claims(compute));
        await _lost.Connect();
        await Eventually.Is("it is sent away", () => Task.FromResult(_lost.Wanted[compute] is { Absent: true } away && away.Incarnation == incarnation));
        await Eventually.Is("its claim is back", async () => await Claims(compute) == 1);
        Assert.NotNull((await Seen(_lost)).Availability.Loss!.Over);
        await StateIs(compute, "active");
    }

    [Fact]
    public async Task Without_a_guard_and_without_a_fence_nothing_is_started_elsewhere_and_that_is_said_until_a_person_vouches()
    {
        var compute = await Active();
        Assert.NotNull((await _lost.Renew(guarded: false)).Lease);
        var other = await Host();
        _cluster.Clock.Forward(Enough * 10);
        await other.Heartbeat();
        await StatusIs(_lost, HostStatus.Unreachable);
        await Eventually.Is("it says why", async () => (await Seen(_lost)).Availability.Waits?.Contains("controller host fence confirm", StringComparison.Ordinal) == true);
        Assert.Null((await Seen(_lost)).Availability.Loss);
        Assert.DoesNotContain(compute, other.Wanted.Keys);

        Assert.True(await other.Heartbeat());   // it is here, however long that took
        Assert.Equal(OutcomeKind.Conflict, (await _cluster.Grain(other.Id).ConfirmOff("root")).Kind);
        Assert.True((await _cluster.Grain(_lost.Id).ConfirmOff("root")).Ok);
        await Eventually.Is("it is wanted elsewhere", () => Task.FromResult(other.Wanted.ContainsKey(compute)));
        Assert.Equal(LossProof.Vouched, (await Seen(_lost)).Availability.Loss!.Proof);
    }

    /// <summary>Off: a proof at once. On, and out of reach: switched off first. Fence dead, or deaf: nothing is concluded, and it is asked again.</summary>
    [Theory]
    [InlineData("off")]
    [InlineData("on")]
    [InlineData("deaf")]
    [InlineData("dead")]
    public async Task A_host_whose_lease_is_not_guarded_is_lost_when_its_fence_says_that_it_is_off(string state)
    {
        var files = Directory.CreateTempSubdirectory("fence-test-").FullName;
        var bmc = await Bmc.Start();
        try
        {
            var (password, authority) = (Path.Combine(files, "password"), Path.Combine(files, "ca.pem"));
            await File.WriteAllTextAsync(password, Bmc.Password);
            await File.WriteAllTextAsync(authority, bmc.Authority);
            FenceSettings fence = new() { Driver = "redfish", Address = bmc.Address, User = Bmc.User, PasswordFile = password, AuthorityFile = authority };
            var compute = await Active();
            await _lost.Renew(guarded: false);
            Assert.True((await _cluster.Grain(_lost.Id).SetFence(fence)).Ok);
            var other = await Host();
            bmc.IsDeaf = state == "deaf";
            if (state == "off")
                bmc.LosePower();
            if (state == "dead")
                await bmc.DisposeAsync();
            _cluster.Clock.Forward(TimeSpan.FromSeconds(16));
            await other.Heartbeat();
            if (state != "off")
            {
                await Eventually.Is("its fence has answered", async () => (await Seen(_lost)).Availability.FenceSays is { Power: not PowerState.Off });
                Assert.Equal((0, null), (bmc.Resets, (await Seen(_lost)).Availability.Loss));
                _cluster.Clock.Forward(Enough);
                await other.Heartbeat();
            }
            if (state is "deaf" or "dead")
            {
                await Eventually.Is("it is said", async () => (await Seen(_lost)).Availability.Waits?.Contains(state == "dead" ? "could not be asked" : "Its fence says: PowerState is On", StringComparison.Ordinal) == true);
                Assert.Null((await Seen(_lost)).Availability.Loss);
                Assert.DoesNotContain(compute, other.Wanted.Keys);
                return;
            }
            await Eventually.Is("it is wanted elsewhere", () => Task.FromResult(other.Wanted.ContainsKey(compute)));
            Assert.Equal((LossProof.PoweredOff, false, state == "on" ? 1 : 0), ((await Seen(_lost)).Availability.Loss!.Proof, bmc.IsOn, bmc.Resets));
        }
        finally
        {
            if (state != "dead")
                await bmc.DisposeAsync();
            Directory.Delete(files, recursive: true);
        }
    }

    [Fact]
    public async Task A_host_that_comes_back_in_time_keeps_its_machines()
    {
        var compute = await Active();
        await _lost.Renew();
        var other = await Host();
        _cluster.Clock.Forward(Lease);
        await other.Heartbeat();
        await StatusIs(_lost, HostStatus.Unreachable);
        await _lost.Connect();
        await _lost.Renew();
        _cluster.Clock.Forward(TimeSpan.FromSeconds(14));
        await other.Heartbeat();
        Assert.Equal((HostStatus.Up, null), ((await Seen(_lost)).Status, (await Seen(_lost)).Availability.Loss));
        Assert.DoesNotContain(compute, other.Wanted.Keys);
        Assert.False(_lost.Wanted[compute].Absent);
    }

    [Fact]
    public async Task A_recovery_that_finds_no_host_waits_for_one_whatever_dies_meanwhile()
    {
        var compute = await Active();
        await _lost.Renew();
        _cluster.Clock.Forward(Enough);
        await Eventually.Is("it looks for a host", async () => (await Message(compute))?.Contains("0 of", StringComparison.Ordinal) == true);
        await Forget();
        var other = await Host();
        _cluster.Clock.Forward(TimeSpan.FromSeconds(31));
        await other.Heartbeat();
        await Eventually.Is("it is wanted there", () => Task.FromResult(other.Wanted.ContainsKey(compute)));
        await StateIs(compute, "active");
    }

    [Fact]
    public async Task A_lost_host_that_is_back_first_never_starts_the_old_incarnation_again()
    {
        var compute = await Active();
        await _lost.Renew();
        var old = _lost.Wanted[compute].Incarnation;
        _cluster.Clock.Forward(Enough);
        await Eventually.Is("it looks for a host", async () => (await Message(compute))?.Contains("0 of", StringComparison.Ordinal) == true);
        await _lost.Connect();
        await Eventually.Is("the old one is to go", () => Task.FromResult(_lost.Wanted[compute].Incarnation != old || _lost.Wanted[compute].Absent));
        // Attempts get rarer, up to half a minute; the host stays up meanwhile.
        for (var i = 0; i < 3; i++)
        {
            _cluster.Clock.Forward(TimeSpan.FromSeconds(14));
            await _lost.Heartbeat();
        }
        // Another incarnation has the place on that very host, and the old one is known to be gone.
        await Eventually.Is("a new one is there", async () => await _cluster.Count(
            $"SELECT count(*) FROM host_claim WHERE consumer = $1 AND host = '{_lost.Id}' AND incarnation <> '{old}'", compute) == 1);
        await Eventually.Is("the old claim is back", async () => await Claims(compute) == 1);
        await StateIs(compute, "active");
    }

    [Fact]
    public async Task A_machine_that_is_off_stays_and_one_that_is_started_then_goes_elsewhere()
    {
        var compute = await Active();
        await _lost.Renew();
        Assert.True((await _cluster.Entity("compute", compute).Invoke(new(Me, Model.Compute.Stop.ToString(), []))).Ok);
        await StateIs(compute, "inactive");
        var other = await Host();
        _cluster.Clock.Forward(Enough);
        await other.Heartbeat();
        await Eventually.Is("it stays", async () => (await Seen(_lost)).Availability.Loss?.Machines is [{ State: RecoveryState.Stays }]);
        Assert.True((await _cluster.Entity("compute", compute).Invoke(new(Me, Model.Compute.Start.ToString(), []))).Ok);
        _cluster.Clock.Forward(TimeSpan.FromSeconds(4));
        await Eventually.Is("it is wanted elsewhere", () => Task.FromResult(other.Wanted.ContainsKey(compute)));
        await StateIs(compute, "active");
    }

    [Fact]
    public async Task What_could_not_go_on_elsewhere_is_refused_with_what_to_do()
    {
        await _cluster.Grains.GetGrain<IImageGrain>(GrainId.Create("image", "image/local")).Put("Local", new string('c', 64), "qcow2", 100, 1 << 20);
        var refused = await Create(Guid.NewGuid(), [HighAvailability.Mixin.Id.ToString(), ImageView.Scheme + "local"]);
        Assert.Equal(OutcomeKind.Conflict, refused.Kind);
        Assert.Contains("local.controller.compute.ha.stateless", refused.Why, StringComparison.Ordinal);
        var id = Guid.NewGuid();
        Assert.True((await Create(id, [HighAvailability.Mixin.Id.ToString(), ImageView.Scheme + "local"], (HighAvailability.Stateless.Name, AttributeValue.Of(true)))).Ok);
    }

    [Fact]
    public async Task A_machine_with_its_disks_in_a_shared_pool_takes_them_along_and_its_old_host_leaves_them_alone()
    {
        var pool = new HostPool(Guid.NewGuid(), "shared", 100L << 30, 90L << 30);
        await _cluster.Retire(_lost);
        var lost = await Host(pool);
        var (compute, volume) = (await Pooled(), await Volume());
        await Link(compute, volume);
        await Eventually.Is("it has its disk", () => Task.FromResult(lost.Wanted[compute] is DesiredMachine { Disks: [_] }));
        await StateIs(compute, "active");
        var before = (DesiredMachine)lost.Wanted[compute];
        await lost.Renew();
        var (blind, other) = (await Host(), await Host(pool));
        _cluster.Clock.Forward(Enough);
        await blind.Heartbeat();
        await other.Heartbeat();
        await Eventually.Is("it is wanted where its pool is", () => Task.FromResult(other.Wanted.ContainsKey(compute) && other.Wanted.ContainsKey(volume)));
        await StateIs(compute, "active");
        var after = (DesiredMachine)other.Wanted[compute];
        Assert.Equal((pool.Id, before.RootDisk, before.Incarnation), (after.Pool, after.RootDisk, before.RootDisk));
        Assert.False(after.RootDiskUnmade);
        Assert.NotEqual(before.Incarnation, after.Incarnation);
        Assert.Single(after.Disks);
        Assert.True(other.Wanted[volume] is DesiredVolume { Existing: true, Released: false, Absent: false });
        Assert.DoesNotContain(compute, blind.Wanted.Keys);
        Assert.Equal(before.RootDiskBytes, await _cluster.Count("SELECT sum(disk)::bigint FROM pool_claim WHERE consumer = $1", compute));

        await lost.Connect();
        await Eventually.Is("it is sent away", () => Task.FromResult(lost.Wanted[compute] is DesiredMachine { Absent: true } away && away.Incarnation == before.Incarnation && away is { Pool: null, RootDisk: null }));
        await Eventually.Is("its claim is back", async () => await Claims(compute) == 1);
    }

    [Fact]
    public async Task A_root_disk_in_a_pool_that_nobody_has_heard_of_is_made_by_the_next_host()
    {
        var pool = new HostPool(Guid.NewGuid(), "shared", 100L << 30, 90L << 30);
        var lost = await Host(pool);
        lost.Held = true;
        var compute = await Pooled();
        await Eventually.Is("it is wanted", () => Task.FromResult(lost.Wanted.ContainsKey(compute)));
        Assert.False(((DesiredMachine)lost.Wanted[compute]).RootDiskUnmade);
        await lost.Renew();
        var other = await Host(pool);
        _cluster.Clock.Forward(Enough);
        await other.Heartbeat();
        await Eventually.Is("it is wanted elsewhere", () => Task.FromResult(other.Wanted.ContainsKey(compute)));
        var after = (DesiredMachine)other.Wanted[compute];
        Assert.Equal((lost.Wanted[compute].Incarnation, true), (after.RootDisk!.Value, after.RootDiskUnmade));
        await StateIs(compute, "active");
        var machine = _cluster.Grains.GetGrain<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", compute)));
        Assert.False(((DesiredMachine)(await machine.DesiredOn(other.Id))!).RootDiskUnmade);   // it was heard of
        lost.Held = false;
    }

    /// <summary>What it says when it is back, of a machine that it never made, is that there is none: nobody may conclude that there once was one, and a disk of it.</summary>
    [Fact]
    public async Task A_root_disk_that_was_never_made_is_made_also_when_its_host_comes_back_before_there_is_room_elsewhere()
    {
        var lost = await Host(new HostPool(Guid.NewGuid(), "shared", 100L << 30, 90L << 30));
        lost.Held = true;
        var compute = await Pooled();
        await Eventually.Is("it is wanted", () => Task.FromResult(lost.Wanted.ContainsKey(compute)));
        var before = lost.Wanted[compute].Incarnation;
        await lost.Renew();
        _cluster.Clock.Forward(Enough);
        await Eventually.Is("it looks for a host", async () => (await Message(compute))?.Contains("0 of", StringComparison.Ordinal) == true);
        Assert.True((await _cluster.Entity("compute", compute).Invoke(new(Me, Model.Compute.Stop.ToString(), []))).Ok);

        await lost.Connect();
        await Eventually.Is("it is sent away", () => Task.FromResult(lost.Wanted[compute] is { Absent: true }));
        lost.Held = false;
        Assert.True(await lost.Report(lost.Wanted[compute]));
        _cluster.Clock.Forward(TimeSpan.FromMinutes(1));
        Assert.True(await lost.Heartbeat());
        await Eventually.Is("it is wanted anew", () => Task.FromResult(lost.Wanted[compute] is DesiredMachine { Absent: false } now && now.Incarnation != before));
        Assert.True(((DesiredMachine)lost.Told.Last(o => o.Id == compute && !o.Absent)).RootDiskUnmade);
        await StateIs(compute, "inactive");
    }

    [Fact]
    public async Task A_machine_whose_lost_host_is_removed_goes_on_elsewhere_all_the_same()
    {
        var compute = await Active();
        await _lost.Renew();
        _cluster.Clock.Forward(Enough);
        await Eventually.Is("it looks for a host", async () => (await Message(compute))?.Contains("0 of", StringComparison.Ordinal) == true);
        Assert.True((await _cluster.Grain(_lost.Id).Discard(true, "operator")).Ok);
        _agents.Remove(_lost);
        Assert.Equal(0, await Claims(compute));
        var other = await Host();
        _cluster.Clock.Forward(TimeSpan.FromSeconds(31));
        await other.Heartbeat();
        await Eventually.Is("it is wanted there", () => Task.FromResult(other.Wanted.ContainsKey(compute)));
        await StateIs(compute, "active");
        Assert.Equal(1, await Claims(compute));
    }

    [Fact]
    public async Task A_machine_that_was_on_its_way_begins_nowhere_before_its_target_says_that_it_is_gone_from_there()
    {
        var compute = await Active();
        await _lost.Renew();
        var target = await Host();
        target.Held = true;
        var machine = _cluster.Grains.GetGrain<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", compute)));
        Assert.True((await machine.Migrate(new() { By = "tester", To = target.Id })).Ok);
        await Eventually.Is("the target is told", () => Task.FromResult(target.Wanted.ContainsKey(compute)));
        _lost.Held = true;   // dead, whatever it is told
        _cluster.Clock.Forward(Enough);
        await target.Heartbeat();
        string? says = null;
        await Eventually.Is("it waits", async () => (says = await Message(compute))?.Contains($"Host {target.Id} has not said yet", StringComparison.Ordinal) == true, found: () => says ?? "nothing");
        Assert.True(target.Wanted[compute].Absent);
        _lost.Held = false;
        var left = target.Wanted[compute].Incarnation;
        await target.Release();
        await Eventually.Is(
            "it is wanted again", () => Task.FromResult(target.Told.Any(t => t.Id == compute && !t.Absent && t.Incarnation != left)),
            found: () => $"{Message(compute).GetAwaiter().GetResult()} {target.Wanted[compute]} {_lost.Wanted.GetValueOrDefault(compute)}");
        await StateIs(compute, "active");
    }

    private async Task<Guid> Pooled()
    {
        await _cluster.Grains.GetGrain<IImageGrain>(GrainId.Create("image", "image/pooled")).Put("Pooled", new string('d', 64), "qcow2", 100, 1 << 20);
        var id = Guid.NewGuid();
        var made = await Create(
            id, [HighAvailability.Mixin.Id.ToString(), Pools.Compute.Id.ToString(), ImageView.Scheme + "pooled"], (Pools.OfCompute.Name, AttributeValue.Of("shared")));
        Assert.True(made.Ok, made.Why);
        return id;
    }

    private async Task<Guid> Volume()
    {
        var id = Guid.NewGuid();
        var made = await _cluster.Entity("storage", id).Create(new()
        {
            Caller = Me, Id = id, Kind = Model.Storage.Kind.ToString(), Mixins = [Pools.Storage.Id.ToString()],
            Attributes = new() { [Model.Storage.Size.Name] = AttributeValue.Of(1), [Pools.OfStorage.Name] = AttributeValue.Of("shared") },
        });
        Assert.True(made.Ok, made.Why);
        await Eventually.Is("it is online", async () => (await _cluster.Entity("storage", id).View(Me))?.Attributes[Model.Storage.State.Name].Text == "online");
        return id;
    }

    private async Task Link(Guid compute, Guid volume)
    {
        var id = Guid.NewGuid();
        var made = await _cluster.Entity("storagelink", id).Create(new()
        {
            Caller = Me, Id = id, Kind = Model.StorageLink.Kind.ToString(),
            Attributes = new() { [Occi.Core.CoreKinds.Source.Name] = AttributeValue.Of("/compute/" + compute), [Occi.Core.CoreKinds.Target.Name] = AttributeValue.Of("/storage/" + volume) },
        });
        Assert.True(made.Ok, made.Why);
    }

    private async Task<ScriptedAgent> Host(params HostPool[] pools)
    {
        var agent = await _cluster.Host(pools: pools);
        _agents.Add(agent);
        await Eventually.Is("the host got its first set", () => Task.FromResult(agent.FullSets > 0));
        return agent;
    }

    private async Task<Guid> Active(bool ha = true)
    {
        var id = Guid.NewGuid();
        var made = await Create(id, ha ? [HighAvailability.Mixin.Id.ToString()] : []);
        Assert.True(made.Ok, made.Why);
        await StateIs(id, "active");
        return id;
    }

    private Task<Outcome> Create(Guid id, string[] mixins, params (string Name, AttributeValue Value)[] attributes)
    {
        _computes.Add(id);
        return _cluster.Entity("compute", id).Create(new()
        {
            Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString(), Mixins = mixins, Attributes = attributes.ToDictionary(a => a.Name, a => a.Value),
        });
    }

    private async Task<HostView> Seen(ScriptedAgent agent) => (await _cluster.Grain(agent.Id).View())!;

    private Task StatusIs(ScriptedAgent agent, HostStatus status) => Eventually.Is($"the host is {status}", async () => (await Seen(agent)).Status == status);

    private async Task<string?> Message(Guid compute) =>
        (await _cluster.Entity("compute", compute).View(Me))!.Attributes.TryGetValue(Model.Compute.StateMessage.Name, out var message) ? message.Text : null;

    private Task StateIs(Guid compute, string state) => Eventually.Is(
        $"compute {state}", async () => (await _cluster.Entity("compute", compute).View(Me))?.Attributes[Model.Compute.State.Name].Text == state);

    private Task<long> Claims(Guid compute) => _cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", compute);

    /// <summary>All grains leave memory, as when their silos died; then the sweeper is woken, as every silo does all few seconds.</summary>
    private async Task Forget()
    {
        await _cluster.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        await Wake();
    }

    private Task Wake() => _cluster.Grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();
}
