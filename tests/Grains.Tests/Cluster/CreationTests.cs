using Controller.Contracts;
using Controller.Grains.Compute;
using Controller.Grains.Creations;
using Controller.Grains.Persistence;
using Controller.Grains.Sweeping;
using Controller.Testing;
using Occi;
using Model = Occi.Infrastructure;

namespace Controller.Grains.Tests.Cluster;

/// <summary>Requests that create, when whoever carried them out died half-way: what is in the database is all that is left of them.</summary>
public sealed class CreationTests(SweeperTests.Swept cluster) : IClassFixture<SweeperTests.Swept>, IAsyncLifetime
{
    private static readonly Caller Me = new(WellKnown.DefaultProject, Role.Member, "tester");
    private ScriptedAgent _host = null!;   // set by InitializeAsync

    public async Task InitializeAsync()
    {
        await cluster.Grains.GetGrain<ISweeperGrain>(GrainId.Create("sweeper", "sweeper/all")).Wake();
        _host = await cluster.Host();
    }

    public Task DisposeAsync() => cluster.Retire(_host);

    [Fact]
    public async Task Its_repeat_goes_on_with_the_same_ids()
    {
        var request = Request(Compute(), Compute());
        await Make(request.Entities[0]);
        var creation = await LeftHalfDone(request);
        var progress = await cluster.Grains.CreationOf(creation).Create(Request(Compute(), Compute()));
        Assert.Equal(CreationStatus.Done, progress.Status);
        Assert.Equal(request.Shown, progress.Entities.Select(e => e.Id));
        Assert.True((await cluster.Grains.CreationOf(creation).Recall("request"))!.Before);
        Assert.Equal(CreationStatus.OtherRequest, (await cluster.Grains.CreationOf(creation).Recall("another"))!.Status);
        await Delete(request);
    }

    [Fact]
    public async Task What_nobody_repeats_the_sweeper_finishes()
    {
        var request = Request(Network(), Network());
        var creation = await LeftHalfDone(request);
        cluster.Clock.Forward(TimeSpan.FromSeconds(31));
        await Eventually.Is("all are there", async () => (await cluster.Entity("network", request.Shown[1]).View(Me)) is not null);
        await Eventually.Is("it is done", async () => await Phase(creation, "done") == 1);
        // And forgotten, when its time has come.
        cluster.Clock.Forward(TimeSpan.FromHours(25));
        await Eventually.Is("it is forgotten", async () => await cluster.Count("SELECT count(*) FROM entity WHERE state_name = 'creation' AND entity_id = $1", creation) == 0);
        await Delete(request);
    }

    [Fact]
    public async Task What_cannot_be_is_taken_back_but_for_what_was_there_before()
    {
        var request = Request(Network() with { Existed = true }, Network(), Compute(memory: 4000));
        await Make(request.Entities[0]);
        await Make(request.Entities[1]);
        var creation = await LeftHalfDone(request);
        cluster.Clock.Forward(TimeSpan.FromSeconds(31));
        await Eventually.Is("it is taken back", async () =>
            await cluster.Count("SELECT count(*) FROM entity WHERE state_name = 'creation' AND entity_id = $1", creation) == 0
            && await cluster.Entity("network", request.Shown[1]).View(Me) is null);
        Assert.NotNull(await cluster.Entity("network", request.Shown[0]).View(Me));
        Assert.Null(await cluster.Entity("compute", request.Shown[2]).View(Me));
        Assert.True((await cluster.Entity("network", request.Shown[0]).Delete(new(Me))).Ok);
    }

    [Fact]
    public async Task A_refusal_says_where_and_is_not_remembered()
    {
        var creation = cluster.Grains.CreationOf(Guid.NewGuid());
        var refused = await creation.Create(Request(Compute(), Compute(memory: 4000)));
        Assert.Equal((CreationStatus.Refused, OutcomeKind.NoCapacity, "$.resources[1]"), (refused.Status, refused.Why!.Kind, refused.Where));
        Assert.Null(await creation.Recall("request"));
        var request = Request(Compute());
        Assert.Equal(CreationStatus.Done, (await creation.Create(request)).Status);
        await Delete(request);
    }

    [Fact]
    public async Task A_compute_that_was_being_placed_is_placed_by_whoever_asks_again()
    {
        var planned = Compute();
        var now = cluster.Clock.GetUtcNow();
        await Write("compute", planned.Command.Id, new Stored<ComputeRecord, EntityView>
        {
            Record = new()
            {
                Id = planned.Command.Id, Project = Me.Project, CreatedBy = "tester", Created = now, Phase = ComputePhase.Placing, Incarnation = Guid.NewGuid(),
                Operation = Entities.Operation.Begin("create", now, TimeSpan.FromMinutes(3)),
            },
            Index = new() { EntityId = planned.Command.Id, Project = Me.Project, Listed = false },
        });
        Assert.Equal(OutcomeKind.Created, (await cluster.Entity("compute", planned.Command.Id).Create(planned.Command)).Kind);
        Assert.True((await cluster.Entity("compute", planned.Command.Id).Delete(new(Me))).Ok);
    }

    private static PlannedEntity Compute(decimal memory = 0.5m)
    {
        var id = Guid.NewGuid();
        return new("compute", new()
        {
            Caller = Me, Id = id, Kind = Model.Compute.Kind.ToString(), Attributes = new() { [Model.Compute.Memory.Name] = AttributeValue.Of(memory) },
        });
    }

    // Whose creation needs no host: putting the clock forward makes hosts unreachable.
    private static PlannedEntity Network()
    {
        var id = Guid.NewGuid();
        return new("network", new() { Caller = Me, Id = id, Kind = Model.Network.Kind.ToString() });
    }

    private static CreationRequest Request(params PlannedEntity[] entities) => new()
    {
        Project = Me.Project, Fingerprint = "request", Remember = TimeSpan.FromHours(24), Shown = [.. entities.Select(e => e.Command.Id)],
        Entities = [.. entities.Select((e, i) => e with { Where = $"$.resources[{i}]" })],
    };

    private async Task Make(PlannedEntity planned) => Assert.Equal(OutcomeKind.Created, (await cluster.Entity(planned.Term, planned.Command.Id).Create(planned.Command)).Kind);

    /// <summary>What a silo has written when it dies after it has begun.</summary>
    private async Task<Guid> LeftHalfDone(CreationRequest request)
    {
        var id = Guid.NewGuid();
        var now = cluster.Clock.GetUtcNow();
        var record = new CreationRecord
        {
            Id = id, Project = request.Project, Fingerprint = request.Fingerprint, Started = now, Phase = CreationPhase.Creating, Entities = request.Entities,
            Shown = request.Shown, Remember = request.Remember, Due = now + TimeSpan.FromSeconds(30),
        };
        await Write("creation", id, new Stored<CreationRecord, EntityView> { Record = record, Index = CreationRecord.Index(record) });
        return id;
    }

    private async Task Write<TRecord>(string term, Guid id, Stored<TRecord, EntityView> stored)
        where TRecord : class
    {
        await using var find = cluster.Database.CreateCommand("SELECT QueryText FROM OrleansQuery WHERE QueryKey = 'WriteToStorageKey'");
        await using var command = cluster.Database.CreateCommand((string)(await find.ExecuteScalarAsync())!);
        command.Parameters.Add(new("GrainTypeString", term));
        command.Parameters.Add(new("GrainIdExtensionString", GrainKeys.Of(term, id)));
        command.Parameters.Add(new("GrainStateVersion", NpgsqlTypes.NpgsqlDbType.Integer) { Value = DBNull.Value });
        command.Parameters.Add(new("PayloadBinary", new RecordSerializer().Serialize(stored).ToArray()));
        Assert.Equal(1, await command.ExecuteScalarAsync());
    }

    private Task<long> Phase(Guid creation, string phase) =>
        cluster.Count($"SELECT count(*) FROM entity WHERE state_name = 'creation' AND state = '{phase}' AND entity_id = $1", creation);

    private async Task Delete(CreationRequest request)
    {
        foreach (var planned in request.Entities)
            Assert.True((await cluster.Entity(planned.Term, planned.Command.Id).Delete(new(Me))).Ok);
    }
}
