using Controller.Api.Admin;
using Controller.Contracts;

namespace Controller.Api.Identity;

internal static class IdentityRoutes
{
    /// <summary>docs/identity.md.</summary>
    public static void MapIdentity(this WebApplication app)
    {
        var (sessions, own) = (app.Services.GetRequiredService<Sessions>(), app.Services.GetRequiredService<OwnAccount>());
        app.MapPost("/auth/sessions", sessions.Create).AllowAnonymous();
        app.MapGet("/auth/session", sessions.Show).AllowAnonymous();
        if (app.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<ApiOptions>>().Value.Keystone)
            Keystone.Map(app);
        var flow = app.Services.GetRequiredService<Oidc.CodeFlow>();
        app.MapGet("/auth/oidc/login", flow.Begin).AllowAnonymous();
        app.MapGet("/auth/oidc/callback", flow.End).AllowAnonymous();
        app.MapDelete("/auth/sessions/current", sessions.End).WithMetadata(new AnyProject()).Needs(Role.Reader);
        app.MapPut("/auth/password", own.ChangePassword).WithMetadata(new AnyProject()).Needs(Role.Reader);
        app.MapPost("/auth/password", own.Redeem).AllowAnonymous();
        app.MapGet("/auth/tokens", own.Tokens).WithMetadata(new AnyProject()).Needs(Role.Reader);
        app.MapPost("/auth/tokens", own.AddToken).WithMetadata(new AnyProject()).Needs(Role.Reader);
        app.MapDelete("/auth/tokens/{id:guid}", own.RemoveToken).WithMetadata(new AnyProject()).Needs(Role.Reader);

        var (users, members) = (app.Services.GetRequiredService<Users>(), app.Services.GetRequiredService<Members>());
        var admin = app.MapGroup("/admin").WithMetadata(new AnyProject());
        admin.MapGet("/users", users.List).Needs(Role.Admin);
        admin.MapPost("/users", users.Create).Needs(Role.Admin);
        admin.MapGet("/users/{user}", users.Show).Needs(Role.Admin);
        admin.MapPatch("/users/{user}", users.Change).Needs(Role.Admin);
        admin.MapDelete("/users/{user}", users.Delete).Needs(Role.Admin);
        admin.MapPost("/users/{user}/reset", users.Reset).Needs(Role.Admin);
        admin.MapPut("/users/{user}/roles", users.Bind).Needs(Role.Admin);
        admin.MapDelete("/users/{user}/roles", users.Unbind).Needs(Role.Admin);
        admin.MapGet("/users/{user}/tokens", users.Tokens).Needs(Role.Admin);
        admin.MapPost("/users/{user}/tokens", users.AddToken).Needs(Role.Admin);
        admin.MapDelete("/users/{user}/tokens/{id:guid}", users.RemoveToken).Needs(Role.Admin);
        var certificates = app.Services.GetRequiredService<Certificates.UserCertificates>();
        admin.MapGet("/users/{user}/certificates", certificates.List).Needs(Role.Admin);
        admin.MapPost("/users/{user}/certificates", certificates.Add).Needs(Role.Admin);
        admin.MapDelete("/users/{user}/certificates/{id:guid}", certificates.Remove).Needs(Role.Admin);
        admin.MapGet("/projects/{project:guid}/members", members.List).Needs(Role.Reader);
        admin.MapPut("/projects/{project:guid}/members/{user}", members.Set).Needs(Role.Reader);
        admin.MapDelete("/projects/{project:guid}/members/{user}", members.Remove).Needs(Role.Reader);
    }
}
