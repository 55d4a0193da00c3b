using Controller.Silo.Cluster;

namespace Controller.Grains.Tests.Cluster;

public sealed class SteadyClockTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly Wall _wall = new() { Time = Noon };

    [Fact]
    public void It_is_the_systems_clock_and_follows_it_forward()
    {
        var clock = new SteadyClock(_wall);
        Assert.Equal(Noon, clock.GetUtcNow());
        _wall.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(Noon.AddSeconds(1), clock.GetUtcNow());
        _wall.Time += TimeSpan.FromHours(1);
        Assert.Equal(Noon.AddHours(1).AddSeconds(1), clock.GetUtcNow());
    }

    [Fact]
    public void Set_back_by_a_minute_it_follows_at_once()
    {
        var clock = new SteadyClock(_wall);
        clock.GetUtcNow();
        _wall.Time -= SteadyClock.Followed;
        Assert.Equal(_wall.Time, clock.GetUtcNow());
    }

    [Fact]
    public void Set_back_further_it_goes_on_at_half_its_pace_until_the_systems_clock_is_near_again()
    {
        var clock = new SteadyClock(_wall);
        clock.GetUtcNow();
        _wall.Time -= TimeSpan.FromHours(1);
        Assert.Equal(Noon, clock.GetUtcNow());
        _wall.Pass(TimeSpan.FromMinutes(10));
        Assert.Equal(Noon.AddMinutes(5), clock.GetUtcNow());

        // Set back once more, in the middle of that.
        _wall.Time -= TimeSpan.FromHours(1);
        _wall.Pass(TimeSpan.FromMinutes(10));
        Assert.Equal(Noon.AddMinutes(10), clock.GetUtcNow());

        _wall.Pass(TimeSpan.FromMinutes(100));
        Assert.Equal(Noon.AddMinutes(60), clock.GetUtcNow());
        _wall.Pass(TimeSpan.FromMinutes(59));
        Assert.Equal(_wall.Time, clock.GetUtcNow());
        Assert.Equal(Noon.AddMinutes(59), _wall.Time);
    }

    [Fact]
    public void Whoever_asks_often_does_not_stop_it()
    {
        var clock = new SteadyClock(_wall);
        clock.GetUtcNow();
        _wall.Time -= TimeSpan.FromHours(1);
        for (var i = 0; i < 1_000_000; i++)
        {
            _wall.Pass(TimeSpan.FromTicks(1));
            clock.GetUtcNow();
        }
        Assert.InRange(clock.GetUtcNow(), Noon.AddTicks(499_000), Noon.AddTicks(500_000));
    }

    /// <summary>A clock that a hand sets, and time that passes whatever the clock says.</summary>
    private sealed class Wall : TimeProvider
    {
        private long _passed;

        public DateTimeOffset Time { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Time;

        public override long GetTimestamp() => _passed;

        public void Pass(TimeSpan time) => (Time, _passed) = (Time + time, _passed + time.Ticks);
    }
}
