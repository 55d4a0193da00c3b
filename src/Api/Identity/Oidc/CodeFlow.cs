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
        var (to, why) = await Leave(http, cancel);
        return to is null ? Refuse(http, why!) : Results.Redirect(to);   // one of the two is there
    }

    /// <summary>The session's cookie, and on to where it was begun for.</summary>
    public async Task<IResult> End(HttpContext http, CancellationToken cancel)
    {
        var (back, why) = await Return(http, cancel);
        // A redirect would be the other site's: the browser would leave the new cookie at home.
        return back is null
            ? Refuse(http, why!)   // one of the two is there
            : Page(http, StatusCodes.Status200OK, "Signed in", $"<meta http-equiv=\"refresh\" content=\"0;url={Html(back)}\"><a href=\"{Html(back)}\">Go on</a>");
    }

    private async Task<(string? To, Problem? Why)> Leave(HttpContext http, CancellationToken cancel)
    {
        if (!provider.IsThere)
            return (null, Problems.NotFound(http.Request.Path));
        if (await provider.Ask(cancel) is not { } known)
            return (null, Problems.Unavailable("The identity provider does not answer."));
        var back = http.Request.Query["return"].ToString() is { Length: > 0 } wanted ? wanted : "/";
        // A path of this server's: nobody is led elsewhere by a link to here.
        if (back[0] != '/' || back.StartsWith("//", StringComparison.Ordinal) || back.Contains('\\', StringComparison.Ordinal) || back.Length > 2000 || back.Any(char.IsControl))
            return (null, Problems.BadQuery($"return must be a path of this server, found '{back}'."));
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
        return (known.Authorization + (known.Authorization.Contains('?', StringComparison.Ordinal) ? "&" : "?") + string.Join('&', query.Select(q => $"{q.Key}={Uri.EscapeDataString(q.Value ?? "")}")), null);
    }

    private async Task<(string? Back, Problem? Why)> Return(HttpContext http, CancellationToken cancel)
    {
        if (!provider.IsThere)
            return (null, Problems.NotFound(http.Request.Path));
        var query = http.Request.Query;
        var browser = http.Request.Cookies[Cookie] ?? "";
        http.Response.Cookies.Delete(Cookie, new() { Path = Callback });
        if (await Take(query["state"].ToString(), browser, cancel) is not { } flow)
            return (null, Problems.Unauthenticated("Nobody of this browser is expected here, or not any more: begin again at /auth/oidc/login."));
        if (query["error"].ToString() is { Length: > 0 } error)
            return (null, Problems.Unauthenticated($"The identity provider refuses: {error}{(query["error_description"].ToString() is { Length: > 0 } told ? ": " + told : "")}."));
        var (who, idToken, why) = await provider.Redeem(query["code"].ToString(), flow.Verifier, Redirect(http), cancel);
        if (who is null)
            return (null, why);
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(who.Nonce ?? ""), Encoding.UTF8.GetBytes(flow.Nonce)))
            return (null, Problems.Unauthenticated("The identity provider's answer is one to another request."));
        var account = await external.Account(who, cancel);
        var (_, refused) = await sessions.Open(account, who.Name ?? who.Subject, "oidc", idToken, http, cancel);
        return refused is null ? (flow.Return, null) : (null, refused);
    }

    /// <summary>For people in a browser a page that says why, and where to begin again; for programs what every refusal is.</summary>
    private static IResult Refuse(HttpContext http, Problem why) =>
        http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
            ? Page(http, why.Type.Status, "Not signed in", $"<h1>Not signed in</h1><p role=\"alert\">{Html(why.Message)}</p><p><a href=\"/ui/signin\">Back to the sign-in</a></p>")
            : why.ToResult();

    private static IResult Page(HttpContext http, int status, string title, string body)
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        return Results.Content(
            $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>" +
            $"<style>:root {{ color-scheme: light dark; font-family: system-ui, sans-serif }} body {{ max-width: 34rem; margin: 15vh auto; padding: 0 1rem; line-height: 1.5 }} h1 {{ font-size: 1.4rem }}</style>{body}</html>",
            "text/html; charset=utf-8", statusCode: status);
    }

    private static string Html(string text) => HtmlEncoder.Default.Encode(text);

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
