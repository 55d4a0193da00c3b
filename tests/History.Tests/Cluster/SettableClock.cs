using System.Globalization;

namespace Controller.History.Tests.Cluster;

/// <summary>The system's clock, set wrong by as many seconds as a file says (none: it is right). As on a real host only the time of day jumps: timers and stopwatches do not.</summary>
internal sealed class SettableClock : TimeProvider, IDisposable
{
    private readonly string _file;
    private readonly ITimer _reading;
    private long _offset;   // ticks

    public SettableClock(string file)
    {
        _file = file;
        _reading = System.CreateTimer(_ => Read(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(200));
    }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _offset));

    public static void Set(string file, TimeSpan ahead)
    {
        File.WriteAllText(file + ".new", ahead.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        File.Move(file + ".new", file, overwrite: true);
    }

    public void Dispose() => _reading.Dispose();

    private void Read()
    {
        if (File.Exists(_file))
            Interlocked.Exchange(ref _offset, TimeSpan.FromSeconds(double.Parse(File.ReadAllText(_file), CultureInfo.InvariantCulture)).Ticks);
    }
}
