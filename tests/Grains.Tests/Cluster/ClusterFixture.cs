using Controller.Contracts;
using Controller.Grains.Availability;
using Controller.Grains.Restoring;
using Controller.Silo;
using Controller.Silo.Images;
using Controller.Silo.Postgres;
using Controller.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Occi.Declared;
using Orleans.TestingHost;

namespace Controller.Grains.Tests.Cluster;

/// <summary>Two silos in this process, on a real PostgreSQL of their own.</summary>
public class ClusterFixture : IAsyncLifetime
{
    private PrivatePostgres _postgres = null!;   // set by InitializeAsync, as the others
    private InProcessTestCluster _cluster = null!;
    private readonly DirectoryInfo _images = Directory.CreateTempSubdirectory("occi-images-");

    // A host's grain writes its row whenever it has news.
    private const string RetiredStayAway =
        """
        CREATE TABLE retired (host uuid PRIMARY KEY);
        CREATE FUNCTION stay_away() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN
            IF EXISTS (SELECT FROM retired WHERE host = NEW.entity_id) THEN NEW.state := 'unreachable'; END IF;
            RETURN NEW;
        END
        $f$;
        CREATE TRIGGER entity_stays_away BEFORE UPDATE ON entity FOR EACH ROW WHEN (NEW.state_name = 'host') EXECUTE FUNCTION stay_away();
        """;

    public NpgsqlDataSource Database { get; private set; } = null!;

    public IGrainFactory Grains => _cluster.Client;

    /// <summary>What the grains take for the time.</summary>
    protected virtual TimeProvider Time => TimeProvider.System;

    protected virtual AvailabilityOptions Availability => new();

    /// <summary>The kinds that the silos know.</summary>
    protected virtual DeclaredModel Model => DeclaredModel.Standard;

    public async Task InitializeAsync()
    {
        // What scripted agents say that they have saved.
        foreach (var digit in "57")
            await File.WriteAllTextAsync(Path.Combine(_images.FullName, new(digit, 64)), "saved");
        _postgres = await PrivatePostgres.Start();
        Database = SiloHost.Database(await _postgres.CreateDatabase());
        await new Migrator(Database, NullLogger<Migrator>.Instance).Apply(CancellationToken.None);
        await Execute(RetiredStayAway);
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((_, silo) =>
        {
            SiloHost.AddRecords(silo, Database);
            silo.Services.AddSingleton(Time);
            SiloHost.AddDatabase(silo.Services, Database, new(), Availability);
            silo.Services.AddSingleton(Model);
            silo.Services.AddImages(new() { Directory = _images.FullName });
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await Database.DisposeAsync();
        await _postgres.DisposeAsync();
        _images.Delete(recursive: true);
    }

    /// <summary>The database was set back, as far as the silos know: what there is now is from before.</summary>
    internal void Restored(long era)
    {
        foreach (var silo in _cluster.Silos)
            silo.ServiceProvider.GetRequiredService<Restoration>().Note(era, Time.GetUtcNow(), Time.GetUtcNow());
    }

    public IEntityGrain Entity(string term, Guid id) => Grains.Entity(term, id);

    internal IHostGrain Grain(Guid host) => Grains.GetGrain<IHostGrain>(GrainId.Create("host", GrainKeys.Of("host", host)));

    /// <summary>A connected host whose agent does at once what it is told, unless a test holds it.</summary>
    internal async Task<ScriptedAgent> Host(
        int cores = 8, long memory = 16L << 30, long disk = 100L << 30, string? underlay = null, HostPool[]? pools = null, params string[] features)
    {
        var id = Guid.NewGuid();
        var grain = Grain(id);
        await grain.Enrol("host-" + id.ToString("N")[..6], "00");
        var agent = new ScriptedAgent(
            id, grain, Grains, new("simulated", "a script", cores, memory, disk, "x64", features) { UnderlayAddress = underlay, PeerEndpoint = "127.0.0.1:1", Pools = pools ?? [] });
        await agent.Connect();
        return agent;
    }

    /// <summary>Only one host is up at a time in a test: the others would take its machines.</summary>
    internal async Task Retire(ScriptedAgent agent)
    {
        await Execute("INSERT INTO retired VALUES ($1) ON CONFLICT DO NOTHING", agent.Id);
        await Execute("UPDATE entity SET state = 'unreachable' WHERE state_name = 'host' AND entity_id = $1", agent.Id);
    }

    private async Task Execute(string sql, params Guid[] about)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var id in about)
            command.Parameters.Add(new() { Value = id });
        await command.ExecuteNonQueryAsync();
    }

    public async Task<long> Count(string sql, Guid about)
    {
        await using var command = Database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = about });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}

[CollectionDefinition("cluster")]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>;
