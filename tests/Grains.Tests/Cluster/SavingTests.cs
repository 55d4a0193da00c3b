using Controller.Contracts;
using Controller.Grains.Sweeping;
using Controller.Silo;
using Controller.Testing;
using Occi;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>Save: a compute becomes an OS template, whatever dies or changes its mind on the way. In a cluster of its own, whose clock is put forward.</summary>
public sealed class SavingTests : IClassFixture<SweeperTests.Swept>, IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private static readonly Caller Stranger = new(Guid.NewGuid(), Role.Member, "stranger");
    private static readonly string Base = new('b', 64);
    private readonly SweeperTests.Swept _cluster;
    private readonly string _name = "n" + Guid.NewGuid().ToString("N")[..10];
    private ScriptedAgent _host = null!;   // set by InitializeAsync

    public SavingTests(SweeperTests.Swept cluster) => _cluster = cluster;

    public async Task InitializeAsync()
    {
        await Sweeper.Wake();
        await Image("base").Put("Base", Base, "qcow2", 100, 1 << 20);
        _host = await _cluster.Host();
    }

    public Task DisposeAsync() => _cluster.Retire(_host);

    [Fact]
    public async Task A_project_can_save_so_many_and_no_more()
    {
        var rich = new Caller(Guid.NewGuid(), Role.Member, "collector");
        var compute = (await Create((await Image("base").View())!, rich)).View!.Id;
        await Eventually.Is("it is active", async () => (await _cluster.Entity("compute", compute).View(rich))!.Attributes[Model.Compute.State.Name].Text == "active");
        var terms = Enumerable.Range(0, new ImageOptions().MaxPerProject).Select(n => $"{_name}-{n}").ToList();
        await Parallel.ForEachAsync(terms, async (term, _) => await Image(term).Begin(new(Guid.NewGuid(), rich.Project, term, "/compute/" + compute)));
        var refused = await _cluster.Entity("compute", compute).Invoke(new(rich, Model.Compute.Save.ToString(), []));
        Assert.Equal(OutcomeKind.QuotaExceeded, refused.Kind);
        Assert.Contains("100 are the most", refused.Why, StringComparison.Ordinal);
        Assert.True(await Image(terms[0]).Delete());
        Assert.True((await _cluster.Entity("compute", compute).Invoke(new(rich, Model.Compute.Save.ToString(), []))).Ok);
        Assert.True((await _cluster.Entity("compute", compute).Delete(new(rich))).Ok);
    }

    [Fact]
    public async Task A_template_is_pending_until_the_host_has_saved_it_and_then_computes_come_from_it()
    {
        var compute = await Active();
        _host.Held = true;
        var saved = await Save(compute, "hot");
        var template = saved.Template!;
        Assert.Equal((_name, ImageState.Pending, "/compute/" + compute, Me.Project), (template.Term, template.State, template.Origin, template.Project));
        Assert.Equal(("active", $"Saving. The OS template is {_name}."), await Shown(compute));
        var refused = await Create(template);
        Assert.Equal(OutcomeKind.Conflict, refused.Kind);
        Assert.Contains("not ready", refused.Why, StringComparison.Ordinal);
        Assert.Contains("being saved", (await Save(compute)).Why, StringComparison.Ordinal);

        _host.Held = false;
        var order = Assert.Single(_host.Saves);
        Assert.Equal((compute, SaveMethod.Hot), (order.Machine, order.Method));
        Assert.True(await _host.Saved(order));
        Assert.Equal(("active", null), await Shown(compute));
        Assert.Equal((ImageState.Ready, new string('5', 64)), ((await Image(_name).View())!.State, (await Image(_name).View())!.Sha256));
        Assert.Equal(0, await _cluster.Count("SELECT count(*) FROM entity WHERE due IS NOT NULL AND entity_id = $1", compute));

        Assert.Equal(OutcomeKind.Invalid, (await Create(template, Stranger)).Kind);
        var second = await Create(template, attributes: (ImageView.AttributePrefix + "state", "ready"));
        Assert.Equal((OutcomeKind.Created, null), (second.Kind, second.Why));
        Assert.DoesNotContain(second.View!.Attributes.Keys, name => name.StartsWith(ImageView.AttributePrefix, StringComparison.Ordinal));
        await Eventually.Is("the host makes it from the saved disk", () => Task.FromResult(
            _host.Wanted.GetValueOrDefault(second.View.Id) is DesiredMachine { Image.Sha256: ['5', ..], RootDiskBytes: 32 << 20 }));
    }

    [Fact]
    public async Task An_inactive_one_is_saved_as_it_is_and_a_name_that_is_taken_gets_a_number()
    {
        var compute = await Active();
        Assert.True((await Invoke(compute, Model.Compute.Stop)).Ok);
        await StateIs(compute, "inactive");
        foreach (var term in (string[])[_name, _name + "-2", _name + "-3"])
        {
            Assert.Equal(term, (await Save(compute)).Template!.Term);
            await Becomes(term, ImageState.Ready);
            await StateIs(compute, "inactive");
        }
        Assert.All(_host.Saves, order => Assert.Equal(SaveMethod.Deferred, order.Method));
    }

    [Fact]
    public async Task What_cannot_be_saved_says_why()
    {
        var id = Guid.NewGuid();
        Assert.True((await _cluster.Entity("compute", id).Create(new() { Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString() })).Ok);
        await StateIs(id, "active");
        Assert.Contains("no disk", await Refused(id), StringComparison.Ordinal);
        Assert.DoesNotContain(Model.Compute.Save.ToString(), (await _cluster.Entity("compute", id).View(Me))!.Actions);
        var compute = await Active();
        Assert.True((await Invoke(compute, Model.Compute.Suspend)).Ok);
        await StateIs(compute, "suspended");
        Assert.Contains("suspended", await Refused(compute), StringComparison.Ordinal);
        Assert.Null(await Image(_name).View());

        async Task<string?> Refused(Guid of)
        {
            var outcome = await Save(of);
            Assert.Equal((OutcomeKind.Conflict, null), (outcome.Kind, outcome.Template));
            return outcome.Why;
        }
    }

    [Fact]
    public async Task A_host_that_cannot_says_so_in_the_template_and_the_compute_goes_on()
    {
        var compute = await Active();
        _host.SaveFailures.Enqueue(new("no-space", "There is no room.", false, 0));
        await Save(compute);
        await Becomes(_name, ImageState.Error);
        Assert.Equal("There is no room.", (await Image(_name).View())!.Message![^17..]);
        await Eventually.Is("its compute says so, too", async () => await Shown(compute) == ("active", $"It could not be saved as {_name}: There is no room."));
        var refused = await Create((await Image(_name).View())!);
        Assert.Equal(OutcomeKind.Conflict, refused.Kind);
        Assert.Contains("There is no room.", refused.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_save_that_was_pushed_aside_or_may_be_tried_again_is_tried_under_a_new_id()
    {
        var compute = await Active();
        _host.SaveFailures.Enqueue(new("superseded", "Something else was wanted.", false, 0));
        _host.SaveFailures.Enqueue(new("image-store", "No gateway took it.", true, 0));
        await Save(compute);
        await Eventually.Is("it waits to be tried again", async () => (await Shown(compute)).Message?.Contains("No gateway took it.", StringComparison.Ordinal) == true);
        Assert.Equal(ImageState.Pending, (await Image(_name).View())!.State);
        await DueNow();
        await Becomes(_name, ImageState.Ready);
        Assert.Equal(3, _host.Saves.Select(order => order.Operation).Distinct().Count());
        await Eventually.Is("the save is over", async () => await Shown(compute) == ("active", null));   // its template is told first
    }

    [Theory]
    [InlineData("stop", "stopped")]
    [InlineData("delete", "deleted")]
    public async Task A_newer_wish_ends_a_save(string wish, string why)
    {
        var compute = await Active();
        _host.Held = true;
        await Save(compute);
        Assert.True((wish == "stop" ? await Invoke(compute, Model.Compute.Stop) : await _cluster.Entity("compute", compute).Delete(new(Me))).Ok);
        var failed = (await Image(_name).View())!;
        Assert.Equal((ImageState.Error, true), (failed.State, failed.Message!.Contains(why, StringComparison.Ordinal)));
        // The host's late word is no news any more.
        await _host.Saved(_host.Saves.Single());
        Assert.Equal(ImageState.Error, (await Image(_name).View())!.State);
        await _host.Release();
    }

    [Fact]
    public async Task A_guest_that_powers_itself_off_meanwhile_is_saved_and_stays_off()
    {
        var compute = await Active();
        _host.Held = true;
        await Save(compute);
        await _host.Report(_host.Wanted[compute], Power.Off);
        await StateIs(compute, "inactive");
        _host.Held = false;
        await DueNow();
        await Becomes(_name, ImageState.Ready);
        await StateIs(compute, "inactive");
    }

    [Fact]
    public async Task A_save_goes_on_although_every_grain_was_nowhere_and_the_agent_heard_nothing()
    {
        var compute = await Active();
        _host.Held = true;
        await Save(compute);
        await Forget();
        _host.Held = false;
        Assert.True(await _host.Heartbeat());
        await DueNow();
        await Becomes(_name, ImageState.Ready);
        await Eventually.Is("the save is over", async () => await Shown(compute) == ("active", null));   // its template is told first
        // The same operation: an agent that did it already answers from memory.
        Assert.Single(_host.Saves.Select(order => order.Operation).Distinct());
    }

    [Fact]
    public async Task A_silo_that_dies_between_the_template_and_the_compute_is_made_up_for()
    {
        var compute = await Active();
        _host.Held = true;
        await Save(compute);
        // The template was told, the compute's record was not written: then everything was gone.
        Assert.True(await Image(_name).Complete(await SaveId(compute), new(new(new string('7', 64), "qcow2", 4096), 32 << 20)));
        await Forget();
        _host.Held = false;
        Assert.True(await _host.Heartbeat());
        await DueNow();
        await Eventually.Is("the save is over", async () => await Shown(compute) == ("active", null));
        Assert.Equal((ImageState.Ready, new string('7', 64)), ((await Image(_name).View())!.State, (await Image(_name).View())!.Sha256));
    }

    [Fact]
    public async Task A_silo_that_dies_before_the_template_is_made_makes_it_afterwards()
    {
        var compute = await Active();
        _host.Held = true;
        await Save(compute);
        // As the record was before its template was registered, and there is none.
        await Forget();
        Assert.True(await Image(_name).Delete());
        await using (var back = _cluster.Database.CreateCommand(
            "UPDATE entity SET payload = convert_to(jsonb_set(convert_from(payload, 'UTF8')::jsonb, '{record,save,registered}', 'false')::text, 'UTF8') WHERE state_name = 'compute' AND entity_id = $1"))
        {
            back.Parameters.Add(new() { Value = compute });
            Assert.Equal(1, await back.ExecuteNonQueryAsync());
        }
        await Forget();
        _host.Held = false;
        Assert.True(await _host.Heartbeat());
        await DueNow();
        await Becomes(_name, ImageState.Ready);
    }

    [Fact]
    public async Task A_save_that_never_ends_fails_at_its_deadline()
    {
        var compute = await Active();
        _host.SaveFailures.Enqueue(new("", "", false, 0));
        await Save(compute);
        await Eventually.Is("it is over", async () =>
        {
            _host.SaveFailures.Enqueue(new("", "", false, 0));
            _cluster.Clock.Forward(TimeSpan.FromMinutes(10));
            await _host.Heartbeat();
            return (await Image(_name).View())!.State == ImageState.Error;
        });
        Assert.Contains("not done within 120 minutes", (await Image(_name).View())!.Message, StringComparison.Ordinal);
        Assert.Equal("active", (await Shown(compute)).State);
        _host.SaveFailures.Clear();
    }

    private ISweeperGrain Sweeper => _cluster.Grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all"));

    private IImageGrain Image(string term) => _cluster.Grains.GetGrain<IImageGrain>("image/" + term);

    private async Task<Guid> Active()
    {
        var made = await Create((await Image("base").View())!);
        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        await StateIs(made.View!.Id, "active");
        return made.View.Id;
    }

    private Task<Outcome> Create(ImageView template, Caller? caller = null, params (string Name, string Value)[] attributes)
    {
        var id = Guid.NewGuid();
        return _cluster.Entity("compute", id).Create(new()
        {
            Caller = caller ?? Me, Id = id, Kind = Model.Compute.Kind.ToString(), Mixins = [Model.OsTemplate.Mixin.ToString(), template.Mixin],
            Attributes = attributes.ToDictionary(a => a.Name, a => AttributeValue.Of(a.Value)),
        });
    }

    private Task<Outcome> Save(Guid compute, string method = "deferred") => Invoke(compute, Model.Compute.Save, (Model.Compute.SaveMethod, method), (Model.Compute.SaveName, _name));

    private Task<Outcome> Invoke(Guid compute, ActionType action, params (Attr Attr, string Value)[] values) =>
        _cluster.Entity("compute", compute).Invoke(new(Me, action.ToString(), values.ToDictionary(v => v.Attr.Name, v => AttributeValue.Of(v.Value))));

    /// <summary>What the compute's record calls its save.</summary>
    private async Task<Guid> SaveId(Guid compute)
    {
        await using var read = _cluster.Database.CreateCommand(
            "SELECT convert_from(payload, 'UTF8')::jsonb #>> '{record,save,id}' FROM entity WHERE state_name = 'compute' AND entity_id = $1");
        read.Parameters.Add(new() { Value = compute });
        return Guid.Parse((string)(await read.ExecuteScalarAsync())!);
    }

    private async Task<(string State, string? Message)> Shown(Guid compute)
    {
        var attributes = (await _cluster.Entity("compute", compute).View(Me))!.Attributes;
        return (attributes[Model.Compute.State.Name].Text, attributes.TryGetValue(Model.Compute.StateMessage.Name, out var message) ? message.Text : null);
    }

    private Task StateIs(Guid compute, string state) => Eventually.Is($"the compute is {state}", async () => (await Shown(compute)).State == state);

    private Task Becomes(string term, ImageState state) => Eventually.Is($"{term} is {state}", async () => (await Image(term).View())?.State == state);

    /// <summary>Whatever waited for the sweeper is due.</summary>
    private async Task DueNow()
    {
        _cluster.Clock.Forward(TimeSpan.FromSeconds(14));
        Assert.True(await _host.Heartbeat());
    }

    /// <summary>All grains leave memory, as when their silos died; then the sweeper is woken, as every silo does all few seconds.</summary>
    private async Task Forget()
    {
        await _cluster.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        await Sweeper.Wake();
    }
}
