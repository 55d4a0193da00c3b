namespace Controller.Contracts;

/// <summary>
/// Who asked for what a grain is doing, and the trace that it belongs to. It travels with grain calls, however many there are between the request and the operation that it begins; what the
/// control plane does by itself (a sweep, a host's news) has none.
/// </summary>
public static class Asking
{
    private const string ByKey = "controller.by";
    private const string TraceKey = "controller.trace";
    private const string UntilKey = "controller.until";

    /// <summary>The principal; null: nobody.</summary>
    public static string? By => RequestContext.Get(ByKey) as string;

    /// <summary>The W3C trace id of its request.</summary>
    public static string? Trace => RequestContext.Get(TraceKey) as string;

    /// <summary>Until when somebody waits for the answer to what an API asked, by the <see cref="DatabaseClock"/>; null: it is not known.</summary>
    public static DateTimeOffset? Until
    {
        get => RequestContext.Get(UntilKey) is long ticks ? new(ticks, TimeSpan.Zero) : null;
        set
        {
            if (value is { } until)
                RequestContext.Set(UntilKey, until.UtcTicks);
            else
                RequestContext.Remove(UntilKey);
        }
    }

    /// <summary>All calls that follow in this flow are for that principal.</summary>
    public static void Begin(string by, string? trace)
    {
        RequestContext.Set(ByKey, by);
        if (trace is not null)
            RequestContext.Set(TraceKey, trace);
    }
}
