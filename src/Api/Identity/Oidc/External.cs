using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Controller.Api.Http;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity.Oidc;

/// <summary>Accounts of those for whom a provider vouches: made when they come first, and kept as it says.</summary>
internal sealed partial class External(Provider provider, AccountStore store, Accounts accounts, IOptions<OidcOptions> options, TimeProvider time)
{
    private const int Most = 10_000;
    private static readonly TimeSpan Trust = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<string, (Guid Account, string Said, DateTimeOffset Until)> _known = new();

    /// <summary>Whose bearer token it is.</summary>
    public async ValueTask<(Principal? Principal, Problem? Why)> Bearer(string token, CancellationToken cancel)
    {
        var (who, why) = await provider.Bearer(token, cancel);
        if (who is null)
            return (null, why);
        var said = string.Join('\n', [who.Name, who.DisplayName, who.Email, .. who.Groups.Order(StringComparer.Ordinal)]);
        if (!_known.TryGetValue(who.Subject, out var known) || known.Said != said || known.Until < time.GetUtcNow())
        {
            if (_known.Count >= Most)
                _known.Clear();
            known = (await Account(who, cancel), said, time.GetUtcNow() + Trust);
            _known[who.Subject] = known;
        }
        var (principal, gone) = await accounts.Account(known.Account, who.Groups, cancel);
        if (principal is null)
            _known.TryRemove(who.Subject, out _);   // it was deleted: the next one makes another
        return (principal is null ? null : principal with { Until = who.Expires }, gone);
    }

    /// <summary>The account of somebody, as the provider says it is.</summary>
    public async Task<Guid> Account(Vouched who, CancellationToken cancel)
    {
        var issuer = options.Value.Issuer!;   // whose word it is
        var name = Plain(who.Name is { Length: > 0 } given ? given : who.Subject);
        // A name that somebody else has is made one's own by where one is from.
        string[] names = [name, $"{name}@{new Uri(issuer).Host}", Plain($"{who.Subject}@{new Uri(issuer).Host}"), "external-" + Guid.NewGuid().ToString("N")];
        foreach (var candidate in names)
        {
            if (await store.External(issuer, who.Subject, candidate, who.DisplayName, who.Email, who.Groups, cancel) is { } id)
                return id;
        }
        throw new InvalidOperationException("No name was free, not even a random one.");
    }

    private static string Plain(string name)
    {
        var plain = Other().Replace(name, "-").TrimStart('.', '_', '@', '+', '-');
        return plain.Length == 0 ? "external" : plain.Length > 100 ? plain[..100] : plain;
    }

    [GeneratedRegex("[^A-Za-z0-9._@+-]")]
    private static partial Regex Other();
}
