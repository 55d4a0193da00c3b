using Controller.Api.Audit;
using Controller.Api.Doctor;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Operations;
using Controller.Contracts;

namespace Controller.Api.Admin;

internal static class AdminRoutes
{
    public static void AddAdmin(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Projects>().AddSingleton<Usage>().AddSingleton<Summary>().AddSingleton<AccessTokens>().AddSingleton<Hosts>().AddSingleton<Adoption>().AddSingleton<JoinTokens>().AddSingleton<Images>()
            .AddSingleton<Explanations>().AddSingleton<Migrations>().AddSingleton<OperationRows>().AddSingleton<Operations.Operations>();
        builder.Services.AddSingleton<AuditRows>().AddSingleton<AuditRoutes>().AddSingleton<Attempts>().AddSingleton<AuditLog>()
            .AddHostedService(s => s.GetRequiredService<AuditLog>()).AddHostedService<AuditPruning>();
        builder.Services.AddOptions<AuditOptions>().BindConfiguration("Audit").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ICheck, ClaimCheck>().AddSingleton<ICheck, RowCheck>().AddSingleton<ICheck, HostCheck>().AddSingleton<ICheck, OperationCheck>()
            .AddSingleton<ICheck, SystemCheck>().AddSingleton<Examination>().AddSingleton<Repairs>();
        builder.Services.ConfigureHttpJsonOptions(o => o.SerializerOptions.Converters.Add(
            new System.Text.Json.Serialization.JsonStringEnumConverter(System.Text.Json.JsonNamingPolicy.CamelCase)));
    }

    /// <summary>The operator's endpoints: docs/admin-api.md, line by line.</summary>
    public static void MapAdmin(this WebApplication app)
    {
        var services = app.Services;
        var (projects, tokens) = (services.GetRequiredService<Projects>(), services.GetRequiredService<AccessTokens>());
        var (hosts, joinTokens, images) =
            (services.GetRequiredService<Hosts>(), services.GetRequiredService<JoinTokens>(), services.GetRequiredService<Images>());

        var admin = app.MapGroup("/admin");
        admin.MapPost("/projects", projects.Create).Needs(Role.Admin);
        admin.MapGet("/projects", projects.List).Needs(Role.Admin);
        admin.MapPatch("/projects/{id:guid}", projects.Rename).Needs(Role.Admin);
        admin.MapDelete("/projects/{id:guid}", projects.Delete).Needs(Role.Admin);
        var usage = services.GetRequiredService<Usage>();
        admin.MapGet("/projects/{project:guid}/quota", usage.Quota).WithMetadata(new AnyProject()).Needs(Role.Reader);
        admin.MapPatch("/projects/{project:guid}/quota", usage.SetQuota).Needs(Role.Admin);
        admin.MapGet("/usage", usage.Show).WithMetadata(new AnyProject()).Needs(Role.Reader);
        admin.MapPost("/tokens", tokens.Create).Needs(Role.Admin);
        admin.MapGet("/tokens", tokens.List).Needs(Role.Admin);
        admin.MapDelete("/tokens/{id:guid}", tokens.Revoke).Needs(Role.Admin);
        admin.MapGet("/hosts", hosts.List).Needs(Role.Operator);
        admin.MapGet("/hosts/{id:guid}", hosts.Show).Needs(Role.Operator);
        admin.MapPost("/hosts/join-tokens", joinTokens.Create).Needs(Role.Operator);
        admin.MapGet("/hosts/join-tokens", joinTokens.List).Needs(Role.Operator);
        admin.MapDelete("/hosts/join-tokens/{id:guid}", joinTokens.Revoke).Needs(Role.Operator);
        admin.MapPatch("/hosts/{id:guid}", hosts.Change).Needs(Role.Operator);
        admin.MapPost("/hosts/{id:guid}/approve", hosts.Approve).Needs(Role.Operator);
        admin.MapPost("/hosts/{id:guid}/drain", hosts.Drain).Needs(Role.Operator);
        admin.MapPost("/hosts/{id:guid}/undrain", hosts.Undrain).Needs(Role.Operator);
        admin.MapPost("/hosts/{id:guid}/adopt", services.GetRequiredService<Adoption>().Adopt).Needs(Role.Admin);
        admin.MapDelete("/hosts/{id:guid}", hosts.Remove).Needs(Role.Operator);
        admin.MapPut("/hosts/{id:guid}/fence", hosts.SetFence).Needs(Role.Admin);
        admin.MapDelete("/hosts/{id:guid}/fence", hosts.ClearFence).Needs(Role.Admin);
        admin.MapPost("/hosts/{id:guid}/confirm-off", hosts.ConfirmOff).Needs(Role.Admin);
        admin.MapGet("/summary", services.GetRequiredService<Summary>().Show).Needs(Role.Reader);
        admin.MapGet("/explain/{term}/{id:guid}", services.GetRequiredService<Explanations>().Explain).Needs(Role.Reader);
        var operations = services.GetRequiredService<Operations.Operations>();
        admin.MapGet("/operations", operations.List).Needs(Role.Reader);
        admin.MapGet("/operations/{id:guid}", operations.Show).Needs(Role.Reader);
        admin.MapPost("/operations/{id:guid}/retry", operations.Retry).Needs(Role.Operator);
        admin.MapGet("/doctor", services.GetRequiredService<Examination>().Look).Needs(Role.Operator);
        var audit = services.GetRequiredService<AuditRoutes>();
        admin.MapGet("/audit", audit.List).Needs(Role.Reader);
        admin.MapGet("/audit/export", audit.Export).WithMetadata(new Overload.Lasting()).Needs(Role.Reader);
        var repairs = services.GetRequiredService<Repairs>();
        admin.MapPost("/repairs/claims/{term}/{id:guid}", repairs.Claims).Needs(Role.Operator);
        admin.MapPost("/repairs/rows/{term}/{id:guid}", repairs.Row).Needs(Role.Operator);
        admin.MapPost("/repairs/hosts/{id:guid}", repairs.Host).Needs(Role.Operator);
        admin.MapPost("/repairs/hosts/{id:guid}/strays/{term}/{entity:guid}/{incarnation:guid}", repairs.Stray).Needs(Role.Admin);
        var migrations = services.GetRequiredService<Migrations>();
        admin.MapPost("/computes/{id:guid}/migrate", migrations.Migrate).Needs(Role.Operator);
        admin.MapPost("/computes/{id:guid}/cancel-migration", migrations.Cancel).Needs(Role.Operator);
        admin.MapGet("/computes/{id:guid}/migration", migrations.Show).Needs(Role.Operator);
        admin.MapPut("/images/{term}", images.Put).WithMetadata(new Overload.Lasting()).Needs(Role.Admin);
        admin.MapPost("/images/{term}/import", images.Import).Needs(Role.Admin);
        admin.MapGet("/images", images.List).Needs(Role.Operator);
        admin.MapDelete("/images/{term}", images.Delete).Needs(Role.Admin);
    }

    /// <summary>Only for who has at least that role.</summary>
    public static void Needs(this RouteHandlerBuilder route, Role role) => route.WithMetadata(new NeededRole(role));
}

/// <summary>A refusal as a minimal API's result.</summary>
internal sealed class Refusal(Problem problem) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) =>
        ReplyWriter.Write(httpContext, problem, Negotiation.ForProblem(httpContext.Request.Headers.Accept));
}

internal static class RefusalExtensions
{
    public static IResult ToResult(this Problem problem) => new Refusal(problem);
}
