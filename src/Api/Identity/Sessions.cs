using Controller.Api.Admin;
using Controller.Api.Audit;
using Controller.Api.Http;
using Controller.Contracts;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity;

/// <summary>Signing in with a browser, and out; and who one is.</summary>
internal sealed class Sessions(
    AccountStore store, Accounts accounts, Arrivals arrivals, Passwords passwords, Lockout lockout, IOptions<IdentityOptions> options, IOptions<Oidc.OidcOptions> oidc, IOptions<ApiOptions> api, TimeProvider time)
{
    public sealed record SignIn(string? Name, string? Password);

    /// <summary>A way to sign in. <c>Type</c> is <c>password</c> or <c>oidc</c>; <c>Path</c> is where: a POST for the first, to be opened in the browser for the second.</summary>
    public sealed record Method(string Type, string Title, string Path)
    {
        /// <summary>The provider, and as what a command line is known there.</summary>
        public string? Issuer { get; init; }

        public string? ClientId { get; init; }
    }

    public sealed record User(Guid? Id, string Name, string Kind, string? DisplayName, string? Email);

    /// <summary>A project that one may act in, and as what. <c>Manages</c>: one says who is a member.</summary>
    public sealed record Membership(Guid Id, string Name, Role Role, bool Manages);

    /// <summary>Who one is. <c>Project</c> is the one in which a request without X-Project acts; null: there are several, or none.</summary>
    public sealed record Shown(bool SignedIn, User? User, Role? CloudRole, IReadOnlyList<Membership> Projects, ProjectName? Project, DateTimeOffset? Expires, IReadOnlyList<Method> Methods);

    public async Task<IResult> Create(SignIn wanted, HttpContext http, CancellationToken cancel)
    {
        if (!options.Value.Passwords)
            return Problems.Forbidden("Nobody signs in with a password here (Identity:Passwords). GET /auth/session says how.").ToResult();
        if (string.IsNullOrEmpty(wanted.Name) || string.IsNullOrEmpty(wanted.Password))
            return Problems.Invalid("name and password were wanted.").ToResult();
        if (await Check(wanted.Name, wanted.Password, cancel) is { Why: { } why })
            return why.ToResult();
        // It was there a moment ago.
        if (await store.Password(wanted.Name, cancel) is not { } account)
            return Problems.Unauthenticated("The name or the password is wrong.").ToResult();
        return await Begin(account.Id, account.Name, "password", null, http, cancel);
    }

    /// <summary>Whether it is the password of who has that name; null: yes.</summary>
    public async Task<(Guid Account, Problem? Why)> Check(string name, string password, CancellationToken cancel)
    {
        // What can't be a name or a password is not looked for, and takes no room among the attempts.
        if (!AccountStore.IsName(name) || password.Length > Passwords.Longest)
            return (default, Problems.Unauthenticated("The name or the password is wrong."));
        if (await lockout.Begin(name, cancel) is { } wait)
            return (default, Problems.TooManyAttempts((int)Math.Ceiling(wait.TotalSeconds)));
        var account = await store.Password(name, cancel);
        if (await passwords.Is(password, account?.Hash, cancel) is not { } right)
            return (default, Problems.Overloaded(Random.Shared.Next(1, 4)));
        if (!right || account is not { } found)
            return (default, Problems.Unauthenticated("The name or the password is wrong."));
        await lockout.Clear(name, cancel);
        if (Passwords.IsOld(found.Hash) && await passwords.Hash(password, cancel) is { } newer)
            await store.Rehash(found.Id, found.Hash, newer, cancel);
        return (found.Id, null);
    }

    /// <summary>Somebody is signed in from now on: the cookie, and who it is.</summary>
    public async Task<IResult> Begin(Guid account, string name, string method, string? idToken, HttpContext http, CancellationToken cancel)
    {
        var shown = await Open(account, name, method, idToken, http, cancel);
        return shown.Why?.ToResult() ?? Results.Json(shown.Shown, statusCode: StatusCodes.Status201Created);
    }

    /// <summary>The same, for who answers otherwise.</summary>
    public async Task<(Shown? Shown, Problem? Why)> Open(Guid account, string name, string method, string? idToken, HttpContext http, CancellationToken cancel)
    {
        var secret = Credentials.NewSecret();
        var expires = time.GetUtcNow() + options.Value.SessionLifetime;
        await store.AddSession(Credentials.HashOf(secret), account, method, idToken, expires, cancel);
        http.Features.Set(new Caller(Guid.Empty, Role.Reader, name));   // the audit log says who signed in
        http.Touch("account", account);
        SessionCookie.Set(http, api.Value, secret, expires);
        var (principal, why) = await accounts.Session(secret, cancel);
        return principal is null ? (null, why) : await Describe(http, principal, cancel);
    }

    /// <summary>Who one is, and how to sign in: for everybody, since who is not signed in has to learn how to.</summary>
    public async Task<IResult> Show(HttpContext http, CancellationToken cancel)
    {
        var (principal, who) = await arrivals.Who(http);
        if (principal is null)
        {
            return who!.Type.Status == StatusCodes.Status503ServiceUnavailable   // one of the two is there
                ? who.ToResult()
                : Results.Json(new Shown(false, null, null, [], null, null, Methods));
        }
        var (shown, why) = await Describe(http, principal, cancel);
        return why?.ToResult() ?? Results.Json(shown);
    }

    public async Task<IResult> End(HttpContext http, CancellationToken cancel)
    {
        if (http.Request.Cookies[SessionCookie.Name] is { Length: > 0 } secret)
            await store.EndSession(Credentials.HashOf(secret), cancel);
        SessionCookie.Clear(http, api.Value);
        return Results.Json(new { });
    }

    private IReadOnlyList<Method> Methods =>
    [
        .. options.Value.Passwords ? new[] { new Method("password", "Name and password", "/auth/sessions") } : [],
        .. oidc.Value is { Issuer: { } issuer } o ? new[] { new Method("oidc", o.Title, "/auth/oidc/login") { Issuer = issuer, ClientId = o.CliClientId ?? o.ClientId } } : [],
    ];

    private async Task<(Shown? Shown, Problem? Why)> Describe(HttpContext http, Principal principal, CancellationToken cancel)
    {
        var wanted = http.Request.Headers[ProjectChoice.Header].ToString().Trim();
        var (all, busy) = await accounts.Projects(cancel, wanted);
        if (all is null)
            return (null, busy);
        var projects = ProjectChoice.Of(principal, all);
        var (caller, _) = ProjectChoice.Choose(new(principal, projects), wanted, anyProject: false);
        return (new(
            true, new(principal.Account, principal.Name, principal.Kind, principal.DisplayName, principal.Email), principal.InCloud,
            [.. projects.Select(p => new Membership(p.Id, p.Name, principal.In(p.Id)!.Value, principal.Manages(p.Id)))],   // it is among those that it may act in
            projects.FirstOrDefault(p => p.Id == caller?.Project), principal.Until, Methods), null);
    }
}
