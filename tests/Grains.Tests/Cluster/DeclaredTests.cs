using Controller.Contracts;
using Controller.Grains.Sweeping;
using Controller.Testing;
using Occi;
using Occi.Core;
using Occi.Declared;

namespace Controller.Grains.Tests.Cluster;

/// <summary>Entities of kinds that data files declare, on a real PostgreSQL: in a cluster of its own, whose silos know the shipped extensions.</summary>
public sealed class DeclaredTests(DeclaredTests.Extended cluster) : IClassFixture<DeclaredTests.Extended>
{
    private const string Sla = "http://schemas.ogf.org/occi/sla#", Platform = "http://schemas.ogf.org/occi/platform#";
    private const string State = "occi.agreement.state";
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private static readonly Caller Stranger = new(Guid.NewGuid(), Role.Member, "stranger");

    [Fact]
    public async Task A_creation_is_repeated_by_its_id()
    {
        var (id, first) = await Create("agreement", Sla);
        Assert.Equal((OutcomeKind.Created, "Pending"), (first.Kind, first.View!.Attributes[State].Text));
        var again = await cluster.Entity("agreement", id).Create(Command(id, Sla + "agreement"));
        Assert.Equal((OutcomeKind.AlreadyDone, first.View.Version), (again.Kind, again.View!.Version));
        Assert.Equal(OutcomeKind.Conflict, (await cluster.Entity("agreement", id).Create(Command(id, Sla + "agreement") with { Caller = Stranger })).Kind);
        Assert.Equal(1, await cluster.Count("SELECT count(*) FROM entity WHERE state_name = 'agreement' AND state = 'Pending' AND entity_id = $1", id));
    }

    [Fact]
    public async Task A_stranger_finds_nothing()
    {
        var grain = cluster.Entity("agreement", (await Create("agreement", Sla)).Id);
        Assert.Null(await grain.View(Stranger));
        Assert.Equal(OutcomeKind.NotFound, (await grain.Update(new() { Caller = Stranger })).Kind);
        Assert.Equal(OutcomeKind.NotFound, (await grain.Invoke(new(Stranger, Sla + "accept", []))).Kind);
        Assert.Equal(OutcomeKind.NotFound, (await grain.Delete(new(Stranger))).Kind);
    }

    [Fact]
    public async Task Actions_follow_the_table_and_outlive_the_silo()
    {
        var (id, _) = await Create("agreement", Sla);
        var grain = cluster.Entity("agreement", id);
        Assert.Equal(OutcomeKind.Conflict, (await grain.Invoke(new(Me, Sla + "resume", []))).Kind);
        var accepted = await grain.Invoke(new(Me, Sla + "accept", []));
        Assert.Equal((OutcomeKind.Done, "Accepted"), (accepted.Kind, accepted.View!.Attributes[State].Text));
        Assert.Equal([Sla + "suspend", Sla + "terminate"], accepted.View.Actions);
        Assert.Equal(OutcomeKind.AlreadyDone, (await grain.Invoke(new(Me, Sla + "accept", []))).Kind);
        Assert.Equal(OutcomeKind.Invalid, (await grain.Invoke(new(Me, Platform + "start", []))).Kind);

        await cluster.Forget();
        var view = (await grain.View(Me))!;
        Assert.Equal(("Accepted", true), (view.Attributes[State].Text, view.Attributes.ContainsKey("occi.agreement.agreedAt")));
        Assert.Equal(1, await cluster.Count("SELECT count(*) FROM entity WHERE state_name = 'agreement' AND state = 'Accepted' AND entity_id = $1", id));
    }

    [Fact]
    public async Task An_update_is_of_the_version_that_it_was_decided_on_and_never_of_the_state()
    {
        var (id, made) = await Create("agreement", Sla);
        var grain = cluster.Entity("agreement", id);
        var update = new UpdateEntity
        {
            Caller = Me, IfVersion = made.View!.Version,
            Attributes = new() { [CoreKinds.Title.Name] = AttributeValue.Of("gold"), [State] = AttributeValue.Of("Accepted") },
        };
        var done = await grain.Update(update);
        Assert.Equal((OutcomeKind.Done, "gold", "Pending"), (done.Kind, done.View!.Attributes[CoreKinds.Title.Name].Text, done.View.Attributes[State].Text));
        Assert.Equal(OutcomeKind.Conflict, (await grain.Update(update)).Kind);
        Assert.Equal(OutcomeKind.Conflict, (await grain.Delete(new(Me, made.View.Version))).Kind);
        Assert.Equal(OutcomeKind.Done, (await grain.Delete(new(Me, done.View.Version))).Kind);
        await Gone(id);
    }

    [Fact]
    public async Task A_link_has_ends_that_its_caller_sees_and_they_stay()
    {
        var (application, component) = ((await Create("application", Platform)).Id, (await Create("component", Platform)).Id);
        foreach (var (source, target, why) in new[]
        {
            ($"/component/{Guid.NewGuid()}", $"/component/{component}", "there is no component"),
            ($"/application/{application}", $"/application/{application}", "a component was wanted"),
            ($"/application/{application}", "https://other.example/component/1", "a component of this cloud was wanted"),
            ($"/application/{application}", $"urn:uuid:{application}", "there is no component"),
        })
        {
            var refused = await Link(Me, source, target);
            Assert.Equal(OutcomeKind.Invalid, refused.Outcome.Kind);
            Assert.Contains(why, refused.Outcome.Why, StringComparison.Ordinal);
            await Gone(refused.Id);
        }
        Assert.Equal(OutcomeKind.Invalid, (await Link(Stranger, $"/application/{application}", $"/component/{component}")).Outcome.Kind);

        var (id, made) = await Link(Me, $"urn:uuid:{application}", $"/component/{component}");
        Assert.Equal((OutcomeKind.Created, null), (made.Kind, made.Why));
        Assert.Equal($"/application/{application}", made.View!.Attributes[CoreKinds.Source.Name].Text);
        Assert.Equal(Platform + "component", made.View.Attributes[CoreKinds.TargetKind.Name].Text);
        Assert.Equal(1, await cluster.Count("SELECT count(*) FROM entity WHERE state_name = 'componentlink' AND source IS NOT NULL AND target IS NOT NULL AND entity_id = $1", id));
        var moved = await cluster.Entity("componentlink", id).Update(new() { Caller = Me, Attributes = new() { [CoreKinds.Target.Name] = AttributeValue.Of($"/component/{Guid.NewGuid()}") } });
        Assert.Equal(OutcomeKind.Forbidden, moved.Kind);
        var echoed = await cluster.Entity("componentlink", id).Update(new() { Caller = Me, Attributes = new(made.View.Attributes) });
        Assert.Equal((OutcomeKind.Done, $"/component/{component}"), (echoed.Kind, echoed.View!.Attributes[CoreKinds.Target.Name].Text));
    }

    /// <summary>Whoever was to take the links away has died: the inventory knows.</summary>
    [Fact]
    public async Task A_link_goes_with_its_source_although_nobody_tells_it()
    {
        await cluster.Grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();
        var (application, component) = ((await Create("application", Platform)).Id, (await Create("component", Platform)).Id);
        var (doomed, _) = await Link(Me, $"/application/{application}", $"/component/{component}");
        var (kept, _) = await Link(Me, $"/component/{component}", $"/component/{component}");
        Assert.True((await cluster.Entity("application", application).Delete(new(Me))).Ok);
        Assert.NotNull(await cluster.Entity("componentlink", doomed).View(Me));
        cluster.Clock.Forward(TimeSpan.FromSeconds(11));
        await Gone(doomed);
        Assert.NotNull(await cluster.Entity("componentlink", kept).View(Me));
        await cluster.Entity("componentlink", kept).Reconcile();
        Assert.NotNull(await cluster.Entity("componentlink", kept).View(Me));
    }

    [Fact]
    public async Task What_the_silo_does_not_know_is_unavailable_and_changes_nothing()
    {
        var id = Guid.NewGuid();
        var outcome = await cluster.Entity("licence", id).Create(Command(id, "http://example.com/occi/licences#licence"));
        Assert.Equal(OutcomeKind.Unavailable, outcome.Kind);
        Assert.Contains("does not know the kind http://example.com/occi/licences#licence", outcome.Why, StringComparison.Ordinal);
        Assert.Equal(OutcomeKind.Unavailable, (await cluster.Entity("agreement", id).Create(Command(id, "http://example.com/other#agreement"))).Kind);
        Assert.Null(await cluster.Entity("licence", id).View(Me));
        await Gone(id);
    }

    /// <summary>Rows of a declared kind are known by its term: it must be no grain's and no state's.</summary>
    [Fact]
    public void Terms_of_grains_are_taken()
    {
        var taken = typeof(Persistence.RecordSerializer).Assembly.GetTypes().SelectMany(t => t.CustomAttributes).Where(a => a.AttributeType == typeof(GrainTypeAttribute))
            .Select(a => (string)a.ConstructorArguments[0].Value!).ToList();
        Assert.Contains("declared", taken);
        Assert.All(taken, term => Assert.Contains("which is taken", Assert.Single(ModelLoader.Load([new("x", $$"""
            {"kinds":[{"term":"{{term}}","scheme":"http://example.com/x#","title":"X","parent":"http://schemas.ogf.org/occi/core#resource","location":"/x/"}]}
            """)]).Problems).Message, StringComparison.Ordinal));
    }

    private static CreateEntity Command(Guid id, string kind) => new() { Caller = Me, Id = id, Kind = kind };

    private async Task<(Guid Id, Outcome Outcome)> Create(string term, string scheme)
    {
        var id = Guid.NewGuid();
        var outcome = await cluster.Entity(term, id).Create(Command(id, scheme + term));
        Assert.Equal((OutcomeKind.Created, null), (outcome.Kind, outcome.Why));
        return (id, outcome);
    }

    private async Task<(Guid Id, Outcome Outcome)> Link(Caller caller, string source, string target)
    {
        var id = Guid.NewGuid();
        return (id, await cluster.Entity("componentlink", id).Create(Command(id, Platform + "componentlink") with
        {
            Caller = caller,
            Attributes = new() { [CoreKinds.Source.Name] = AttributeValue.Of(source), [CoreKinds.Target.Name] = AttributeValue.Of(target) },
        }));
    }

    private Task Gone(Guid id) => Eventually.Is(
        $"nothing is left of {id}", async () => await cluster.Count("SELECT count(*) FROM entity WHERE entity_id = $1", id) == 0);

    public sealed class Extended : ClusterFixture
    {
        internal PutForward Clock { get; } = new();

        protected override TimeProvider Time => Clock;

        protected override DeclaredModel Model { get; } = ModelDirectory.Load(Path.Combine(Repository.Root, "deploy", "extensions"));

        /// <summary>All grains leave memory, as when their silos died.</summary>
        public Task Forget() => Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
    }
}
