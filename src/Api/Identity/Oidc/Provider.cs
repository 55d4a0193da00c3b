using System.Security.Claims;
using System.Text.Json;
using Controller.Api.Http;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Controller.Api.Identity.Oidc;

/// <summary>What a provider says of somebody.</summary>
internal sealed record Vouched(string Subject, string? Name, string? DisplayName, string? Email, string[] Groups, string? Nonce, DateTimeOffset Expires);

/// <summary>
/// The OpenID Connect provider: where its endpoints are, and whether a token is from it. Of algorithms RS256 and ES256 alone are taken; keys are remembered, and asked for again when a token
/// names one that is not known (they are rotated), but not for every token that somebody makes up.
/// </summary>
internal sealed class Provider(IOptions<OidcOptions> options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan NotMoreOften = TimeSpan.FromSeconds(10);
    private static readonly string[] Algorithms = [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256];

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = 1 << 20 };
    private readonly JsonWebTokenHandler _tokens = new() { MapInboundClaims = false };
    private readonly SemaphoreSlim _asking = new(1);
    private volatile Known? _known;

    /// <summary>Its endpoints and keys.</summary>
    internal sealed record Known(string Authorization, string Token, IReadOnlyList<SecurityKey> Keys, DateTimeOffset At);

    public bool IsThere => options.Value.Issuer is not null;

    /// <summary>Whether a secret has the form of its tokens.</summary>
    public static bool IsJwt(string secret) => secret.StartsWith("ey", StringComparison.Ordinal) && secret.Count(c => c == '.') == 2;

    /// <summary>Where its endpoints are; null: it does not answer.</summary>
    public async Task<Known?> Ask(CancellationToken cancel, bool again = false)
    {
        var known = _known;
        if (IsFresh(known, again))
            return known;
        await _asking.WaitAsync(cancel);
        try
        {
            if (IsFresh(_known, again))
                return _known;   // somebody else has asked
            return _known = await Fetch(cancel);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return known;   // what was so is most likely still so
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <summary>What a bearer token says; or why it is not taken.</summary>
    public Task<(Vouched? Who, Problem? Why)> Bearer(string token, CancellationToken cancel)
    {
        var o = options.Value;
        return Judge(token, o.Audience is { Length: > 0 } audience ? [audience] : [.. new[] { o.ClientId, o.CliClientId }.OfType<string>()], cancel);
    }

    /// <summary>Who came back with that code.</summary>
    public async Task<(Vouched? Who, string? IdToken, Problem? Why)> Redeem(string code, string verifier, string redirect, CancellationToken cancel)
    {
        if (await Ask(cancel) is not { } known)
            return (null, null, Away());
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = redirect, ["client_id"] = options.Value.ClientId!, ["code_verifier"] = verifier,   // it was asked for at start
        };
        if (options.Value.ClientSecretFile is { } file)
            form["client_secret"] = (await File.ReadAllTextAsync(file, cancel)).Trim();
        try
        {
            using var content = new FormUrlEncodedContent(form);
            using var answer = await _http.PostAsync(known.Token, content, cancel);
            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancel));
            if (!answer.IsSuccessStatusCode || !json.RootElement.TryGetProperty("id_token", out var idToken) || idToken.GetString() is not { } text)
                return (null, null, Problems.Unauthenticated($"The identity provider does not know the code: {(json.RootElement.TryGetProperty("error", out var error) ? error.ToString() : answer.StatusCode.ToString())}."));
            var (who, why) = await Judge(text, [options.Value.ClientId!], cancel);
            return (who, text, why);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return (null, null, Away());
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _asking.Dispose();
    }

    private async Task<(Vouched? Who, Problem? Why)> Judge(string token, string[] audiences, CancellationToken cancel)
    {
        if (await Ask(cancel) is not { } known)
            return (null, Away());
        var result = await Validate(token, audiences, known);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException && await Ask(cancel, again: true) is { } newer && newer != known)
            result = await Validate(token, audiences, newer);
        if (!result.IsValid)
            return (null, Problems.Unauthenticated($"The token is not taken: {Why(result.Exception)}."));
        var (claims, jwt) = (result.ClaimsIdentity, (JsonWebToken)result.SecurityToken);
        if (Text(claims, "sub") is not { Length: > 0 } subject)
            return (null, Problems.Unauthenticated("The token is not taken: it has no subject."));
        return (new(
            subject, Text(claims, options.Value.NameClaim), Text(claims, "name"), Text(claims, "email"), [.. claims.FindAll(options.Value.GroupsClaim).Select(c => c.Value)], Text(claims, "nonce"),
            new(DateTime.SpecifyKind(jwt.ValidTo, DateTimeKind.Utc))), null);
    }

    private Task<TokenValidationResult> Validate(string token, string[] audiences, Known known) => _tokens.ValidateTokenAsync(token, new()
    {
        ValidIssuer = options.Value.Issuer,
        ValidAudiences = audiences,
        IssuerSigningKeys = known.Keys,
        ValidAlgorithms = Algorithms,
        ClockSkew = options.Value.ClockSkew,
        RequireExpirationTime = true,
        RequireSignedTokens = true,
        TryAllIssuerSigningKeys = false,
    });

    private bool IsFresh(Known? known, bool again) => known is not null && time.GetUtcNow() - known.At < (again ? NotMoreOften : options.Value.KeysFor);

    private async Task<Known> Fetch(CancellationToken cancel)
    {
        var issuer = options.Value.Issuer!;   // only asked where there is one
        using var found = JsonDocument.Parse(await _http.GetStringAsync(issuer.TrimEnd('/') + "/.well-known/openid-configuration", cancel));
        var root = found.RootElement;
        if (root.GetProperty("issuer").GetString() is var said && said != issuer)
            throw new InvalidOperationException($"The provider says that it is {said}, not {issuer}.");
        var keys = new JsonWebKeySet(await _http.GetStringAsync(root.GetProperty("jwks_uri").GetString(), cancel));
        return new(root.GetProperty("authorization_endpoint").GetString()!, root.GetProperty("token_endpoint").GetString()!, [.. keys.GetSigningKeys()], time.GetUtcNow());
    }

    private static Problem Away() => Problems.Unavailable("The identity provider does not answer.");

    private static string? Text(ClaimsIdentity claims, string name) => claims.FindFirst(name)?.Value;

    private static string Why(Exception? e) => e switch
    {
        SecurityTokenExpiredException => "it has expired",
        SecurityTokenNotYetValidException => "it is not valid yet",
        SecurityTokenInvalidAudienceException => "it is for another audience",
        SecurityTokenInvalidIssuerException => "it is of another issuer",
        SecurityTokenSignatureKeyNotFoundException => "its key is none of the issuer's",
        SecurityTokenInvalidAlgorithmException => "it is signed with another algorithm than RS256 or ES256",
        SecurityTokenInvalidSignatureException => "its signature is wrong",
        SecurityTokenNoExpirationException => "it never expires",
        _ => "it can't be read",
    };
}
