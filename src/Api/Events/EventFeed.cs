using System.Globalization;
using Controller.Api.Inventory;

namespace Controller.Api.Events;

/// <summary>Hears that there are new events, once for all streams of this process; who waits looks from time to time, whatever became of the news.</summary>
internal sealed partial class EventFeed(ListeningConnection listening, EventRows rows, TimeProvider time, ILogger<EventFeed> log) : Listener("event", listening, time)
{
    private volatile TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _newest;

    /// <summary>Returns when there is something after that position, and after <paramref name="atMost"/> anyway.</summary>
    public async Task Wait(long position, TimeSpan atMost, CancellationToken cancel)
    {
        var more = _more.Task;   // before the look: what comes after it completes this one
        if (Volatile.Read(ref _newest) > position)
            return;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(more, Task.Delay(atMost, Time, stop.Token));
        await stop.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    protected override async Task CatchUp(CancellationToken cancel) => Tell((await rows.Bounds(cancel)).Newest);

    protected override Task Heard(string payload, CancellationToken cancel)
    {
        Tell(long.Parse(payload, CultureInfo.InvariantCulture));
        return Task.CompletedTask;
    }

    protected override void Lost(string why) => LogLost(why);

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
