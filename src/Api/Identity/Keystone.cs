using System.Globalization;
using System.Text.Json;
using Controller.Api.Http;
using Controller.Contracts;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity;

/// <summary>
/// As much of OpenStack's Identity API 2.0 as the OCCI clients of old sign in with (rOCCI, jOCCI): they are led here by a challenge of its own, ask for a token by name and password, look at
/// their tenants, which are projects, and ask for a token of one. Tokens are personal ones that last for some hours. Behind the switch <c>Api:Keystone</c>.
/// </summary>
internal sealed class Keystone(Sessions sessions, AccountStore store, Accounts accounts, Arrivals arrivals, IOptions<ApiOptions> api, TimeProvider time)
{
    private const string Root = "/keystone/v2.0";
    private static readonly TimeSpan Lasts = TimeSpan.FromHours(12);

    /// <summary>What leads old clients here. It has to be the only challenge, and to end with a quote.</summary>
    public static string Challenge(HttpRequest request, ApiOptions options) => $"Keystone uri='{Authority(request, options)}{Root}'";

    /// <summary>Whether a client is one of old: by its name, or by the rendering that it asks for.</summary>
    public static bool IsFor(HttpRequest request)
    {
        var agent = request.Headers.UserAgent.ToString();
        if (agent.Contains("rOCCI", StringComparison.OrdinalIgnoreCase) || agent.Contains("jOCCI", StringComparison.OrdinalIgnoreCase))
            return true;
        var accept = request.Headers.Accept.ToString();
        return accept.Contains("text/occi", StringComparison.OrdinalIgnoreCase) || accept.Contains("text/plain", StringComparison.OrdinalIgnoreCase);
    }

    public static void Map(WebApplication app)
    {
        var keystone = app.Services.GetRequiredService<Keystone>();
        var group = app.MapGroup("/keystone");
        group.MapGet("/", keystone.Versions).AllowAnonymous();
        group.MapGet("/v2.0", keystone.Version).AllowAnonymous();
        group.MapPost("/v2.0/tokens", keystone.Token).AllowAnonymous();
        group.MapGet("/v2.0/tenants", keystone.Tenants).AllowAnonymous();
    }

    public IResult Versions(HttpRequest request) => Results.Json(new { versions = new { values = new[] { Described(request) } } }, statusCode: StatusCodes.Status300MultipleChoices);

    public IResult Version(HttpRequest request) => Results.Json(new { version = Described(request) });

    public async Task<IResult> Token(JsonElement body, HttpContext http, CancellationToken cancel)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("auth", out var auth) || auth.ValueKind != JsonValueKind.Object)
            return Error(400, "Bad Request", "An object auth was wanted, with passwordCredentials or token.");
        Guid account;
        if (Inner(auth, "passwordCredentials") is { } credentials && Text(credentials, "username") is { } name && Text(credentials, "password") is { } password)
        {
            (account, var why) = await sessions.Check(name, password, cancel);
            if (why is not null)
                return Error(why.Type.Status, "Unauthorized", why.Message);
        }
        else if (Inner(auth, "token") is { } token && Text(token, "id") is { } secret)
        {
            var (known, why) = secret.StartsWith(Accounts.TokenPrefix, StringComparison.Ordinal) ? await accounts.Personal(secret, cancel) : (null, Problems.Unauthenticated("The token is unknown."));
            if (known?.Account is not { } whose)
                return Error(401, "Unauthorized", why?.Message ?? "The token is nobody's.");
            if (known.Only is not null)
                return Error(401, "Unauthorized", "The token is of one tenant already.");
            account = whose;
        }
        else
        {
            return Error(401, "Unauthorized", "passwordCredentials with username and password, or token with id, were wanted. VOMS is not offered.");
        }
        var (principal, gone) = await accounts.Account(account, [], cancel);
        var (all, _) = await accounts.Projects(cancel, Text(auth, "tenantName") ?? Text(auth, "tenantId"));
        if (principal is null || all is null)
            return Error(gone?.Type.Status ?? 503, "Unauthorized", gone?.Message ?? "The database does not answer.");
        ProjectName? project = null;
        if ((Text(auth, "tenantName") ?? Text(auth, "tenantId")) is { Length: > 0 } tenant)
        {
            project = all.FirstOrDefault(p => p.Is(tenant) && principal.In(p.Id) is not null);
            if (project is null)
                return Error(401, "Unauthorized", $"There is no tenant {tenant} of {principal.Name}'s.");
        }
        var (made, expires) = (Accounts.TokenPrefix + Credentials.NewSecret(), time.GetUtcNow() + Lasts);
        await store.AddToken(Guid.NewGuid(), Credentials.HashOf(made), account, "keystone", project?.Id, null, expires, principal.Name, cancel);
        http.Features.Set(new Caller(project?.Id ?? Guid.Empty, Role.Reader, principal.Name));   // the audit log says who signed in
        return Results.Json(new
        {
            access = new
            {
                token = new { id = made, issued_at = Iso(time.GetUtcNow()), expires = Iso(expires), tenant = project is null ? null : Shown(project) },
                user = new { id = account.ToString("N"), name = principal.Name, username = principal.Name, roles = Array.Empty<object>(), roles_links = Array.Empty<object>() },
                serviceCatalog = Array.Empty<object>(),
                metadata = new { is_admin = 0, roles = Array.Empty<object>() },
            },
        });
    }

    public async Task<IResult> Tenants(HttpContext http, CancellationToken cancel)
    {
        var (principal, why) = await arrivals.Who(http);
        if (principal is null)
            return Error(why!.Type.Status, "Unauthorized", why.Message);   // one of the two is there
        var (all, busy) = await accounts.Projects(cancel);
        return all is null
            ? Error(busy!.Type.Status, "Service Unavailable", busy.Message)
            : Results.Json(new { tenants = ProjectChoice.Of(principal, all).Select(Shown), tenants_links = Array.Empty<object>() });
    }

    private object Described(HttpRequest request) => new
    {
        id = "v2.0", status = "stable", updated = "2014-04-17T00:00:00Z",
        links = new[] { new { rel = "self", href = $"{Authority(request, api.Value)}{Root}/" } },
    };

    private static object Shown(ProjectName project) => new { id = project.Id.ToString("D"), name = project.Name, description = "", enabled = true };

    private static string Authority(HttpRequest request, ApiOptions options) => options.PublicUrl?.TrimEnd('/') ?? $"{request.Scheme}://{request.Host}";

    private static IResult Error(int code, string title, string message) => Results.Json(new { error = new { message, code, title } }, statusCode: code);

    private static JsonElement? Inner(JsonElement of, string name) => of.TryGetProperty(name, out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : null;

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    private static string Iso(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
