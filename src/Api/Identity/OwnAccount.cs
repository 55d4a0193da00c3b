using Controller.Api.Admin;
using Controller.Api.Audit;
using Controller.Api.Http;
using Controller.Contracts;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity;

/// <summary>What everybody does with the own account: the password, and tokens.</summary>
internal sealed class OwnAccount(AccountStore store, Accounts accounts, Passwords passwords, Sessions sessions, IOptions<IdentityOptions> options, TimeProvider time)
{
    public sealed record NewPassword(string? Old, string? New);

    public sealed record Redeemed(string? Token, string? Password);

    public sealed record NewToken(string? Name, string? Project, Role? Role, double? ExpiresInSeconds);

    public sealed record MadeToken(Guid Id, string Token, string Name, Guid? Project, Role? Role, DateTimeOffset? Expires);

    /// <summary>Sets another password; all other sessions end.</summary>
    public async Task<IResult> ChangePassword(NewPassword wanted, HttpContext http, CancellationToken cancel)
    {
        if (http.Arrival().Principal is not { Kind: "local", Account: { } account, Ceiling: null, Only: null } own)
            return Problems.Forbidden("A password is changed by who has it: a local user, not by a token for less than all that the user may.").ToResult();
        if (Passwords.Wrong(wanted.New) is { } wrong)
            return Problems.Invalid(wrong).ToResult();
        if (await sessions.Check(own.Name, wanted.Old ?? "", cancel) is { Why: { } why })
            return why.Type.Status == StatusCodes.Status401Unauthorized ? Problems.Forbidden("old is not the password.").ToResult() : why.ToResult();
        if (await passwords.Hash(wanted.New!, cancel) is not { } hash)   // it was looked at
            return Problems.Overloaded(Random.Shared.Next(1, 4)).ToResult();
        await store.SetPassword(account, hash, http.Request.Cookies[SessionCookie.Name] is { Length: > 0 } secret ? Credentials.HashOf(secret) : null, cancel);
        http.Touch("account", account);
        return Results.Json(new { });
    }

    /// <summary>Sets a password with the token that an admin made for that.</summary>
    public async Task<IResult> Redeem(Redeemed wanted, HttpContext http, CancellationToken cancel)
    {
        if (!options.Value.Passwords)
            return Problems.Forbidden("Nobody signs in with a password here (Identity:Passwords).").ToResult();
        if (Passwords.Wrong(wanted.Password) is { } wrong)
            return Problems.Invalid(wrong).ToResult();
        var token = Credentials.HashOf(wanted.Token ?? "");
        // Before the work that a hash is: guesses cost them more than us.
        if (!await store.MayRedeem(token, time.GetUtcNow(), cancel))
            return Problems.Unauthenticated("The token is unknown, used or expired.").ToResult();
        if (await passwords.Hash(wanted.Password!, cancel) is not { } hash)   // it was looked at
            return Problems.Overloaded(Random.Shared.Next(1, 4)).ToResult();
        if (await store.Redeem(token, hash, time.GetUtcNow(), cancel) is not { } account)
            return Problems.Unauthenticated("The token is unknown, used or expired.").ToResult();
        http.Features.Set(new Caller(Guid.Empty, Role.Reader, account.Name));   // the audit log says whose it was
        http.Touch("account", account.Id);
        return Results.Json(new { name = account.Name });
    }

    public async Task<IResult> Tokens(HttpContext http, CancellationToken cancel) =>
        http.Arrival().Principal.Account is { } account ? Results.Json(await store.Tokens(account, cancel)) : NotAnAccount();

    public async Task<IResult> AddToken(NewToken wanted, HttpContext http, CancellationToken cancel)
    {
        var own = http.Arrival().Principal;
        if (own.Account is not { } account)
            return NotAnAccount();
        if (own is not { Ceiling: null, Only: null })
            return Problems.Forbidden("A token that is for less than all that its user may makes no others.").ToResult();
        return await Make(account, own, wanted, http, cancel);
    }

    /// <summary>Makes a token for an account: its user's, or (a service account's) by an admin.</summary>
    public async Task<IResult> Make(Guid account, Principal by, NewToken wanted, HttpContext http, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(wanted.Name) || wanted.Name.Length > 128)
            return Problems.Invalid("name must be a text of 1 to 128 characters: what people call the token.").ToResult();
        if (wanted.Role is { } role && !Enum.IsDefined(role))
            return Problems.Invalid("role must be reader, member, operator or admin, or left out.").ToResult();
        if (wanted.ExpiresInSeconds is <= 0 or > 1e9 or double.NaN)
            return Problems.Invalid($"expiresInSeconds must be a positive number up to 1e9, found {wanted.ExpiresInSeconds}.").ToResult();
        Guid? project = null;
        if (wanted.Project is { } name)
        {
            var (all, busy) = await accounts.Projects(cancel, name);
            if (all is null)
                return busy!.ToResult();   // one of the two is there
            // Whose it is need not be bound there yet; who asks must be able to know of the project.
            project = all.FirstOrDefault(p => p.Is(name) && by.In(p.Id) is not null)?.Id;
            if (project is null)
                return Problems.Invalid($"project must be the id or the name of a project of yours, found '{name}'.").ToResult();
        }
        var (id, secret) = (Guid.NewGuid(), Accounts.TokenPrefix + Credentials.NewSecret());
        DateTimeOffset? expires = wanted.ExpiresInSeconds is { } seconds ? time.GetUtcNow().AddSeconds(seconds) : null;
        await store.AddToken(id, Credentials.HashOf(secret), account, wanted.Name, project, wanted.Role, expires, by.Name, cancel);
        http.Touch("token", id);
        return Results.Json(new MadeToken(id, secret, wanted.Name, project, wanted.Role, expires), statusCode: StatusCodes.Status201Created);
    }

    public async Task<IResult> RemoveToken(Guid id, HttpContext http, CancellationToken cancel)
    {
        if (http.Arrival().Principal.Account is not { } account)
            return NotAnAccount();
        return await store.RemoveToken(account, id, cancel) ? Results.Json(new { }) : Problems.NotFound(http.Request.Path).ToResult();
    }

    private static IResult NotAnAccount() => Problems.Forbidden("This is for who is signed in as a user; the token belongs to nobody in particular.").ToResult();
}
