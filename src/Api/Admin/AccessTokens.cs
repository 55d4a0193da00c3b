using Controller.Api.Audit;
using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Inventory;
using Controller.Contracts;

namespace Controller.Api.Admin;

/// <summary>API tokens. The secret is in the answer to its creation and nowhere else.</summary>
internal sealed class AccessTokens(IGrainFactory grains, Rows rows, Projects projects, Tokens known, TimeProvider time)
{
    public sealed record New(string? Name, string? Project, Role? Role, double? ExpiresInSeconds);

    public sealed record Made(Guid Id, string Token, string Name, Guid Project, Role Role, DateTimeOffset Created, DateTimeOffset? Expires);

    public async Task<IResult> Create(New token, HttpContext http, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(token.Name))
            return Problems.Invalid("name is missing: what logs and people call the token.").ToResult();
        if (token.Role is not { } role || !Enum.IsDefined(role))
            return Problems.Invalid("role must be reader, member, operator or admin.").ToResult();
        if (token.ExpiresInSeconds is <= 0 or > 1e9 or double.NaN)
            return Problems.Invalid($"expiresInSeconds must be a positive number up to 1e9, found {token.ExpiresInSeconds}.").ToResult();
        var project = token.Project is null ? null : await projects.Find(token.Project, cancel);
        if (project is null)
            return Problems.Invalid($"project must be the name or id of a project, found '{token.Project}'.").ToResult();

        var secret = Credentials.NewSecret();
        var grain = grains.GetGrain<ITokenGrain>("token/" + Credentials.HashOf(secret));
        DateTimeOffset? expires = token.ExpiresInSeconds is { } seconds ? time.GetUtcNow().AddSeconds(seconds) : null;
        await Twice.Try(() => grain.Create(token.Name, project.Id, role, expires));
        var view = await Twice.Try(grain.View) ?? throw new InvalidOperationException("The token that was just created is not there.");
        http.Touch("token", view.Id, view.Project);
        return Results.Json(
            new Made(view.Id, secret, view.Name, view.Project, view.Role, view.Created, view.Expires), statusCode: StatusCodes.Status201Created);
    }

    public async Task<IResult> List(CancellationToken cancel) => Results.Json((await All(cancel)).Select(t => t.View));

    public async Task<IResult> Revoke(Guid id, CancellationToken cancel)
    {
        var key = (await All(cancel)).FirstOrDefault(t => t.View.Id == id).Key;
        if (key is null || !await Twice.Try(grains.GetGrain<ITokenGrain>(key).Revoke))
            return Problems.NotFound($"/admin/tokens/{id}").ToResult();
        known.Forget(key["token/".Length..]);
        return Results.Json(new { });
    }

    private Task<List<(string Key, TokenView View)>> All(CancellationToken cancel) => rows.All("token", ContractsJson.Default.RowTokenView, cancel);
}
