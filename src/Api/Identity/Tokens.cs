using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Contracts;

namespace Controller.Api.Identity;

/// <summary>Tokens of one project and one role, which belong to nobody in particular.</summary>
internal sealed class Tokens(Rows rows, TimeProvider time) : IDisposable
{
    private readonly Remembered<Known> _known = new(async (hash, cancel) => await rows.Token(hash, cancel) is { } token ? new(token, Principal.Of(token)) : null, time);

    private sealed record Known(TokenView Token, Principal Principal);

    /// <summary>Who it is, or why nobody: 401, or 503 where too many ask.</summary>
    public async ValueTask<(Principal? Principal, Problem? Why)> Find(string secret, CancellationToken cancel)
    {
        var (known, busy) = await _known.Find(Credentials.HashOf(secret), cancel);
        return known?.Token switch
        {
            null => (null, busy ?? Problems.Unauthenticated("The token is unknown.")),
            { Revoked: not null } => (null, Problems.Unauthenticated("The token was revoked.")),
            { Expires: { } expires } when expires <= time.GetUtcNow() => (null, Problems.Unauthenticated("The token has expired.")),
            _ => (known.Principal, null),
        };
    }

    /// <summary>Asks again at the next request.</summary>
    public void Forget(string hash) => _known.Forget(hash);

    public void Dispose() => _known.Dispose();
}
