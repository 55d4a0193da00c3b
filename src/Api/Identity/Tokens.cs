using System.Collections.Concurrent;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Contracts;

namespace Controller.Api.Identity;

/// <summary>Who a secret is. What is known is trusted for five seconds, so a revoked token dies within that.</summary>
internal sealed class Tokens(Rows rows, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(5);

    // Whoever has no token may ask nevertheless: not with all the connections to the database that there are. Those known before ask beside them.
    private const int LookUps = 4;
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    // More than this at once is an attack or a leak: then everything is asked again.
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<string, (TokenView Token, DateTimeOffset Until)> _known = new();

    private readonly SemaphoreSlim _strangers = new(LookUps);
    private readonly SemaphoreSlim _acquainted = new(LookUps);

    /// <summary>The caller, or why there is none: 401, or 503 where too many ask.</summary>
    public async ValueTask<(Caller? Caller, Problem? Why)> Find(string secret, CancellationToken cancel)
    {
        var hash = Credentials.HashOf(secret);
        if (Trusted(hash) is not { } token)
        {
            var turn = _known.ContainsKey(hash) ? _acquainted : _strangers;
            if (!await turn.WaitAsync(MaxWait, cancel))
                return (null, Problems.Overloaded(Random.Shared.Next(1, 4)));
            try
            {
                // Somebody else may have asked meanwhile.
                if ((Trusted(hash) ?? await Ask(hash, cancel)) is not { } found)
                    return (null, Problems.Unauthenticated("The token is unknown."));
                token = found;
            }
            finally
            {
                turn.Release();
            }
        }
        return token switch
        {
            { Revoked: not null } => (null, Problems.Unauthenticated("The token was revoked.")),
            { Expires: { } expires } when expires <= time.GetUtcNow() => (null, Problems.Unauthenticated("The token has expired.")),
            _ => (new Caller(token.Project, token.Role, token.Name), null),
        };
    }

    private TokenView? Trusted(string hash) => _known.TryGetValue(hash, out var known) && known.Until > time.GetUtcNow() ? known.Token : null;

    private async Task<TokenView?> Ask(string hash, CancellationToken cancel)
    {
        var until = time.GetUtcNow() + Trust;   // what may have changed since it was asked is as old
        if (await rows.Token(hash, cancel) is not { } token)
        {
            _known.TryRemove(hash, out _);
            return null;
        }
        if (_known.Count >= Most)
            _known.Clear();
        _known[hash] = (token, until);
        return token;
    }

    /// <summary>Asks again at the next request.</summary>
    public void Forget(string hash) => _known.TryRemove(hash, out _);

    public void Dispose()
    {
        _strangers.Dispose();
        _acquainted.Dispose();
    }
}
