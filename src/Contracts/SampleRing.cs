namespace Controller.Contracts;

/// <summary>Where a sample stands in the ring of the last hour: a place for each 15 seconds, written over an hour later.</summary>
public static class SampleRing
{
    /// <summary>What one place stands for.</summary>
    public static readonly TimeSpan Place = TimeSpan.FromSeconds(15);

    /// <summary>How far back it goes.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    private const long Places = 240;

    /// <summary>The place of a moment.</summary>
    public static short Slot(DateTimeOffset at) => (short)(at.ToUnixTimeSeconds() / (long)Place.TotalSeconds % Places);

    /// <summary>The places between two moments, both included.</summary>
    public static short[] Slots(DateTimeOffset from, DateTimeOffset to)
    {
        var first = to - from >= Kept ? to - Kept + Place : from;
        var count = Math.Clamp((to.ToUnixTimeSeconds() / (long)Place.TotalSeconds) - (first.ToUnixTimeSeconds() / (long)Place.TotalSeconds) + 1, 0, Places);
        return [.. Enumerable.Range(0, (int)count).Select(i => Slot(first + (i * Place)))];
    }
}
