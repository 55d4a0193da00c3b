using System.Collections.Concurrent;
using Controller.Api.Http;

namespace Controller.Api.Identity;

/// <summary>Who a secret is, by its hash. What is known is trusted for five seconds, so what is revoked dies within that.</summary>
internal sealed class Remembered<T>(Func<string, CancellationToken, Task<T?>> ask, TimeProvider time) : IDisposable
    where T : class
{
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(5);

    // Whoever has no token may ask nevertheless: not with all the connections to the database that there are. Those known before ask beside them.
    private const int LookUps = 4;
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    // More than this at once is an attack or a leak: then everything is asked again.
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<string, (T What, DateTimeOffset Until)> _known = new();

    private readonly SemaphoreSlim _strangers = new(LookUps);
    private readonly SemaphoreSlim _acquainted = new(LookUps);

    /// <summary>What is known of it (null: nothing), or that too many ask.</summary>
    public async ValueTask<(T? What, Problem? Why)> Find(string hash, CancellationToken cancel)
    {
        if (Trusted(hash) is { } trusted)
            return (trusted, null);
        var turn = _known.ContainsKey(hash) ? _acquainted : _strangers;
        if (!await turn.WaitAsync(MaxWait, cancel))
            return (null, Problems.Overloaded(Random.Shared.Next(1, 4)));
        try
        {
            // Somebody else may have asked meanwhile.
            return (Trusted(hash) ?? await Ask(hash, cancel), null);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Asks again at the next request.</summary>
    public void Forget(string hash) => _known.TryRemove(hash, out _);

    /// <summary>Asks again about all of them.</summary>
    public void ForgetAll() => _known.Clear();

    public void Dispose()
    {
        _strangers.Dispose();
        _acquainted.Dispose();
    }

    private T? Trusted(string hash) => _known.TryGetValue(hash, out var known) && known.Until > time.GetUtcNow() ? known.What : null;

    private async Task<T?> Ask(string hash, CancellationToken cancel)
    {
        var until = time.GetUtcNow() + Trust;   // what may have changed since it was asked is as old
        if (await ask(hash, cancel) is not { } what)
        {
            _known.TryRemove(hash, out _);
            return null;
        }
        if (_known.Count >= Most)
            _known.Clear();
        _known[hash] = (what, until);
        return what;
    }
}
