namespace Controller.Api.Cluster;

/// <summary>
/// Orleans' client connects while the host starts, and holds everything up until there is a silo. Here it connects beside the host: the process
/// listens, is live and says why it isn't ready; and a port that is taken ends it at once.
/// </summary>
internal sealed class ConnectInBackground(IHostedService client, GatewayWatch watch) : BackgroundService
{
    /// <summary>Takes the place of the hosted services registered since <paramref name="from"/>.</summary>
    public static void Instead(IServiceCollection services, int from)
    {
        foreach (var started in services.Skip(from).Where(s => s.ServiceType == typeof(IHostedService)).ToList())
        {
            services.Remove(started);
            services.AddSingleton<IHostedService>(provider => new ConnectInBackground(
                (IHostedService)(started.ImplementationInstance ?? started.ImplementationFactory?.Invoke(provider)
                    ?? ActivatorUtilities.CreateInstance(provider, started.ImplementationType!)),   // a descriptor has one of the three
                provider.GetRequiredService<GatewayWatch>()));
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await client.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await client.StartAsync(stoppingToken);
        watch.Started = true;
    }
}
