using Controller.Contracts;

namespace Controller.Grains.Hosts;

/// <summary>Viewers who wait for the agent to call about their consoles.</summary>
internal sealed class ConsoleOpenings(TimeProvider time)
{
    /// <summary>A viewer has left by then.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<Guid, (IConsoleEnd Viewer, DateTimeOffset Until)> _waiting = [];

    public void Add(Guid console, IConsoleEnd viewer)
    {
        var now = time.GetUtcNow();
        foreach (var late in _waiting.Where(w => w.Value.Until <= now).Select(w => w.Key).ToList())
            _waiting.Remove(late);
        _waiting[console] = (viewer, now + Patience);
    }

    /// <summary>Once.</summary>
    public IConsoleEnd? Take(Guid console) => _waiting.Remove(console, out var waiting) && waiting.Until > time.GetUtcNow() ? waiting.Viewer : null;
}
