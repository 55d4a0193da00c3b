using Controller.Contracts;
using Controller.Grains.Persistence;
using Controller.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Storage;
using Stored = Controller.Grains.Persistence.Stored<Controller.Grains.Network.NetworkRecord, Controller.Contracts.EntityView>;

namespace Controller.Grains.Tests.Postgres;

/// <summary>What grains are promised of their records, by the provider that groups writes and by Orleans' own: the same, in the same rows.</summary>
[Collection("database")]
public sealed class RecordStorageTests(DatabaseFixture fixture) : IAsyncLifetime
{
    private const string Kind = "network";
    private readonly Dictionary<bool, (IHost Host, IGrainStorage Records)> _providers = [];

    public Task InitializeAsync()
    {
        foreach (var grouped in (bool[])[true, false])
        {
            var builder = Host.CreateApplicationBuilder();
            builder.Services.AddSingleton(fixture.Database);
            builder.UseOrleans(silo =>
            {
                silo.UseLocalhostClustering();
                SiloHost.AddRecords(silo, fixture.Database, grouped);
            });
            var host = builder.Build();
            _providers[grouped] = (host, host.Services.GetRequiredKeyedService<IGrainStorage>("entities"));
        }
        return Start();
    }

    public async Task DisposeAsync()
    {
        foreach (var (host, _) in _providers.Values)
        {
            if (host is IAsyncDisposable disposable)
                await disposable.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_record_is_written_read_and_deleted(bool grouped)
    {
        var records = _providers[grouped].Records;
        var (id, grain) = New();
        var none = new GrainState<Stored>();
        await records.ReadStateAsync(Kind, grain, none);
        Assert.Equal((false, null), (none.RecordExists, none.ETag));
        Assert.Null(none.State!.Record);

        var written = Row(id, "first");
        await records.WriteStateAsync(Kind, grain, written);
        Assert.Equal((true, "1"), (written.RecordExists, written.ETag));
        written.State!.Index = written.State!.Index with { Title = "second" };
        await records.WriteStateAsync(Kind, grain, written);
        var read = new GrainState<Stored>();
        await records.ReadStateAsync(Kind, grain, read);
        Assert.Equal((true, "2", "second"), (read.RecordExists, read.ETag, read.State!.Index.Title));

        await records.ClearStateAsync(Kind, grain, read);
        Assert.Equal((false, null), (read.RecordExists, read.State!.Record));
        Assert.Empty(await fixture.Rows("SELECT 1 FROM entity WHERE entity_id = $1", id));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_has_moved_on_is_neither_written_nor_deleted(bool grouped)
    {
        var records = _providers[grouped].Records;
        var (id, grain) = New();
        var (mine, others, late) = (Row(id, "mine"), new GrainState<Stored>(), Row(id, "late"));
        await records.WriteStateAsync(Kind, grain, mine);
        await records.ReadStateAsync(Kind, grain, others);
        others.State!.Index = others.State!.Index with { Title = "others" };
        await records.WriteStateAsync(Kind, grain, others);
        await Assert.ThrowsAsync<InconsistentStateException>(() => records.WriteStateAsync(Kind, grain, mine));
        await Assert.ThrowsAsync<InconsistentStateException>(() => records.ClearStateAsync(Kind, grain, mine));
        await Assert.ThrowsAsync<InconsistentStateException>(() => records.WriteStateAsync(Kind, grain, late));   // it is there already
        Assert.Equal(["others"], await fixture.Rows("SELECT title FROM entity WHERE entity_id = $1", id));
        await records.ClearStateAsync(Kind, grain, others);
    }

    [Fact]
    public async Task Both_write_the_same_row()
    {
        var index = new EntityIndex
        {
            Project = WellKnown.DefaultProject, Source = Guid.NewGuid(), Target = Guid.NewGuid(), State = "active", Host = Guid.NewGuid(), Title = "a \"title\"", Mixins = ["b", "a"], Listed = false,
            Due = TimeProvider.System.GetUtcNow(), Cores = 3, Memory = 1L << 40, Disk = 7,
        };
        const string Columns = "SELECT (to_jsonb(e) - 'id' - 'seq' - 'modified' - 'entity_id' - 'payload')::text FROM entity e WHERE entity_id = $1";
        var rows = new List<string>();
        foreach (var grouped in (bool[])[true, false])
        {
            var (id, grain) = New();
            var row = Row(id, "");
            row.State!.Index = index with { EntityId = id };
            await _providers[grouped].Records.WriteStateAsync(Kind, grain, row);
            rows.AddRange(await fixture.Rows(Columns, id));
            await _providers[grouped].Records.WriteStateAsync(Kind, grain, row);
            rows.AddRange(await fixture.Rows(Columns, id));
            await _providers[grouped].Records.ClearStateAsync(Kind, grain, row);
        }
        Assert.Equal(rows[..2], rows[2..]);
        Assert.Contains("\"cores\": 3", rows[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_at_once_are_told_each_its_own_outcome()
    {
        var records = _providers[true].Records;
        var all = Enumerable.Range(0, 300).Select(_ => New()).ToArray();
        var states = all.Select((n, number) => Row(n.Id, $"number {number}")).ToArray();
        // Every tenth cannot be written, and every seventh is there already.
        for (var number = 0; number < all.Length; number += 10)
            states[number].State!.Index = states[number].State!.Index with { Title = "\0" };   // text in PostgreSQL has none
        for (var number = 1; number < all.Length; number += 7)
            await _providers[false].Records.WriteStateAsync(Kind, all[number].Grain, Row(all[number].Id, "before"));
        var ended = await Task.WhenAll(all.Select((n, number) => Record.ExceptionAsync(() => records.WriteStateAsync(Kind, n.Grain, states[number]))));
        for (var number = 0; number < all.Length; number++)
        {
            if (number % 10 == 0)
                Assert.IsType<Npgsql.PostgresException>(ended[number]);
            else if (number % 7 == 1)
                Assert.IsType<InconsistentStateException>(ended[number]);
            else
                Assert.Null(ended[number]);
        }
        foreach (var (id, title) in all.Select((n, number) => (n.Id, number % 7 == 1 ? "before" : number % 10 == 0 ? null : $"number {number}")))
        {
            Assert.Equal(title is null ? [] : [title], await fixture.Rows("SELECT title FROM entity WHERE entity_id = $1", id));
            await fixture.Execute("DELETE FROM entity WHERE entity_id = $1", id);
        }
    }

    [Fact]
    public async Task One_of_two_writes_of_a_record_at_the_same_time_wins()
    {
        var records = _providers[true].Records;
        for (var round = 0; round < 20; round++)
        {
            var (id, grain) = New();
            var both = (GrainState<Stored>[])[Row(id, "one"), Row(id, "two")];
            foreach (var _ in both)   // a new one, and then a change of it
            {
                var ended = await Task.WhenAll(both.Select(s => Record.ExceptionAsync(() => records.WriteStateAsync(Kind, grain, s))));
                var winner = Assert.Single(both.Zip(ended), e => e.Second is null).First;
                Assert.IsType<InconsistentStateException>(Assert.Single(ended, e => e is not null));
                Assert.Equal([winner.State!.Index.Title!], await fixture.Rows("SELECT title FROM entity WHERE entity_id = $1", id));
                both[0].ETag = both[1].ETag = winner.ETag;
            }
            await records.ClearStateAsync(Kind, grain, both[0]);
        }
    }

    private async Task Start()
    {
        var stop = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        foreach (var (_, records) in _providers.Values)
        {
            var lifecycle = new Lifecycle();
            ((ILifecycleParticipant<ISiloLifecycle>)records).Participate(lifecycle);
            foreach (var part in lifecycle.Parts)
                await part.OnStart(stop.Token);
        }
    }

    private static (Guid Id, GrainId Grain) New()
    {
        var id = Guid.NewGuid();
        return (id, GrainId.Create(Kind, GrainKeys.Of(Kind, id)));
    }

    private static GrainState<Stored> Row(Guid id, string title) =>
        new(new() { Index = new() { EntityId = id, Project = WellKnown.DefaultProject, Title = title, Listed = false } });

    /// <summary>What a silo does with its parts when it starts, for one part.</summary>
    private sealed class Lifecycle : ISiloLifecycle
    {
        public List<ILifecycleObserver> Parts { get; } = [];

        public int HighestCompletedStage => 0;

        public int LowestStoppedStage => 0;

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            Parts.Add(observer);
            return new MemoryStream();
        }
    }
}
