namespace Controller.Agent;

/// <summary>Doubling waits between two bounds, jittered so that many that failed together do not come back together.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    private int _failures;

    /// <summary>Between half and the whole of first × 2^n, at most <c>longest</c>.</summary>
    public TimeSpan Next()
    {
        var whole = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(_failures, 30)), longest.TotalSeconds);
        _failures++;
        return TimeSpan.FromSeconds(Jitter(whole / 2, whole));
    }

    public void Reset() => _failures = 0;

    /// <summary>Something between two numbers, each time another.</summary>
#pragma warning disable CA5394 // Random is no secret here: it spreads load.
    public static double Jitter(double from, double to) => from + (Random.Shared.NextDouble() * (to - from));
#pragma warning restore CA5394
}
