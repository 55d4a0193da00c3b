using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Controller.Systemd;

/// <summary>
/// What systemd is told by a service of Type=notify (sd_notify(3)): that it is ready, that it stops, and every half of WatchdogSec that it is alive. Compiled into silo, API
/// and agent, which have no library in common. Without NOTIFY_SOCKET, which systemd sets, nothing of it happens.
/// </summary>
internal sealed partial class Notifier(IHostApplicationLifetime lifetime, TimeProvider time, ILogger<Notifier> log) : BackgroundService
{
    private const string SocketVariable = "NOTIFY_SOCKET", WatchdogVariable = "WATCHDOG_USEC";

    public static void AddTo(IServiceCollection services)
    {
        if (Environment.GetEnvironmentVariable(SocketVariable) is { Length: > 0 })
            services.AddHostedService<Notifier>();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stopping = lifetime.ApplicationStopping.Register(() => Tell("STOPPING=1"));
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var starting = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        Tell("READY=1");
        if (!long.TryParse(Environment.GetEnvironmentVariable(WatchdogVariable), CultureInfo.InvariantCulture, out var microseconds) || microseconds <= 0)
            return;
        // On the pool's threads, like the work itself: where those are stuck, this is, and systemd ends the process.
        using var timer = new PeriodicTimer(TimeSpan.FromMicroseconds(microseconds / 2.0), time);
        do
            Tell("WATCHDOG=1");
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Tell(string state)
    {
        var path = Environment.GetEnvironmentVariable(SocketVariable)!;   // it was there when this was made
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            // An abstract name begins with @ in the variable, and with a zero for the kernel.
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? '\0' + path[1..] : path));
        }
        catch (SocketException e)
        {
            LogUntold(state, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "systemd was not told {State}: {Why}")]
    private partial void LogUntold(string state, string why);
}
