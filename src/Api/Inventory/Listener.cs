using System.Net.Sockets;
using Npgsql;

namespace Controller.Api.Inventory;

/// <summary>Hears what PostgreSQL notifies of, on a connection of its own. What was said while there was none is made up for after each new one.</summary>
internal abstract class Listener(string channel, ListeningConnection listening, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private bool _lost;

    protected TimeProvider Time { get; } = time;

    /// <summary>It listens from here on: looks for what it may have missed.</summary>
    protected abstract Task CatchUp(CancellationToken cancel);

    /// <summary>Somebody has said that.</summary>
    protected abstract Task Heard(string payload, CancellationToken cancel);

    /// <summary>The connection is gone; it is made again.</summary>
    protected abstract void Lost(string why);

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
                    Lost(e.Message);   // once, and not every second
                _lost = true;
            }
            await Task.Delay(Again, Time, stoppingToken);
        }
    }

    private async Task Listen(CancellationToken cancel)
    {
        await using var connection = await listening.Open(cancel);
        var heard = new Queue<string>();
        connection.Notification += (_, notification) => heard.Enqueue(notification.Payload);
        await using (var listen = new NpgsqlCommand("listen " + channel, connection))
            await listen.ExecuteNonQueryAsync(cancel);
        await CatchUp(cancel);
        _lost = false;
        while (true)
        {
            await connection.WaitAsync(cancel);
            while (heard.TryDequeue(out var what))
                await Heard(what, cancel);
        }
    }
}
