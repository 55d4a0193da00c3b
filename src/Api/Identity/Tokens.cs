using System.Collections.Concurrent;
using Controller.Api.Inventory;
using Controller.Contracts;

namespace Controller.Api.Identity;

/// <summary>Who a secret is. What is known is trusted for five seconds, so a revoked token dies within that.</summary>
internal sealed class Tokens(Rows rows, TimeProvider time)
{
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(5);

    // More than this at once is an attack or a leak: then everything is asked again.
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<string, (TokenView Token, DateTimeOffset Until)> _known = new();

    /// <summary>The caller, or why there is none.</summary>
    public async ValueTask<(Caller? Caller, string? Why)> Find(string secret, CancellationToken cancel)
    {
        var hash = Credentials.HashOf(secret);
        var now = time.GetUtcNow();
        if (!_known.TryGetValue(hash, out var known) || known.Until <= now)
        {
            if (await rows.Token(hash, cancel) is not { } token)
            {
                _known.TryRemove(hash, out _);
                return (null, "The token is unknown.");
            }
            if (_known.Count >= Most)
                _known.Clear();
            known = (token, now + Trust);
            _known[hash] = known;
        }
        return known.Token switch
        {
            { Revoked: not null } => (null, "The token was revoked."),
            { Expires: { } expires } when expires <= now => (null, "The token has expired."),
            var token => (new Caller(token.Project, token.Role, token.Name), null),
        };
    }

    /// <summary>Asks again at the next request.</summary>
    public void Forget(string hash) => _known.TryRemove(hash, out _);
}
