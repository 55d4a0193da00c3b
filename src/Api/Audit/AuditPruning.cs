using Microsoft.Extensions.Options;
using Npgsql;

namespace Controller.Api.Audit;

/// <summary>Throws away what is older than it has to be kept, a little at a time.</summary>
internal sealed partial class AuditPruning(NpgsqlDataSource database, TimeProvider time, IOptions<AuditOptions> options, ILogger<AuditPruning> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await Prune(stoppingToken) > 0)
                    ;
            }
            catch (NpgsqlException e)
            {
                LogFailed(e);
            }
        }
    }

    private async Task<int> Prune(CancellationToken cancel)
    {
        await using var command = database.CreateCommand("delete from audit where id in (select id from audit where at < $1 order by id limit 5000)");
        command.Parameters.Add(new() { Value = (time.GetUtcNow() - options.Value.KeepFor).UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancel);
    }

    [LoggerMessage(LogLevel.Warning, "The old part of the audit log could not be thrown away; it is tried again")]
    private partial void LogFailed(Exception exception);
}
