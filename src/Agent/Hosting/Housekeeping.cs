using Controller.Agent.Drivers;
using Controller.Agent.Images;
using Controller.Agent.Ledger;

namespace Controller.Agent.Hosting;

/// <summary>Once an hour, what nothing needs any more goes: images, and logs of machines that are gone.</summary>
internal sealed partial class Housekeeping(ActiveDriver active, ImageStore images, HostLedger ledger, TimeProvider time, ILogger<Housekeeping> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    public async Task Run(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await images.Prune(cancel);
                await active.Driver.PruneConsoles(ledger.All.Select(entry => (entry.Desired.Id, entry.Desired.Incarnation)).ToHashSet(), cancel);
            }
            catch (Exception unable) when (unable is DriverException or IOException or UnauthorizedAccessException)
            {
                LogNotDone(unable.Message);   // the next time
            }
        }
        while (await timer.WaitForNextTickAsync(cancel));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What nothing needs any more could not all be deleted: {Why}")]
    private partial void LogNotDone(string why);
}
