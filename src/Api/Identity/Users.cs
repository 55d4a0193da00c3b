using System.Text.Json;
using Controller.Api.Admin;
using Controller.Api.Audit;
using Controller.Api.Http;
using Controller.Contracts;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity;

/// <summary>People and service accounts, and what they may do: admins' work.</summary>
internal sealed class Users(AccountStore store, Accounts accounts, OwnAccount tokens, Passwords passwords, Lockout lockout, IOptions<IdentityOptions> options, TimeProvider time)
{
    private const int LongestText = 256;

    public sealed record New(string? Name, string? Kind, string? DisplayName, string? Email, string? Password);

    public sealed record NewRole(string? Project, Role? Role);

    public sealed record ShownRole(Guid? Project, string? ProjectName, Role Role);

    public sealed record Shown(
        Guid Id, string Name, string Kind, string? DisplayName, string? Email, bool Disabled, bool HasPassword, DateTimeOffset Created, string CreatedBy, DateTimeOffset? LastSignIn, string? Issuer,
        IReadOnlyList<ShownRole> Roles);

    public sealed record Made(Shown User, string? ResetToken, DateTimeOffset? ResetExpires);

    public sealed record ResetMade(string Token, DateTimeOffset Expires);

    public async Task<IResult> List(CancellationToken cancel)
    {
        var names = await Names(cancel);
        return Results.Json((await store.All(cancel)).Select(a => Show(a, names)));
    }

    public Task<IResult> Show(string user, HttpContext http, CancellationToken cancel) => With(user, http, async account => Results.Json(Show(account, await Names(cancel))), cancel);

    public async Task<IResult> Create(New wanted, HttpContext http, CancellationToken cancel)
    {
        var kind = wanted.Kind ?? "local";
        if (wanted.Name is null || !AccountStore.IsName(wanted.Name))
            return Problems.Invalid($"name must be 1 to 128 letters, digits and . _ @ + -, and begin with a letter or digit; found '{wanted.Name}'.").ToResult();
        if (kind is not ("local" or "service"))
            return Problems.Invalid($"kind must be local (a person) or service, found '{kind}'. External users are made by signing in.").ToResult();
        if ((Wrong("displayName", wanted.DisplayName) ?? Wrong("email", wanted.Email)) is { } wrong)
            return Problems.Invalid(wrong).ToResult();
        string? hash = null;
        if (wanted.Password is not null)
        {
            if (kind == "service")
                return Problems.Invalid("A service account has no password, but tokens.").ToResult();
            if (Passwords.Wrong(wanted.Password) is { } bad)
                return Problems.Invalid(bad).ToResult();
            hash = await passwords.Hash(wanted.Password, cancel);
            if (hash is null)
                return Problems.Overloaded(Random.Shared.Next(1, 4)).ToResult();
        }
        var by = http.Caller().Principal;
        if (await store.Create(wanted.Name, kind, wanted.DisplayName, wanted.Email, hash, by, cancel) is not { } id)
            return Problems.Conflict($"There is a user '{wanted.Name}'.").ToResult();
        http.Touch("account", id);
        var reset = kind == "local" && hash is null ? await MakeReset(id, cancel) : null;
        var made = await store.Find(id.ToString("D"), cancel) ?? throw new InvalidOperationException("The user that was just made is not there.");
        return Results.Json(new Made(Show(made, []), reset?.Token, reset?.Expires), statusCode: StatusCodes.Status201Created);
    }

    /// <summary>What is not named stays; null takes it away.</summary>
    public Task<IResult> Change(string user, JsonElement change, HttpContext http, CancellationToken cancel) => With(user, http, async account =>
    {
        if (change.ValueKind != JsonValueKind.Object)
            return Problems.Invalid("An object was wanted, with displayName, email or disabled.").ToResult();
        var (displayName, email, disabled) = (account.DisplayName, account.Email, account.Disabled);
        foreach (var member in change.EnumerateObject())
        {
            var text = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : null;
            var isText = member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null;
            switch (member.Name)
            {
                case "displayName" when isText:
                    displayName = text;
                    break;
                case "email" when isText:
                    email = text;
                    break;
                case "disabled" when member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                    disabled = member.Value.GetBoolean();
                    break;
                default:
                    return Problems.Invalid($"displayName and email (texts) and disabled (true or false) can be changed, found {member.Name}: {member.Value.GetRawText()}.").ToResult();
            }
        }
        if ((Wrong("displayName", displayName) ?? Wrong("email", email)) is { } wrong)
            return Problems.Invalid(wrong).ToResult();
        if (disabled && account.Id == http.Arrival().Principal.Account)
            return Problems.Conflict("Nobody disables the own account: another admin can.").ToResult();
        await store.Change(account.Id, displayName, email, disabled, cancel);
        return Results.Json(Show((await store.Find(account.Id.ToString("D"), cancel))!, await Names(cancel)));   // it was there, and is not deleted by a change
    }, cancel);

    public Task<IResult> Delete(string user, HttpContext http, CancellationToken cancel) => With(user, http, async account =>
    {
        if (account.Id == http.Arrival().Principal.Account)
            return Problems.Conflict("Nobody deletes the own account: another admin can.").ToResult();
        await store.Delete(account.Id, cancel);
        return Results.Json(new { });
    }, cancel);

    public Task<IResult> Reset(string user, HttpContext http, CancellationToken cancel) => With(user, http, async account =>
    {
        if (account.Kind != "local")
            return Problems.Conflict($"{account.Name} has no password here: it is {(account.Kind == "service" ? "a service account" : "vouched for by " + account.Issuer)}.").ToResult();
        await lockout.Clear(account.Name, cancel);
        return Results.Json(await MakeReset(account.Id, cancel));
    }, cancel);

    public Task<IResult> Bind(string user, NewRole wanted, HttpContext http, CancellationToken cancel) => With(user, http, async account =>
    {
        if (wanted.Role is not { } role || !Enum.IsDefined(role))
            return Problems.Invalid("role must be reader, member, operator or admin.").ToResult();
        var (project, problem) = await Project(wanted.Project, cancel);
        if (problem is not null)
            return problem.ToResult();
        if (project is not null && role == Role.Operator)
            return Members.NoOperators().ToResult();
        await store.Bind(account.Id, project, role, http.Caller().Principal, cancel);
        return Results.Json(Show((await store.Find(account.Id.ToString("D"), cancel))!, await Names(cancel)));   // it was there, and is not deleted by a role
    }, cancel);

    public Task<IResult> Unbind(string user, string? project, HttpContext http, CancellationToken cancel) => With(user, http, async account =>
    {
        var (id, problem) = await Project(project, cancel);
        if (problem is not null)
            return problem.ToResult();
        return await store.Unbind(account.Id, id, cancel) ? Results.Json(new { }) : Problems.NotFound($"{http.Request.Path}?project={project}").ToResult();
    }, cancel);

    public Task<IResult> Tokens(string user, HttpContext http, CancellationToken cancel) => With(user, http, async account => Results.Json(await store.Tokens(account.Id, cancel)), cancel);

    public Task<IResult> AddToken(string user, OwnAccount.NewToken wanted, HttpContext http, CancellationToken cancel) => With(user, http, async account =>
        account.Kind == "service"
            ? await tokens.Make(account.Id, http.Arrival().Principal, wanted, http, cancel)
            : Problems.Conflict($"{account.Name} is a person, who makes tokens with POST /auth/tokens. Others make them for service accounts only.").ToResult(), cancel);

    public Task<IResult> RemoveToken(string user, Guid id, HttpContext http, CancellationToken cancel) => With(user, http, async account =>
        await store.RemoveToken(account.Id, id, cancel) ? Results.Json(new { }) : Problems.NotFound(http.Request.Path).ToResult(), cancel);

    private async Task<IResult> With(string user, HttpContext http, Func<AccountView, Task<IResult>> act, CancellationToken cancel)
    {
        if (await store.Find(user, cancel) is not { } account)
            return Problems.NotFound(http.Request.Path).ToResult();
        http.Touch("account", account.Id);
        return await act(account);
    }

    private async Task<ResetMade> MakeReset(Guid account, CancellationToken cancel)
    {
        var (secret, expires) = (Credentials.NewSecret(), time.GetUtcNow() + options.Value.ResetLifetime);
        await store.Reset(account, Credentials.HashOf(secret), expires, cancel);
        return new(secret, expires);
    }

    private async Task<(Guid? Project, Problem? Why)> Project(string? name, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(name))
            return (null, null);
        var (all, busy) = await accounts.Projects(cancel, name);
        if (all is null)
            return (null, busy);
        return all.FirstOrDefault(p => p.Is(name)) is { } found
            ? (found.Id, null)
            : (null, Problems.Invalid($"project must be the name or id of a project, or left out for the cloud; found '{name}'."));
    }

    private async Task<IReadOnlyList<ProjectName>> Names(CancellationToken cancel) => (await accounts.Projects(cancel)).Projects ?? [];

    private static Shown Show(AccountView a, IReadOnlyList<ProjectName> names) => new(
        a.Id, a.Name, a.Kind, a.DisplayName, a.Email, a.Disabled, a.HasPassword, a.Created, a.CreatedBy, a.LastSignIn, a.Issuer,
        [.. a.Roles.Select(r => new ShownRole(r.Project, names.FirstOrDefault(n => n.Id == r.Project)?.Name, r.Role))]);

    private static string? Wrong(string what, string? text) =>
        text is null || (text.Length <= LongestText && !text.Any(char.IsControl)) ? null : $"{what} must be at most {LongestText} characters of text.";
}
