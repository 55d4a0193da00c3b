namespace Controller.Systemd;

/// <summary>What systemd is told by a service that is a host of services: that it is ready, that it stops, and every half of WatchdogSec that it is alive.</summary>
internal sealed partial class Notifier(NotifySocket systemd, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Notifier> log) : BackgroundService
{
    public static void AddTo(IServiceCollection services)
    {
        if (NotifySocket.FromEnvironment() is not { } systemd) return;
        services.AddSingleton(systemd);
        services.AddHostedService<Notifier>();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = lifetime.ApplicationStopping.Register(() => Tell(NotifySocket.Stopping));
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var starting = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        Tell(NotifySocket.Ready);
        if (systemd.WatchdogEvery is not { } every) return;
        // On the pool's threads, like the work itself: where those are stuck, this is, and systemd ends the process.
        using var timer = new PeriodicTimer(every, time);
        do
            Tell(NotifySocket.Alive);
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Tell(string state)
    {
        if (systemd.Tell(state, wait: true) is { } why) LogUntold(state, why);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "systemd was not told {State}: {Why}")]
    private partial void LogUntold(string state, string why);
}
