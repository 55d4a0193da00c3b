namespace Controller.Silo.Cluster;

/// <summary>
/// The system's clock, which does not go back far: when that is set back by more than a minute, this one goes on at half its pace until the two are so near again. Orleans brings no grain to life
/// on a silo whose clock went back by more than a quarter of an hour, and what is due by a time that was written a moment ago must not lie hours ahead. A clock that is put forward is followed at
/// once. Timestamps and timers are the system's.
/// </summary>
internal sealed class SteadyClock(TimeProvider system) : TimeProvider
{
    /// <summary>As much as everybody has to stand who goes by the clocks of several machines.</summary>
    public static readonly TimeSpan Followed = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private DateTimeOffset _last = DateTimeOffset.MinValue;
    private (DateTimeOffset Time, long Timestamp)? _setBack;

    public override TimeZoneInfo LocalTimeZone => system.LocalTimeZone;

    public override long TimestampFrequency => system.TimestampFrequency;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            var now = system.GetUtcNow();
            if (_last - now <= Followed)
            {
                _setBack = null;
                return _last = now;
            }
            // Counted from one moment on: what is added to the last answer each time would be rounded away by those who ask often.
            var (time, timestamp) = _setBack ??= (_last, system.GetTimestamp());
            return _last = time + (system.GetElapsedTime(timestamp) / 2);
        }
    }

    public override long GetTimestamp() => system.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => system.CreateTimer(callback, state, dueTime, period);
}
