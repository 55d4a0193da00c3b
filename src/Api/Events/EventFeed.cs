using System.Globalization;
using System.Net.Sockets;
using Controller.Api.Inventory;
using Npgsql;

namespace Controller.Api.Events;

/// <summary>Hears from PostgreSQL that there are new events, once for all streams of this process; and looks from time to time, whatever became of the news.</summary>
internal sealed partial class EventFeed(ListeningConnection listening, EventRows rows, TimeProvider time, ILogger<EventFeed> log) : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private volatile TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _newest;
    private bool _lost;

    /// <summary>Returns when there is something after that position, and after <paramref name="atMost"/> anyway.</summary>
    public async Task Wait(long position, TimeSpan atMost, CancellationToken cancel)
    {
        var more = _more.Task;   // before the look: what comes after it completes this one
        if (Volatile.Read(ref _newest) > position)
            return;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(more, Task.Delay(atMost, time, stop.Token));
        await stop.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Listen(stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or SocketException or IOException)
            {
                if (!_lost)
                    LogLost(e.Message);   // once, and not every second
                _lost = true;
            }
            await Task.Delay(Again, time, stoppingToken);
        }
    }

    private async Task Listen(CancellationToken cancel)
    {
        await using var connection = await listening.Open(cancel);
        connection.Notification += (_, notification) => Tell(long.Parse(notification.Payload, CultureInfo.InvariantCulture));
        await using (var listen = new NpgsqlCommand("listen event", connection))
            await listen.ExecuteNonQueryAsync(cancel);
        Tell((await rows.Bounds(cancel)).Newest);   // what was said in between
        _lost = false;
        while (true)
            await connection.WaitAsync(cancel);
    }

    private void Tell(long newest)
    {
        if (newest <= Volatile.Read(ref _newest))
            return;
        Volatile.Write(ref _newest, newest);
        Interlocked.Exchange(ref _more, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    [LoggerMessage(LogLevel.Warning, "New events are not heard of for the moment, and looked for: {Why}")]
    private partial void LogLost(string why);
}
