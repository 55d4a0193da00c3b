using System.Net;
using Controller.Contracts;
using Controller.Grains.Availability;
using Controller.Grains.Consoles;
using Controller.Grains.Mixins;
using Controller.Grains.Persistence;
using Controller.Grains.Placement;
using Controller.Grains.Restoring;
using Controller.Grains.Sweeping;
using Controller.Silo.Cluster;
using Controller.Silo.Events;
using Controller.Silo.Fences;
using Controller.Silo.Gateway;
using Controller.Silo.Identity;
using Controller.Silo.Images;
using Controller.Silo.Postgres;
using Controller.Silo.Statistics;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Npgsql;
using Occi.Declared;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Storage;

namespace Controller.Silo;

/// <summary>Composition root: everything that a silo is made of.</summary>
public static class SiloHost
{
    public const string Cluster = "controller";

    /// <param name="args">Settings on the command line.</param>
    /// <param name="time">What its parts go by. Default: the system's clock.</param>
    /// <param name="own">What a program of its own puts beside or in the place of the silo's services. The shipped program has none.</param>
    /// <param name="alone">Whether it is all of its process, of which systemd wants to know.</param>
    public static WebApplication Build(string[] args, TimeProvider? time = null, Action<IServiceCollection>? own = null, bool alone = true)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        if (Environment.GetEnvironmentVariable("CONTROLLER_CONFIG") is { Length: > 0 } file)
            builder.Configuration.AddJsonFile(Path.GetFullPath(file), optional: false).AddEnvironmentVariables().AddCommandLine(args);
        var settings = SiloSettings.Read(builder.Configuration);
        var self = new OwnSilo();
        var database = Database(settings.ConnectionString, self);

        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<TimeProvider>(new SteadyClock(time ?? TimeProvider.System));
        AddDatabase(builder.Services, database, settings.Placement, settings.Availability);
        builder.Services.AddSingleton(ModelDirectory.Load(settings.Model.Directory));
        builder.Services.AddSingleton<FirstIdentity>();
        builder.Services.AddImages(settings.Images);
        builder.Services.AddEvents(settings.Events, settings.Webhooks);
        builder.Services.AddSingleton(settings.Pki);
        var authority = new CertificateAuthority(settings.Pki, TimeProvider.System);   // now: Orleans needs it before there are services
        builder.Services.AddSingleton(_ => authority);   // made known this way, it ends with the others
        builder.Services.AddSingleton<GatewayDirectory>();
        builder.Services.AddSingleton<HostsSeen>();
        builder.Services.AddSingleton<SiloHealth>();
        builder.Services.AddGrpc(o => o.MaxReceiveMessageSize = 16 * 1024 * 1024);
        builder.Services.AddTelemetry(builder.Configuration, "controller-silo", settings.Silo.Name, settings.Metrics);
        builder.Services.AddSingleton<MachineMeter>().AddSingleton<MachineSamples>().AddHostedService<SamplePruning>();
        builder.Host.UseOrleans(silo => Orleans(silo, settings, database, authority));
        builder.Services.AddHostedService(s => s.GetRequiredService<GatewayDirectory>());   // after Orleans: they call grains
        builder.Services.AddHostedService<ImageImporter>().AddHostedService<ImageSweeper>();
        builder.Services.AddHostedService<EventPublisher>().AddHostedService<EventPruning>().AddHostedService<WebhookDelivery>();
        if (alone)
            Systemd.Notifier.AddTo(builder.Services);
        builder.WebHost.ConfigureKestrel((_, kestrel) => Listen(kestrel, settings));

        own?.Invoke(builder.Services);
        var app = builder.Build();
        self.Is(app.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress);
        app.MapGrpcService<AgentGatewayService>().RequireHost($"*:{settings.AgentGateway.Port}");
        app.MapGet("/health/live", () => Results.Text("live"));
        app.MapGet("/health/ready", (SiloHealth health) => health.Ready());
        return app;
    }

    /// <summary>Brings the tables up to date and starts it; it is to be waited for, or stopped.</summary>
    public static async Task Start(WebApplication silo)
    {
        await silo.Services.GetRequiredService<Migrator>().Apply(CancellationToken.None);   // before Orleans reads its queries
        await silo.StartAsync();
        await silo.Services.GetRequiredService<FirstIdentity>().Ensure(silo.Lifetime.ApplicationStopping);
    }

    /// <summary>One pool of connections per process, for Orleans and ourselves. The settings are worth a factor of two on small statements.</summary>
    /// <param name="connectionString">Where PostgreSQL is.</param>
    /// <param name="self">Who writes. Null: no silo.</param>
    internal static NpgsqlDataSource Database(string connectionString, OwnSilo? self = null)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            MaxAutoPrepare = 200,   // more than there are statements: with fewer, one would drive out the other
            AutoPrepareMinUsages = 2,
            Options = "-c plan_cache_mode=force_generic_plan -c jit=off",   // what is asked thousands of times is planned once; with arrays PostgreSQL would plan it each time
            NoResetOnClose = true,   // and so that what a connection was told once stays
            MaxPoolSize = 32,
            Timeout = 5,
            CommandTimeout = 15,
            ApplicationName = "controller-silo",
        };
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        if (self is not null)
            builder.UsePhysicalConnectionInitializer(self.Introduce, self.IntroduceAsync);
        return builder.Build();
    }

    /// <summary>What grains ask of PostgreSQL beside their own records.</summary>
    internal static void AddDatabase(IServiceCollection services, NpgsqlDataSource database, PlacementOptions placement, AvailabilityOptions availability)
    {
        services.AddSingleton(database);
        services.AddSingleton(s => new DatabaseClock(database, s.GetRequiredService<TimeProvider>()));
        services.AddHostedService(s => s.GetRequiredService<DatabaseClock>());
        services.AddSingleton(placement);
        services.AddSingleton<IClaims, PostgresClaims>();
        services.AddSingleton<IUnfinished, PostgresUnfinished>();
        services.AddSingleton<IMixinMembers, PostgresMixinMembers>();
        services.AddSingleton<IConsoleTickets, PostgresConsoleTickets>();
        services.AddSingleton<IAvailableMachines, PostgresAvailableMachines>();
        services.AddSingleton<IUnmanagedMachines, PostgresUnmanagedMachines>();
        services.AddSingleton(availability);
        services.AddSingleton<IFence, RedfishFence>();
        services.AddSingleton<IFence, CommandFence>();
        services.AddSingleton<Restoration>().AddSingleton<Migrator>();
    }

    /// <summary>Records and reminders in PostgreSQL.</summary>
    /// <param name="silo">What it is a part of.</param>
    /// <param name="database">PostgreSQL.</param>
    /// <param name="grouped">Whether writes share commits.</param>
    internal static void AddRecords(ISiloBuilder silo, NpgsqlDataSource database, bool grouped = true)
    {
        const string Records = "entities";
        silo.UseAdoNetReminderService(o => (o.Invariant, o.DataSource) = ("Npgsql", database));
        if (grouped)
        {
            silo.Services.AddSingleton<GroupCommitStorage>();
            silo.Services.AddKeyedSingleton<IGrainStorage>(Records, (s, _) => s.GetRequiredService<GroupCommitStorage>());
        }
        else
        {
            silo.AddAdoNetGrainStorage(Records, o =>
            {
                (o.Invariant, o.DataSource) = ("Npgsql", database);
                o.GrainStorageSerializer = new RecordSerializer();
                o.DeleteStateOnClear = true;
            });
        }
        TroubledStorage.Wrap(silo.Services, Records);
        silo.AddIncomingGrainCallFilter<DatabaseTrouble>();
        silo.AddIncomingGrainCallFilter<LateCalls>();
        // A grain that could not be read is not called at all: who called it is told the provider's own exception, which has to get there.
        silo.Services.Configure<ExceptionSerializationOptions>(o => o.SupportedNamespacePrefixes.Add(nameof(Npgsql)));
    }

    private static void Orleans(ISiloBuilder silo, SiloSettings settings, NpgsqlDataSource database, CertificateAuthority authority)
    {
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (Cluster, Cluster));
        silo.Configure<Orleans.Configuration.SiloOptions>(o => o.SiloName = settings.Silo.Name);
        silo.Configure<EndpointOptions>(o =>
        {
            o.AdvertisedIPAddress = IPAddress.Parse(settings.Silo.AdvertisedAddress);
            (o.SiloPort, o.GatewayPort) = (settings.Silo.SiloPort, settings.Silo.GatewayPort);
        });
        if (settings.Silo.Kubernetes)
            silo.UseKubernetesHosting();   // and what follows stands: name, addresses and ports are ours to say
        silo.UseClusterTls(settings, authority, TimeProvider.System);
        // A dead silo is replaced within two seconds, a frozen one within twelve; a silo that comes back on its port replaces its dead self.
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = TimeSpan.FromSeconds(1);
            o.NumMissedProbesLimit = 3;
            o.NumVotesForDeathDeclaration = 2;
            o.TableRefreshTimeout = TimeSpan.FromSeconds(10);
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
        silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(15));
        silo.UseAdoNetClustering(o => (o.Invariant, o.DataSource) = ("Npgsql", database));
        AddRecords(silo, database, settings.Silo.GroupCommit);
        if (!string.IsNullOrEmpty(silo.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            silo.AddActivityPropagation();   // as the API does
    }

    private static void Listen(KestrelServerOptions kestrel, SiloSettings settings)
    {
        var address = IPAddress.Parse(settings.Silo.AdvertisedAddress);
        var authority = kestrel.ApplicationServices.GetRequiredService<CertificateAuthority>();
        var names = new[] { settings.Silo.AdvertisedAddress, settings.AgentGateway.AdvertisedEndpoint.Split(':')[0] };
        var certificate = authority.IssueServer(names);
        kestrel.AddServerHeader = false;
        kestrel.Listen(IPAddress.Parse(settings.Silo.HealthAddress), settings.Silo.HealthPort);
        kestrel.Listen(address, settings.AgentGateway.Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.ServerCertificateChain = [authority.Certificate];
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;   // Join has none yet
                https.ClientCertificateValidation = (client, _, _) => authority.Issued(client);
            });
        });
    }
}
