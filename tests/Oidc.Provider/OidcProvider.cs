using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Controller.Testing.Oidc;

/// <summary>
/// A small OpenID Connect provider on a port of its own: discovery, keys that rotate, authorization code with PKCE, and the device flow. Whoever comes to its authorization endpoint is
/// <see cref="User"/>, and consents; or is asked, with a page for a browser.
/// </summary>
public sealed class OidcProvider : IAsyncDisposable
{
    public const string Client = "controller";

    private readonly WebApplication _app;
    private readonly List<(string Id, ECDsa? Ec, RSA? Rsa)> _keys = [];
    private readonly ConcurrentDictionary<string, Code> _codes = new();
    private readonly ConcurrentDictionary<string, bool> _devices = new();

    private readonly bool _asks;

    private OidcProvider(WebApplication app, bool asks) => (_app, _asks) = (app, asks);

    /// <summary>What a code stands for.</summary>
    private sealed record Code(string Challenge, string? Nonce, string Redirect, (string Subject, string Name, string[] Groups) User);

    /// <summary>Its URL. Where it asks people it is at localhost: another site than 127.0.0.1 is for a browser, as a provider is.</summary>
    public string Issuer => Address.Replace("127.0.0.1", _asks ? "localhost" : "127.0.0.1", StringComparison.Ordinal);

    private string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Who is signed in there.</summary>
    public (string Subject, string Name, string[] Groups) User { get; set; } = ("s-1", "olga", []);

    /// <summary>How often its keys were asked for.</summary>
    public int KeysAsked { get; private set; }

    /// <summary>Starts one on 127.0.0.1 (port 0: any that is free), that asks people who they are or takes them for <see cref="User"/>.</summary>
    public static async Task<OidcProvider> Start(int port = 0, bool asks = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var provider = new OidcProvider(app, asks);
        provider.Rotate();
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new
        {
            issuer = provider.Issuer, authorization_endpoint = provider.Issuer + "/authorize", token_endpoint = provider.Issuer + "/token", jwks_uri = provider.Issuer + "/keys",
            device_authorization_endpoint = provider.Issuer + "/device", response_types_supported = new[] { "code" }, subject_types_supported = new[] { "public" },
            id_token_signing_alg_values_supported = new[] { "ES256", "RS256" }, code_challenge_methods_supported = new[] { "S256" },
        }));
        app.MapGet("/keys", provider.Keys);
        app.MapGet("/authorize", provider.Authorize);
        app.MapGet("/decision", provider.Decide);
        app.MapPost("/token", provider.Token);
        app.MapPost("/device", () =>
        {
            var code = Secret();
            provider._devices[code] = false;
            return Results.Json(new { device_code = code, user_code = "ABCD-EFGH", verification_uri = provider.Issuer + "/activate", expires_in = 60, interval = 1 });
        });
        await app.StartAsync();
        return provider;
    }

    /// <summary>Another key is used from now on.</summary>
    public void Rotate(bool rsa = false)
    {
        _keys.Clear();
        _keys.Add((Guid.NewGuid().ToString("N"), rsa ? null : ECDsa.Create(ECCurve.NamedCurves.nistP256), rsa ? RSA.Create(2048) : null));
    }

    /// <summary>A token of the user's, with changed claims and header.</summary>
    public string Make(Action<JsonObject>? claims = null, string? algorithm = null) => Make(User, claims, algorithm, nonce: null);

    private string Make((string Subject, string Name, string[] Groups) user, Action<JsonObject>? claims, string? algorithm, string? nonce)
    {
        var (id, ec, rsa) = _keys[0];
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var payload = new JsonObject
        {
            ["iss"] = Issuer, ["aud"] = Client, ["sub"] = user.Subject, ["preferred_username"] = user.Name, ["name"] = "The " + user.Name, ["iat"] = now, ["nbf"] = now, ["exp"] = now + 300,
            ["groups"] = new JsonArray([.. user.Groups.Select(g => (JsonNode)g)]),
        };
        if (nonce is not null)
            payload["nonce"] = nonce;
        claims?.Invoke(payload);
        var header = new JsonObject { ["alg"] = algorithm ?? (ec is null ? "RS256" : "ES256"), ["kid"] = id, ["typ"] = "JWT" };
        var signed = $"{Part(header)}.{Part(payload)}";
        var bytes = Encoding.ASCII.GetBytes(signed);
        var signature = algorithm switch
        {
            "none" => [],
            "HS256" => HMACSHA256.HashData(ec!.ExportSubjectPublicKeyInfo(), bytes),   // the old trick: the public key as a secret
            _ => ec?.SignData(bytes, HashAlgorithmName.SHA256) ?? rsa!.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        };
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>Somebody has typed the code in.</summary>
    public void ConsentToDevices()
    {
        foreach (var code in _devices.Keys)
            _devices[code] = true;
    }

    /// <summary>Until the process is told to end.</summary>
    public Task Ends() => _app.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static string Part(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));

    private IResult Keys()
    {
        KeysAsked++;
        return Results.Json(new
        {
            keys = _keys.Select(k => k.Ec is { } ec && ec.ExportParameters(false) is var p
                ? new Dictionary<string, string> { ["kty"] = "EC", ["crv"] = "P-256", ["use"] = "sig", ["alg"] = "ES256", ["kid"] = k.Id, ["x"] = Base64Url.EncodeToString(p.Q.X), ["y"] = Base64Url.EncodeToString(p.Q.Y) }
                : new Dictionary<string, string> { ["kty"] = "RSA", ["use"] = "sig", ["alg"] = "RS256", ["kid"] = k.Id, ["n"] = Base64Url.EncodeToString(k.Rsa!.ExportParameters(false).Modulus), ["e"] = Base64Url.EncodeToString(k.Rsa!.ExportParameters(false).Exponent) }),
        });
    }

    private IResult Authorize(HttpRequest request)
    {
        var q = request.Query;
        if (q["response_type"] != "code" || q["client_id"] != Client || q["code_challenge_method"] != "S256" || !q["scope"].ToString().Split(' ').Contains("openid"))
            return Results.BadRequest("invalid_request");
        if (!_asks)
            return Lead(q, User);
        var asked = string.Concat(q.Select(a => $"<input type=hidden name=\"{Html(a.Key)}\" value=\"{Html(a.Value.ToString())}\">"));
        return Results.Content(
            $"""
            <!doctype html><html lang="en"><meta charset="utf-8"><title>Provider</title><h1>Who are you?</h1>
            <form action="/decision">{asked}
            <p><label>Name <input name="name" required autofocus></label> <label>Groups <input name="groups"></label>
            <p><button name="answer" value="consent">Consent</button> <button name="answer" value="late">Consent, too late</button> <button name="answer" value="deny" formnovalidate>Deny</button>
            </form></html>
            """, "text/html; charset=utf-8");
    }

    /// <summary>What somebody answered: the browser goes back with a code, with one that is good no more, or without.</summary>
    private IResult Decide(HttpRequest request)
    {
        var q = request.Query;
        var name = q["name"].ToString();
        return q["answer"].ToString() switch
        {
            "consent" when name.Length > 0 => Lead(q, ("s-" + name, name, q["groups"].ToString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries))),
            "late" => Results.Redirect($"{q["redirect_uri"]}?code={Secret()}&state={Uri.EscapeDataString(q["state"].ToString())}"),
            _ => Results.Redirect($"{q["redirect_uri"]}?error=access_denied&error_description=You%20did%20not%20consent&state={Uri.EscapeDataString(q["state"].ToString())}"),
        };
    }

    private IResult Lead(IQueryCollection q, (string Subject, string Name, string[] Groups) user)
    {
        var code = Secret();
        _codes[code] = new(q["code_challenge"].ToString(), q["nonce"], q["redirect_uri"].ToString(), user);
        return Results.Redirect($"{q["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(q["state"].ToString())}");
    }

    private static string Html(string text) => HtmlEncoder.Default.Encode(text);

    private static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private async Task<IResult> Token(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        if (form["grant_type"] == "urn:ietf:params:oauth:grant-type:device_code")
        {
            return !_devices.TryGetValue(form["device_code"].ToString(), out var consented) ? Refused("expired_token")
                : !consented ? Refused("authorization_pending")
                : Results.Json(new { access_token = Secret(), token_type = "Bearer", id_token = Make() });
        }
        if (form["grant_type"] != "authorization_code" || !_codes.TryRemove(form["code"].ToString(), out var code) || code.Redirect != form["redirect_uri"])
            return Refused("invalid_grant");
        if (Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))) != code.Challenge)
            return Refused("invalid_grant");
        return Results.Json(new { access_token = Secret(), token_type = "Bearer", expires_in = 300, id_token = Make(code.User, claims: null, algorithm: null, code.Nonce) });
    }

    private static IResult Refused(string error) => Results.Json(new { error }, statusCode: 400);
}
