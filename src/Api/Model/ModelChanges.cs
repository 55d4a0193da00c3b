using System.Net.Sockets;
using Controller.Api.Inventory;
using Npgsql;

namespace Controller.Api.Model;

/// <summary>
/// Hears from PostgreSQL which part of the model has changed, on a connection of its own (migration 0005). What was said while there was no connection is made up
/// for after each new one.
/// </summary>
internal sealed partial class ModelChanges(Catalogues catalogues, ListeningConnection listening, TimeProvider time, ILogger<ModelChanges> log) : BackgroundService
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private bool _lost;

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
        var heard = new Queue<string>();
        connection.Notification += (_, notification) => heard.Enqueue(notification.Payload);
        await using (var listen = new NpgsqlCommand("listen model", connection))
            await listen.ExecuteNonQueryAsync(cancel);
        await catalogues.Refresh(cancel);
        _lost = false;
        LogListening();
        while (true)
        {
            await connection.WaitAsync(cancel);
            while (heard.TryDequeue(out var what))
                await catalogues.Changed(what, cancel);
        }
    }

    [LoggerMessage(LogLevel.Information, "Changes of the model are heard of")]
    private partial void LogListening();

    [LoggerMessage(LogLevel.Warning, "Changes of the model are not heard of for the moment: {Why}")]
    private partial void LogLost(string why);
}
