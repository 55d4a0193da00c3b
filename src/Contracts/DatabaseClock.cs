using System.Data.Common;
using Microsoft.Extensions.Hosting;

namespace Controller.Contracts;

/// <summary>
/// What the database's clock says. It is asked now and then, and counted on from there by a clock of this process that nobody sets: a time that all silos and API processes share, whatever
/// their own clocks say.
/// </summary>
/// <param name="database">PostgreSQL.</param>
/// <param name="time">Its timestamps alone are gone by.</param>
public sealed class DatabaseClock(DbDataSource database, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <summary>An answer that took longer says too little of when it was given; but one that is this old says less.</summary>
    private static readonly TimeSpan Prompt = TimeSpan.FromMilliseconds(250), Old = TimeSpan.FromMinutes(1);

    private volatile Told? _last;

    /// <summary>Null: it has not answered yet.</summary>
    public DateTimeOffset? Now => _last is { } last ? last.Clock + time.GetElapsedTime(last.At) : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await Ask(stoppingToken);
            }
            catch (Exception e) when (e is DbException or TimeoutException)
            {
                // Who needs the database more says so. It goes on as it went.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Ask(CancellationToken cancel)
    {
        var before = time.GetTimestamp();
        await using var command = database.CreateCommand("SELECT clock_timestamp()");
        var clock = new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancel))!);   // UTC, and never null
        var took = time.GetElapsedTime(before);
        if (took <= Prompt || _last is not { } last || time.GetElapsedTime(last.At) > Old)
            _last = new(clock, before + (time.GetTimestamp() - before) / 2);
    }

    private sealed record Told(DateTimeOffset Clock, long At);
}
