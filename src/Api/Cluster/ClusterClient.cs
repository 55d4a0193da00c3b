using Controller.Contracts;
using Npgsql;
using Orleans.Configuration;

namespace Controller.Api.Cluster;

internal static partial class ClusterClient
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ConnectEvery = TimeSpan.FromSeconds(1);

    /// <summary>The connection to the silos.</summary>
    /// <param name="builder">Of the API.</param>
    /// <param name="here">The silo in the same process; null: silos are found by way of the database.</param>
    public static void AddCluster(this WebApplicationBuilder builder, IClusterClient? here)
    {
        builder.Services.AddSingleton(new GatewayWatch { Started = here is not null });
        builder.Services.AddSingleton(s => new DatabaseClock(s.GetRequiredService<NpgsqlDataSource>(), s.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService(s => s.GetRequiredService<DatabaseClock>());
        if (here is not null)
        {
            builder.Services.AddSingleton(here).AddSingleton<IGrainFactory>(here);
            return;
        }
        var before = builder.Services.Count;
        builder.UseOrleansClient(client =>
        {
            client.UseAdoNetClustering(options => options.Configure<NpgsqlDataSource>((o, database) =>
            {
                o.Invariant = "Npgsql";
                o.DataSource = database;
            }));
            client.Configure<ClusterOptions>(o => o.ClusterId = o.ServiceId = "controller");
            // As a silo tells of a grain that it could not read.
            client.Services.Configure<Orleans.Serialization.ExceptionSerializationOptions>(o => o.SupportedNamespacePrefixes.Add(nameof(Npgsql)));
            // A silo that crashed keeps its callers waiting for this long; 30 seconds by default.
            client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = ResponseTimeout);
            client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
            client.UseClusterTls(builder.Configuration);
            if (!string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
                client.AddActivityPropagation();   // where nobody listens it is 3 % of a GET's CPU
            client.AddOutgoingGrainCallFilter<SayUntilWhen>();
            client.UseConnectionRetryFilter<KeepTrying>();
        });
        ConnectInBackground.Instead(builder.Services, before);
    }

    /// <summary>
    /// Tells silos until when an answer is waited for. What gets to a grain later than that is not done any more: a call may lie in the ears of a frozen silo for minutes, and be carried out
    /// when it wakes, long after the client was told that it failed, asked again, and undid it.
    /// </summary>
    internal sealed class SayUntilWhen(DatabaseClock clock) : IOutgoingGrainCallFilter
    {
        public Task Invoke(IOutgoingGrainCallContext context)
        {
            // Who only looks does no harm when it is late. It is most of what is asked, and a context costs more than such a call.
            if (context.MethodName != nameof(IEntityGrain.Look))
                Asking.Until = clock.Now + ResponseTimeout;
            return context.Invoke();
        }
    }

    /// <summary>The API may be started before any silo: it tries until there is one.</summary>
    private sealed partial class KeepTrying(ILogger<KeepTrying> log, TimeProvider time) : IClientConnectionRetryFilter
    {
        public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
        {
            LogWaiting(exception.Message);
            await Task.Delay(ConnectEvery, time, cancellationToken);
            return true;
        }

        [LoggerMessage(LogLevel.Information, "No silo yet: {Why}")]
        private partial void LogWaiting(string why);
    }
}
