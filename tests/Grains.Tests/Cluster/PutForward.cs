namespace Controller.Grains.Tests.Cluster;

/// <summary>The system's clock, and ahead of it by what a test says. Timers run as ever.</summary>
internal sealed class PutForward : TimeProvider
{
    private long _ahead;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ahead));

    public override long GetTimestamp() => System.GetTimestamp() + (long)(TimeSpan.FromTicks(Interlocked.Read(ref _ahead)).TotalSeconds * System.TimestampFrequency);

    public void Forward(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);
}
