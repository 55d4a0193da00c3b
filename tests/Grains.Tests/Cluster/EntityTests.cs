using Controller.Contracts;
using Controller.Testing;
using Npgsql;
using Occi;
using Occi.Core;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

[Collection("cluster")]
public sealed class EntityTests(ClusterFixture cluster) : IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private static readonly Caller Stranger = new(Guid.NewGuid(), Role.Member, "stranger");
    private ScriptedAgent _host = null!;   // set by InitializeAsync

    public async Task InitializeAsync() => _host = await cluster.Host();

    public Task DisposeAsync() => cluster.Retire(_host);

    [Fact]
    public async Task A_compute_with_a_disk_and_a_nic_starts_and_leaves_nothing_behind()
    {
        var network = await Create(Model.Network.Kind, [Model.IpNetwork.Mixin]);
        var storage = await Create(Model.Storage.Kind, [], (Model.Storage.Size, AttributeValue.Of(1)));
        await State("storage", storage, "online");
        var compute = Guid.NewGuid();
        var disk = Link(Model.StorageLink.Kind, "/storage/" + storage);
        var nic = Link(Model.NetworkInterface.Kind, "/network/" + network);
        var made = await cluster.Entity("compute", compute).Create(new() { Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString(), Links = [disk, nic] });

        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        await State("compute", compute, "active");
        var view = (await cluster.Entity("compute", compute).View(Me))!;
        await Eventually.Is("both links are active", async () =>
            (await cluster.Entity("compute", compute).View(Me))!.Links.All(l => l.Attributes.Any(a => a.Key.EndsWith("link.state", StringComparison.Ordinal) || a.Key.EndsWith("interface.state", StringComparison.Ordinal)) && StateOf(l) == "active"));
        Assert.Equal(["storagelink", "networkinterface"], view.Links.Select(l => l.Kind.Split('#')[1]));
        Assert.StartsWith("10.128.", view.Links[1].Attributes[Model.IpNetworkInterface.Address.Name].Text);
        Assert.Equal("vdb", view.Links[0].Attributes[Model.StorageLink.DeviceId.Name].Text);
        var machine = Assert.IsType<DesiredMachine>(_host.Wanted[compute]);
        Assert.Equal((storage, network), (machine.Disks.Single().Volume, machine.Nics.Single().Network));
        var reservation = Assert.IsType<DesiredNetwork>(_host.Wanted[network]).Reservations.Single();
        Assert.Equal(view.Links[1].Attributes[Model.IpNetworkInterface.Address.Name].Text, reservation.Address);

        Assert.Equal(OutcomeKind.Conflict, (await cluster.Entity("storage", storage).Delete(new(Me))).Kind);
        Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        Assert.Null(await cluster.Entity("compute", compute).View(Me));
        Assert.True((await cluster.Entity("storage", storage).Delete(new(Me))).Ok);
        Assert.True((await cluster.Entity("network", network).Delete(new(Me))).Ok);
        foreach (var id in new[] { compute, storage, network, disk.Id, nic.Id })
            await Gone(id);
    }

    /// <summary>Of a summary a host knows nothing: it is not told, and has nothing to report of it. Of a title it does.</summary>
    [Fact]
    public async Task A_host_is_told_of_changes_that_mean_something_to_it()
    {
        var compute = await Create(Model.Compute.Kind, []);
        await State("compute", compute, "active");
        var machine = (DesiredMachine)await Current(compute);
        Assert.True((await Change(CoreKinds.Summary, AttributeValue.Of("for the accounts"))).Ok);
        Assert.Equal("for the accounts", (await cluster.Entity("compute", compute).View(Me))!.Attributes[CoreKinds.Summary.Name].Text);
        Assert.Equal(machine.Generation, (await Current(compute)).Generation);
        Assert.Single(_host.Told, o => o.Id == compute);

        Assert.True((await Change(CoreKinds.Title, AttributeValue.Of("accounts"))).Ok);
        await Eventually.Is("the host is told of its title", () => Task.FromResult(_host.Wanted[compute] is DesiredMachine { Name: "accounts" } now && now.Generation == machine.Generation + 1));
        Assert.True((await Change(Model.Compute.Share, AttributeValue.Of(5))).Ok);
        await Eventually.Is("and of its share", () => Task.FromResult(_host.Wanted[compute].Generation == machine.Generation + 2));
        await Delete("compute", compute);

        Task<Outcome> Change(Attr attribute, AttributeValue value) => cluster.Entity("compute", compute).Update(new() { Caller = Me, Attributes = new() { [attribute.Name] = value } });
    }

    [Fact]
    public async Task What_still_looks_as_a_reader_knows_it_is_not_sent_again()
    {
        var network = await Create(Model.Network.Kind, [Model.IpNetwork.Mixin]);
        var compute = Guid.NewGuid();
        var nic = Link(Model.NetworkInterface.Kind, "/network/" + network);
        var grain = cluster.Entity("compute", compute);
        Assert.True((await grain.Create(new() { Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString(), Links = [nic] })).Ok);
        await State("compute", compute, "active");
        await Eventually.Is("its link is active", async () => (await grain.View(Me))!.Links.All(l => StateOf(l) == "active"));

        var first = await grain.Look(Me, 0);
        Assert.Equal((compute, 1), (first.View!.Id, first.View.Links.Length));
        Assert.Equal(new(first.Stamp, null), await grain.Look(Me, first.Stamp));
        Assert.Equal(default, await grain.Look(Stranger, first.Stamp));
        Assert.NotNull((await grain.Look(Me, first.Stamp - 1)).View);

        Assert.True((await grain.Update(Summed("another"))).Ok);
        var second = await grain.Look(Me, first.Stamp);
        Assert.Equal("another", second.View!.Attributes[CoreKinds.Summary.Name].Text);

        // A link is a part of what its source looks like.
        Assert.True((await cluster.Entity("networkinterface", nic.Id).Update(Summed("its nic"))).Ok);
        var third = await grain.Look(Me, second.Stamp);
        Assert.Equal("its nic", third.View!.Links.Single().Attributes[CoreKinds.Summary.Name].Text);
        Assert.Equal(new(third.Stamp, null), await grain.Look(Me, third.Stamp));
        Assert.Equal(third.View.Version, second.View.Version);

        await Delete("compute", compute);
        Assert.Equal(default, await grain.Look(Me, third.Stamp));
        Assert.True((await cluster.Entity("network", network).Delete(new(Me))).Ok);

        static UpdateEntity Summed(string title) => new() { Caller = Me, Attributes = new() { [CoreKinds.Summary.Name] = AttributeValue.Of(title) } };
    }

    /// <summary>Clients do not see the links any more, and could not delete them first.</summary>
    [Fact]
    public async Task What_a_deleted_compute_was_linked_to_can_be_deleted_also_before_its_links_have_heard_of_it()
    {
        var network = await Create(Model.Network.Kind, [Model.IpNetwork.Mixin]);
        var storage = await Create(Model.Storage.Kind, [], (Model.Storage.Size, AttributeValue.Of(1)));
        await State("storage", storage, "online");
        var compute = Guid.NewGuid();
        var (disk, nic) = (Link(Model.StorageLink.Kind, "/storage/" + storage), Link(Model.NetworkInterface.Kind, "/network/" + network));
        Assert.True((await cluster.Entity("compute", compute).Create(new() { Caller = Me, Id = compute, Kind = Model.Compute.Kind.ToString(), Links = [disk, nic] })).Ok);
        await State("compute", compute, "active");
        await Eventually.Is("both links are active", async () => (await cluster.Entity("compute", compute).View(Me))!.Links.All(l => StateOf(l) == "active"));

        await using (var holding = await cluster.Database.OpenConnectionAsync())
        {
            await using var transaction = await holding.BeginTransactionAsync();
            await using (var rows = new NpgsqlCommand("SELECT 1 FROM entity WHERE entity_id = any($1) FOR UPDATE", holding, transaction) { Parameters = { new() { Value = new[] { disk.Id, nic.Id } } } })
                await rows.ExecuteNonQueryAsync();
            Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
            Assert.Equal((OutcomeKind.Done, null), await Try("storage", storage, d => d.MayDelete(new(Me), [])));
            Assert.Equal((OutcomeKind.Done, null), await Try("storage", storage, d => d.Delete(new(Me))));
            Assert.Equal((OutcomeKind.Done, null), await Try("network", network, d => d.Delete(new(Me))));
            await transaction.RollbackAsync();
        }
        foreach (var id in new[] { compute, storage, network, disk.Id, nic.Id })
            await Gone(id);

        async Task<(OutcomeKind, string?)> Try(string term, Guid id, Func<IEntityGrain, Task<Outcome>> what) =>
            await what(cluster.Entity(term, id)) is var outcome ? (outcome.Kind, outcome.Why) : default;
    }

    /// <summary>The news of the life before must not end this one: an incarnation that was sent away never comes back.</summary>
    [Fact]
    public async Task A_network_that_is_created_again_under_its_id_is_another_one_to_its_hosts()
    {
        var id = Guid.NewGuid();
        var network = cluster.Grains.GetGrain<INetworkGrain>(GrainId.Create("network", GrainKeys.Of("network", id)));
        var lives = new List<Guid>();
        for (var life = 0; life < 2; life++)
        {
            Assert.Equal(OutcomeKind.Created, (await network.Create(new() { Caller = Me, Id = id, Kind = Model.Network.Kind.ToString() })).Kind);
            await network.EnsureOn(_host.Id);
            var present = (await network.DesiredOn(_host.Id))!.Incarnation;
            Assert.DoesNotContain(present, lives);
            Assert.False(await network.IsStray(_host.Id, present));
            Assert.All(await Task.WhenAll(lives.Select(before => network.IsStray(_host.Id, before))), Assert.True);
            lives.Add(present);
            Assert.True((await network.Delete(new(Me))).Ok);
            await Gone(id);
        }
    }

    [Fact]
    public async Task What_has_been_replaced_is_sent_away_once_a_session_however_often_it_is_reported()
    {
        var id = Guid.NewGuid();
        var network = cluster.Grains.GetGrain<INetworkGrain>(GrainId.Create("network", GrainKeys.Of("network", id)));
        Assert.Equal(OutcomeKind.Created, (await network.Create(new() { Caller = Me, Id = id, Kind = Model.Network.Kind.ToString() })).Kind);
        await network.EnsureOn(_host.Id);
        var old = await network.DesiredOn(_host.Id) as DesiredNetwork;
        Assert.True((await network.Delete(new(Me))).Ok);
        await Gone(id);
        Assert.Equal(OutcomeKind.Created, (await network.Create(new() { Caller = Me, Id = id, Kind = Model.Network.Kind.ToString() })).Kind);

        _host.Held = true;
        _host.Told.Clear();
        for (var sessions = 1; sessions <= 2; sessions++)
        {
            for (var reports = 0; reports < 3; reports++)
                await _host.Report(old!);
            await Eventually.Is("it is told", () => Task.FromResult(SentAway() == sessions));
            await _host.Connect();
        }
        Assert.Equal(2, SentAway());
        _host.Held = false;
        Assert.True((await network.Delete(new(Me))).Ok);

        int SentAway() => _host.Told.Count(wanted => wanted.Incarnation == old!.Incarnation && wanted.Absent);
    }

    [Fact]
    public async Task Actions_lead_where_the_standard_says()
    {
        var compute = await Create(Model.Compute.Kind, []);
        await State("compute", compute, "active");
        await Act(Model.Compute.Suspend, "suspended");
        await Act(Model.Compute.Start, "active");
        await Act(Model.Compute.Restart, "active");
        await Act(Model.Compute.Stop, "inactive");
        Assert.Equal(OutcomeKind.AlreadyDone, (await Invoke(Model.Compute.Stop)).Kind);
        Assert.Equal(OutcomeKind.Conflict, (await Invoke(Model.Compute.Suspend)).Kind);
        await Act(Model.Compute.Start, "active");
        Assert.True((await cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        await Gone(compute);

        Task<Outcome> Invoke(ActionType action) => cluster.Entity("compute", compute).Invoke(new(Me, action.ToString(), []));
        async Task Act(ActionType action, string state)
        {
            Assert.True((await Invoke(action)).Ok);
            await State("compute", compute, state);
        }
    }

    [Fact]
    public async Task A_guest_that_powers_itself_off_stays_off()
    {
        var compute = await Create(Model.Compute.Kind, []);
        await State("compute", compute, "active");
        await _host.Report(_host.Wanted[compute], Power.Off);
        await State("compute", compute, "inactive");
        Assert.Equal(Power.Off, Assert.IsType<DesiredMachine>(_host.Wanted[compute]).Power);
        await Delete("compute", compute);
    }

    [Fact]
    public async Task One_that_was_to_be_suspended_and_has_ended_is_inactive_and_says_what_is_lost()
    {
        var compute = await Create(Model.Compute.Kind, []);
        await State("compute", compute, "active");
        _host.Seeing = machine => machine.Power == Power.Saved ? machine with { Power = Power.Off } : machine;   // its lease was over first
        Assert.True((await cluster.Entity("compute", compute).Invoke(new(Me, Model.Compute.Suspend.ToString(), new() { ["method"] = AttributeValue.Of("hibernate") }))).Ok);
        await State("compute", compute, "inactive");
        Assert.Contains("memory is lost", (await cluster.Entity("compute", compute).View(Me))!.Attributes[Model.Compute.StateMessage.Name].Text, StringComparison.Ordinal);
        await Delete("compute", compute);
    }

    [Fact]
    public async Task News_of_another_incarnation_changes_nothing()
    {
        var compute = await Create(Model.Compute.Kind, []);
        await State("compute", compute, "active");
        var old = Assert.IsType<DesiredMachine>(_host.Wanted[compute]) with { Incarnation = Guid.NewGuid(), Generation = 99 };
        await _host.Report(old, Power.Off);
        Assert.Equal("active", StateOf((await cluster.Entity("compute", compute).View(Me))!));
        await Eventually.Is("the host is told that the other incarnation must go", () =>
            Task.FromResult(_host.Wanted[compute] is { Absent: true } away && away.Incarnation == old.Incarnation));
        // One that has gone is not told so again: for a host that has the next incarnation by now it would be the latest that it hears.
        var gone = old with { Incarnation = Guid.NewGuid(), Generation = long.MaxValue, Absent = true };
        await _host.Report(gone);
        Assert.DoesNotContain(_host.Told, wanted => wanted.Incarnation == gone.Incarnation);
        await Delete("compute", compute, await Current(compute));
    }

    [Fact]
    public async Task What_a_host_cannot_do_is_an_error_that_says_why()
    {
        _host.Fails = new("no-space", "The pool is full: 1 GiB was wanted, 0.2 GiB are free.", false, 0);
        var compute = await Create(Model.Compute.Kind, []);
        await State("compute", compute, "error");
        Assert.Contains("The pool is full", (await cluster.Entity("compute", compute).View(Me))!.Attributes[Model.Compute.StateMessage.Name].Text);
        _host.Fails = null;
        Assert.True((await cluster.Entity("compute", compute).Invoke(new(Me, Model.Compute.Start.ToString(), []))).Ok);
        await State("compute", compute, "active");
        await Delete("compute", compute);
    }

    [Fact]
    public async Task A_host_that_connects_gets_everything_that_is_wanted_of_it()
    {
        _host.Held = true;
        var compute = await Create(Model.Compute.Kind, []);
        _host.Wanted.Clear();
        var sets = _host.FullSets;
        await _host.Connect();
        await Eventually.Is("a whole set came", () => Task.FromResult(_host.FullSets > sets && _host.Wanted.ContainsKey(compute)));
        await _host.Release();
        await State("compute", compute, "active");
        await Delete("compute", compute);
    }

    [Fact]
    public async Task Only_the_latest_epoch_is_heard()
    {
        var first = _host.Epoch;
        await _host.Connect();
        Assert.Equal(first + 1, _host.Epoch);
        await Eventually.Is("the first session was hung up on", () => Task.FromResult(!_host.Hangups.IsEmpty));
        Assert.False(await _host.Heartbeat(first));
        Assert.True(await _host.Heartbeat());
    }

    [Fact]
    public async Task A_create_that_is_repeated_answers_the_first_ones_result()
    {
        var id = Guid.NewGuid();
        var command = new CreateEntity { Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString() };
        Assert.Equal(OutcomeKind.Created, (await cluster.Entity("compute", id).Create(command)).Kind);
        var again = await cluster.Entity("compute", id).Create(command);
        Assert.Equal((OutcomeKind.AlreadyDone, id), (again.Kind, again.View!.Id));
        Assert.Equal(OutcomeKind.Conflict, (await cluster.Entity("compute", id).Create(command with { Caller = Stranger })).Kind);
        Assert.Equal(1, await cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", id));
        await Delete("compute", id);
    }

    [Fact]
    public async Task What_is_anothers_is_not_there()
    {
        var id = await Create(Model.Compute.Kind, []);
        Assert.Null(await cluster.Entity("compute", id).View(Stranger));
        Assert.Equal(OutcomeKind.NotFound, (await cluster.Entity("compute", id).Delete(new(Stranger))).Kind);
        Assert.Equal(OutcomeKind.NotFound, (await cluster.Entity("compute", id).Invoke(new(Stranger, Model.Compute.Stop.ToString(), []))).Kind);
        var foreign = Link(Model.NetworkInterface.Kind, "/network/" + Guid.NewGuid());
        var refused = await cluster.Entity("compute", Guid.NewGuid()).Create(new() { Caller = Stranger, Id = Guid.NewGuid(), Kind = Model.Compute.Kind.ToString(), Links = [foreign] });
        Assert.Equal(OutcomeKind.Invalid, refused.Kind);
        await Delete("compute", id);
    }

    [Fact]
    public async Task A_refused_creation_leaves_nothing()
    {
        var id = Guid.NewGuid();
        var network = await Create(Model.Network.Kind, [Model.IpNetwork.Mixin]);
        var nic = Link(Model.NetworkInterface.Kind, "/network/" + network);
        var refused = await cluster.Entity("compute", id).Create(new()
        {
            Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString(), Links = [nic],
            Attributes = new() { [Model.Compute.Memory.Name] = AttributeValue.Of(4000) },
        });
        Assert.Equal(OutcomeKind.NoCapacity, refused.Kind);
        Assert.Contains("1 not enough memory (4000 GiB are needed", refused.Why);
        await Gone(id);
        await Gone(nic.Id);
        await Delete("network", network);
    }

    [Fact]
    public async Task An_update_that_cannot_be_changes_nothing()
    {
        var network = await Create(Model.Network.Kind, [Model.IpNetwork.Mixin]);
        var compute = await Create(Model.Compute.Kind, []);
        await State("compute", compute, "active");
        var nic = Link(Model.NetworkInterface.Kind, "/network/" + network);
        foreach (var update in new UpdateEntity[]
        {
            new() { Caller = Me, Links = [nic, Link(Model.StorageLink.Kind, "/storage/" + Guid.NewGuid())], Attributes = new() { [CoreKinds.Title.Name] = AttributeValue.Of("new") } },
            new() { Caller = Me, Links = [nic], Attributes = new() { [Model.Compute.Memory.Name] = AttributeValue.Of(5000), [CoreKinds.Title.Name] = AttributeValue.Of("new") } },
        })
        {
            Assert.False((await cluster.Entity("compute", compute).Update(update)).Ok);
            var view = (await cluster.Entity("compute", compute).View(Me))!;
            Assert.Empty(view.Links);
            Assert.DoesNotContain(CoreKinds.Title.Name, view.Attributes.Keys);
            await Gone(nic.Id);
        }
        Assert.True((await cluster.Entity("compute", compute).Update(new() { Caller = Me, Links = [nic] })).Ok);
        await Eventually.Is("the machine has the NIC", () => Task.FromResult(Assert.IsType<DesiredMachine>(_host.Wanted[compute]).Nics.Length == 1));
        await Delete("compute", compute);
        await Delete("network", network);
    }

    [Fact]
    public async Task An_address_is_free_again_only_when_the_machine_has_let_it_go()
    {
        var network = await Create(Model.Network.Kind, [Model.IpNetwork.Mixin]);
        var compute = await Create(Model.Compute.Kind, []);
        await State("compute", compute, "active");
        var nic = Guid.NewGuid();
        var made = await cluster.Entity("networkinterface", nic).Create(new()
        {
            Caller = Me, Id = nic, Kind = Model.NetworkInterface.Kind.ToString(),
            Attributes = new() { [CoreKinds.Source.Name] = AttributeValue.Of("/compute/" + compute), [CoreKinds.Target.Name] = AttributeValue.Of("/network/" + network) },
        });
        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        await State("networkinterface", nic, "active");
        _host.Held = true;
        Assert.True((await cluster.Entity("networkinterface", nic).Delete(new(Me))).Ok);
        Assert.Null(await cluster.Entity("networkinterface", nic).View(Me));
        await Eventually.Is("the machine is wanted without it", () => Task.FromResult(Assert.IsType<DesiredMachine>(_host.Wanted[compute]).Nics.Length == 0));
        Assert.Equal(1, await cluster.Count("SELECT count(*) FROM address_claim WHERE link = $1", nic));
        await _host.Release();
        await Gone(nic);
        await Delete("compute", compute);
        await Delete("network", network);
    }

    [Fact]
    public async Task Addresses_are_given_in_turn_so_that_one_comes_back_as_late_as_can_be()
    {
        var network = await Create(Model.Network.Kind, [Model.IpNetwork.Mixin], (Model.IpNetwork.Address, AttributeValue.Of("10.201.0.0/29")));
        var compute = await Create(Model.Compute.Kind, []);
        await State("compute", compute, "active");
        var given = new List<string>();
        for (var round = 0; round < 6; round++)
        {
            var nic = Guid.NewGuid();
            var made = await cluster.Entity("networkinterface", nic).Create(new()
            {
                Caller = Me, Id = nic, Kind = Model.NetworkInterface.Kind.ToString(),
                Attributes = new() { [CoreKinds.Source.Name] = AttributeValue.Of("/compute/" + compute), [CoreKinds.Target.Name] = AttributeValue.Of("/network/" + network) },
            });
            given.Add(made.View!.Attributes[Model.IpNetworkInterface.Address.Name].Text);
            Assert.True((await cluster.Entity("networkinterface", nic).Delete(new(Me))).Ok);
            await Gone(nic);
        }
        Assert.Equal(["10.201.0.2", "10.201.0.3", "10.201.0.4", "10.201.0.5", "10.201.0.6", "10.201.0.2"], given);
        await Delete("compute", compute);
        await Delete("network", network);
    }

    [Fact]
    public async Task A_storage_grows_and_never_shrinks()
    {
        var id = await Create(Model.Storage.Kind, [], (Model.Storage.Size, AttributeValue.Of(2)));
        await State("storage", id, "online");
        Assert.Equal(OutcomeKind.Conflict, (await Update(1)).Kind);
        Assert.True((await Update(3)).Ok);
        await State("storage", id, "online");
        Assert.Equal(3L << 30, Assert.IsType<DesiredVolume>(_host.Wanted[id]).SizeBytes);
        Assert.Equal(3L << 30, await cluster.Count("SELECT disk FROM host_claim WHERE consumer = $1", id));
        await Delete("storage", id);

        Task<Outcome> Update(decimal size) => cluster.Entity("storage", id).Update(new() { Caller = Me, Attributes = new() { [Model.Storage.Size.Name] = AttributeValue.Of(size) } });
    }

    [Fact]
    public async Task Two_writers_do_not_overwrite_each_other()
    {
        var id = await Create(Model.Network.Kind, []);
        var version = (await cluster.Entity("network", id).View(Me))!.Version;
        Assert.True((await Rename("first")).Ok);
        Assert.Equal(OutcomeKind.Conflict, (await Rename("second")).Kind);
        Assert.Equal("first", (await cluster.Entity("network", id).View(Me))!.Attributes[CoreKinds.Title.Name].Text);
        await Delete("network", id);

        Task<Outcome> Rename(string title) => cluster.Entity("network", id).Update(
            new() { Caller = Me, IfVersion = version, Attributes = new() { [CoreKinds.Title.Name] = AttributeValue.Of(title) } });
    }

    [Fact]
    public async Task A_console_is_read_through_the_host() =>
        Assert.Equal("hello", System.Text.Encoding.UTF8.GetString(
            (await cluster.Grains.GetGrain<IHostGrain>(GrainId.Create("host", GrainKeys.Of("host", _host.Id))).ReadConsole(Guid.NewGuid(), 0, 100, TimeSpan.FromSeconds(1))).Data));

    private static CreateEntity Link(Kind kind, string target) => new()
    {
        Caller = Me, Id = Guid.NewGuid(), Kind = kind.ToString(), Attributes = new() { [CoreKinds.Target.Name] = AttributeValue.Of(target) },
    };

    private async Task<Guid> Create(Kind kind, Mixin[] mixins, params (Attr Attr, AttributeValue Value)[] attributes)
    {
        var id = Guid.NewGuid();
        var outcome = await cluster.Entity(kind.Id.Term, id).Create(new()
        {
            Caller = Me, Id = id, Kind = kind.ToString(), Mixins = [.. mixins.Select(m => m.ToString())],
            Attributes = attributes.ToDictionary(a => a.Attr.Name, a => a.Value),
        });
        Assert.Equal((OutcomeKind.Created, null), (outcome.Kind, outcome.Why));
        return id;
    }

    private Task State(string term, Guid id, string state) => Eventually.Is(
        $"{term} {id} is {state}", async () => await cluster.Entity(term, id).View(Me) is { } view && StateOf(view) == state);

    private static string StateOf(EntityView view) => view.Attributes[$"occi.{view.Kind.Split('#')[1]}.state"].Text;

    private async Task<DesiredObject> Current(Guid compute) =>
        (await cluster.Grains.GetGrain<IComputeGrain>(GrainId.Create("compute", GrainKeys.Of("compute", compute))).DesiredOn(_host.Id))!;

    private async Task Delete(string term, Guid id, DesiredObject? current = null)
    {
        if (current is not null)
            _host.Wanted[id] = current;
        Assert.True((await cluster.Entity(term, id).Delete(new(Me))).Ok);
        await Gone(id);
    }

    /// <summary>Nothing of it is left in any table.</summary>
    private Task Gone(Guid id) => Eventually.Is($"nothing is left of {id}", async () =>
        await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", id)
        + await cluster.Count("SELECT count(*) FROM host_claim WHERE consumer = $1", id)
        + await cluster.Count("SELECT count(*) FROM subnet_claim WHERE network = $1", id)
        + await cluster.Count("SELECT count(*) FROM address_claim WHERE link = $1", id) == 0);
}
