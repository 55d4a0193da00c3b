using System.Runtime.InteropServices;

namespace Controller.Agent.Leases;

/// <summary>The time since the host booted, the time that it slept included: a lease runs out while the host sleeps, too.</summary>
internal sealed partial class BootClock : TimeProvider
{
    private const int ClockBootTime = 7;   // of linux/time.h

    public static readonly BootClock Instance = new();

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp()
    {
        if (clock_gettime(ClockBootTime, out var now) != 0)
            throw new InvalidOperationException($"clock_gettime(CLOCK_BOOTTIME) failed: errno {Marshal.GetLastPInvokeError()}.");
        return checked((now.Seconds * TimestampFrequency) + now.Nanoseconds);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, out Timespec now);

    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
