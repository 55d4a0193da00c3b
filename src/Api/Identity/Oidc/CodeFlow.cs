using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Controller.Api.Admin;
using Controller.Api.Http;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Controller.Api.Identity.Oidc;

/// <summary>
/// Signs in by the provider: authorization code with PKCE, state and nonce. What comes back must come to the browser that began, once, within ten minutes; whichever API it reaches.
/// </summary>
internal sealed class CodeFlow(Provider provider, External external, Sessions sessions, NpgsqlDataSource database, IOptions<OidcOptions> oidc, IOptions<ApiOptions> api, TimeProvider time)
{
    private const string Cookie = "controller-sign-in";
    private const string Callback = "/auth/oidc/callback";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public async Task<IResult> Begin(HttpContext http, CancellationToken cancel)
    {
        if (!provider.IsThere)
            return Problems.NotFound(http.Request.Path).ToResult();
        if (await provider.Ask(cancel) is not { } known)
            return Problems.Unavailable("The identity provider does not answer.").ToResult();
        var back = http.Request.Query["return"].ToString() is { Length: > 0 } wanted ? wanted : "/";
        // A path of this server's: nobody is led elsewhere by a link to here.
        if (back[0] != '/' || back.StartsWith("//", StringComparison.Ordinal) || back.Contains('\\', StringComparison.Ordinal) || back.Length > 2000 || back.Any(char.IsControl))
            return Problems.BadQuery($"return must be a path of this server, found '{back}'.").ToResult();
        var (state, nonce, verifier, browser) = (Credentials.NewSecret(), Credentials.NewSecret(), Credentials.NewSecret(), Credentials.NewSecret());
        await using var command = database.CreateCommand(
            """
            with old as (delete from sign_in_flow where expires < now())
            insert into sign_in_flow (state, browser, nonce, verifier, return_to, expires) values ($1, $2, $3, $4, $5, $6)
            """);
        foreach (var value in (object[])[Credentials.HashOf(state), Credentials.HashOf(browser), nonce, verifier, back, (time.GetUtcNow() + Patience).UtcDateTime])
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(cancel);
        // Lax: it has to come along when the provider leads the browser back.
        http.Response.Cookies.Append(Cookie, browser, new() { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = SessionCookie.IsSecure(http, api.Value), Path = Callback, MaxAge = Patience });
        var query = new Dictionary<string, string?>
        {
            ["response_type"] = "code", ["client_id"] = oidc.Value.ClientId, ["redirect_uri"] = Redirect(http), ["scope"] = oidc.Value.Scope, ["state"] = state, ["nonce"] = nonce,
            ["code_challenge"] = Credentials.Base64Url(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))), ["code_challenge_method"] = "S256",
        };
        return Results.Redirect(known.Authorization + (known.Authorization.Contains('?', StringComparison.Ordinal) ? "&" : "?") + string.Join('&', query.Select(q => $"{q.Key}={Uri.EscapeDataString(q.Value ?? "")}")));
    }

    public async Task<IResult> End(HttpContext http, CancellationToken cancel)
    {
        if (!provider.IsThere)
            return Problems.NotFound(http.Request.Path).ToResult();
        var query = http.Request.Query;
        var browser = http.Request.Cookies[Cookie] ?? "";
        http.Response.Cookies.Delete(Cookie, new() { Path = Callback });
        if (await Take(query["state"].ToString(), browser, cancel) is not { } flow)
            return Problems.Unauthenticated("Nobody of this browser is expected here, or not any more: begin again at /auth/oidc/login.").ToResult();
        if (query["error"].ToString() is { Length: > 0 } error)
            return Problems.Unauthenticated($"The identity provider refuses: {error} {query["error_description"]}".TrimEnd() + ".").ToResult();
        var (who, idToken, why) = await provider.Redeem(query["code"].ToString(), flow.Verifier, Redirect(http), cancel);
        if (who is null)
            return why!.ToResult();   // one of the two is there
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(who.Nonce ?? ""), Encoding.UTF8.GetBytes(flow.Nonce)))
            return Problems.Unauthenticated("The identity provider's answer is one to another request.").ToResult();
        var account = await external.Account(who, cancel);
        var (_, refused) = await sessions.Open(account, who.Name ?? who.Subject, "oidc", idToken, http, cancel);
        if (refused is not null)
            return refused.ToResult();
        // A redirect would be the other site's: the browser would leave the new cookie at home.
        var to = HtmlEncoder.Default.Encode(flow.Return);
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'";
        return Results.Content($"<!doctype html><meta charset=\"utf-8\"><title>Signed in</title><meta http-equiv=\"refresh\" content=\"0;url={to}\"><a href=\"{to}\">Go on</a>", "text/html; charset=utf-8");
    }

    private async Task<(string Nonce, string Verifier, string Return)?> Take(string state, string browser, CancellationToken cancel)
    {
        await using var command = database.CreateCommand("delete from sign_in_flow where state = $1 and browser = $2 and expires > $3 returning nonce, verifier, return_to");
        foreach (var value in (object[])[Credentials.HashOf(state), Credentials.HashOf(browser), time.GetUtcNow().UtcDateTime])
            command.Parameters.Add(new() { Value = value });
        await using var r = await command.ExecuteReaderAsync(cancel);
        return await r.ReadAsync(cancel) ? (r.GetString(0), r.GetString(1), r.GetString(2)) : null;
    }

    private string Redirect(HttpContext http) => (api.Value.PublicUrl?.TrimEnd('/') ?? $"{http.Request.Scheme}://{http.Request.Host}") + Callback;
}
