using Controller.Agent.Drivers;
using Controller.Agent.Enrolment;
using Controller.Agent.Peers;
using Controller.Agent.Reconciling;
using Controller.Agent.Session;

namespace Controller.Agent.Hosting;

/// <summary>The exit code of the process.</summary>
internal sealed class ExitCode
{
    /// <summary>The host could not join, or no driver could be used: a person must do something.</summary>
    public const int NeedsAttention = 3;

    public int Value { get; set; }
}

/// <summary>The life of an agent: driver, convergence, identity, sessions. Convergence waits for no silo.</summary>
internal sealed partial class AgentRunner(
    DriverFactory drivers, ActiveDriver active, Reconciler reconciler, Enroller enroller, CurrentIdentity current, PeerListener peers, ConnectionLoop connections,
    Leases.LeaseKeeper leases, Housekeeping housekeeping, HealthFile health,
    ExitCode exit, IHostApplicationLifetime lifetime, ILogger<AgentRunner> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // the host's start does not wait for ours
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        List<Task> parts = [];
        try
        {
            health.Change(now => now with { Why = "starting the driver" });
            await drivers.Start(active, stop.Token);
            health.Change(now => now with { Driver = active.Capabilities.Driver, DriverChosen = active.Why, Why = "joining" });
            parts.Add(WatchHealth(stop.Token));
            parts.Add(reconciler.Run(stop.Token));
            parts.Add(leases.Run(stop.Token));
            parts.Add(housekeeping.Run(stop.Token));
            var identity = await enroller.Identify(stop.Token);
            health.Change(now => now with { HostId = identity.HostId, Why = "connecting" });
            current.Value = identity;
            parts.Add(peers.Start(stop.Token));
            parts.Add(connections.Run(identity, stop.Token));
            await await Task.WhenAny(parts); // none of them ends before the agent does, unless it broke
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        catch (Exception failure) when (failure is EnrolmentException or DriverException)
        {
            LogGivingUp(failure.Message);
            health.Change(now => now with { Connected = false, Why = failure.Message });
            exit.Value = ExitCode.NeedsAttention;
            lifetime.StopApplication();
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (stoppingToken.IsCancellationRequested) health.Change(now => now with { Connected = false, DriverHealthy = false, Why = "stopped" });
    }

    private async Task WatchHealth(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        do
        {
            var driver = active.Health;
            health.Change(now => now with { DriverHealthy = driver.Healthy, Why = driver.Healthy && !now.DriverHealthy ? "" : driver.Healthy ? now.Why : driver.Why });
        }
        while (await timer.WaitForNextTickAsync(cancel));
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The agent gives up: {Why}")]
    private partial void LogGivingUp(string why);
}
