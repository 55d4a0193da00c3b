using Controller.Api.Admin;
using Controller.Api.Audit;
using Controller.Api.Http;
using Controller.Contracts;

namespace Controller.Api.Identity;

/// <summary>Who has a role in a project: its members see them, its admins and those of the cloud say who they are. To others there is no such project.</summary>
internal sealed class Members(AccountStore store, Accounts accounts)
{
    public sealed record NewMember(Role? Role);

    /// <summary>A member. E-mail addresses are for those who manage the project.</summary>
    public sealed record Shown(Guid Id, string Name, string Kind, string? DisplayName, string? Email, Role Role, bool Disabled);

    public async Task<IResult> List(Guid project, HttpContext http, CancellationToken cancel)
    {
        if (await Problem(project, http, managing: false, cancel) is { } problem)
            return problem.ToResult();
        var manages = http.Arrival().Principal.Manages(project);
        return Results.Json((await store.Members(project, cancel)).Select(a => Show(a, project, manages)));
    }

    public async Task<IResult> Set(Guid project, string user, NewMember wanted, HttpContext http, CancellationToken cancel)
    {
        if (await Problem(project, http, managing: true, cancel) is { } problem)
            return problem.ToResult();
        if (wanted.Role is not { } role || !Enum.IsDefined(role))
            return Problems.Invalid("role must be reader, member or admin.").ToResult();
        if (role == Role.Operator)
            return NoOperators().ToResult();
        if (await store.Find(user, cancel) is not { } account)
            return Problems.Invalid($"There is no user '{user}'. An admin makes users; those of an identity provider are made when they sign in first.").ToResult();
        await store.Bind(account.Id, project, role, http.Caller().Principal, cancel);
        http.Touch("account", account.Id, project);
        return Results.Json(Show((await store.Find(account.Id.ToString("D"), cancel)) ?? account, project, manages: true));
    }

    public async Task<IResult> Remove(Guid project, string user, HttpContext http, CancellationToken cancel)
    {
        if (await Problem(project, http, managing: true, cancel) is { } problem)
            return problem.ToResult();
        if (await store.Find(user, cancel) is not { } account || !await store.Unbind(account.Id, project, cancel))
            return Problems.NotFound(http.Request.Path).ToResult();
        http.Touch("account", account.Id, project);
        return Results.Json(new { });
    }

    public static Problem NoOperators() => Problems.Invalid("operator is a role in the cloud: hosts belong to no project. In a project there are reader, member and admin.");

    private async Task<Problem?> Problem(Guid project, HttpContext http, bool managing, CancellationToken cancel)
    {
        var (all, busy) = await accounts.Projects(cancel, project.ToString("D"));
        if (all is null)
            return busy;
        var principal = http.Arrival().Principal;
        if (all.All(p => p.Id != project) || principal.In(project) is null)
            return Problems.NotFound(http.Request.Path);
        return !managing || principal.Manages(project) ? null : Problems.Forbidden("This is for admins of the project, and of the cloud.");
    }

    private static Shown Show(AccountView a, Guid project, bool manages) =>
        new(a.Id, a.Name, a.Kind, a.DisplayName, manages ? a.Email : null, a.Roles.Where(r => r.Project == project).Select(r => r.Role).DefaultIfEmpty(Role.Reader).Max(), a.Disabled);
}
