using Controller.Api.Http;
using Controller.Api.Identity.Certificates;
using Controller.Api.Identity.Oidc;
using Controller.Contracts;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity;

/// <summary>Finds who a request is from, and in which project it acts.</summary>
internal sealed class Arrivals(Tokens tokens, Accounts accounts, Provider provider, External external, ClientCertificates certificates, IOptions<ApiOptions> options)
{
    /// <summary>Who it is from, or why nobody: 401, 403 for what another site has a browser send, 503 where too many ask.</summary>
    public async ValueTask<(Principal? Principal, Problem? Why)> Who(HttpContext http)
    {
        var cancel = http.RequestAborted;
        if (Credentials.SecretIn(http.Request.Headers) is { } secret)
        {
            return secret.StartsWith(Accounts.TokenPrefix, StringComparison.Ordinal) ? await accounts.Personal(secret, cancel)
                : provider.IsThere && Provider.IsJwt(secret) ? await external.Bearer(secret, cancel)
                : await tokens.Find(secret, cancel);
        }
        if (http.Request.Cookies[SessionCookie.Name] is { Length: > 0 } session)
            return IsOwn(http.Request) ? await accounts.Session(session, cancel) : (null, Problems.Forbidden("With the cookie of a session, a request that changes something needs the header X-Requested-With, or an Origin of this server."));
        // What is said comes before what is shown with whatever is said.
        if (http.Connection.ClientCertificate is { } certificate)
        {
            return !IsRead(http.Request) && ClientCertificates.IsFromElsewhere(http.Request, origin => IsOwn(http.Request, origin))
                ? (null, Problems.Forbidden("With a client certificate, a request that changes something is not taken from another site's page: its Origin has to be of this server."))
                : await certificates.Find(certificate, cancel);
        }
        return (null, Problems.Unauthenticated("A token is needed: as Authorization: Bearer, as X-Auth-Token, or as the password of HTTP Basic; or the cookie of a session."));
    }

    /// <summary>The caller and the projects that it could have chosen (null: nobody had to look), or why it is not clear who that is.</summary>
    public async ValueTask<(Caller? Caller, IReadOnlyList<ProjectName>? Projects, Problem? Why)> Choose(HttpContext http, Principal principal)
    {
        var wanted = http.Request.Headers[ProjectChoice.Header].ToString().Trim();
        if (wanted.Length == 0 && principal.Home is { } home && principal.In(home) is { } role)
            return (new(home, role, principal.Name), null, null);
        var (all, busy) = await accounts.Projects(http.RequestAborted, wanted);
        if (all is null)
            return (null, null, busy);
        var projects = ProjectChoice.Of(principal, all);
        var (caller, why) = ProjectChoice.Choose(new(principal, projects), wanted, IsOfAny(http.GetEndpoint()?.Metadata));
        return (caller, projects, why);
    }

    // What is for operators is no project's.
    private static bool IsOfAny(EndpointMetadataCollection? about) => about?.GetMetadata<AnyProject>() is not null || about?.GetMetadata<NeededRole>()?.Role >= Role.Operator;

    /// <summary>Whether a page of this server sent it, or something that a page of another can't make a browser send without having asked.</summary>
    private bool IsOwn(HttpRequest request)
    {
        if (IsRead(request))
            return true;
        if (request.Headers["X-Requested-With"].ToString().Length > 0)
            return true;
        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0 && IsOwn(request, origin);
    }

    private bool IsOwn(HttpRequest request, string origin) => origin == $"{request.Scheme}://{request.Host}" || origin == options.Value.PublicUrl?.TrimEnd('/');

    /// <summary>Whether it only looks.</summary>
    public static bool IsRead(HttpRequest request) => HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);
}
