using System.Diagnostics;
using Controller.Api.Http;
using Controller.Api.Identity.Certificates;
using Controller.Api.Identity.Oidc;
using Controller.Api.Overload;
using Controller.Contracts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Controller.Api.Identity;

/// <summary>Every request but health and signing in has a caller.</summary>
internal sealed class Authentication(RequestDelegate next, Arrivals arrivals)
{
    public async Task InvokeAsync(HttpContext http)
    {
        // The routes that say so, and not whatever else lies below their path.
        if (http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            await next(http);
            return;
        }
        var (principal, why) = await arrivals.Who(http);
        Caller? caller = null;
        if (principal is not null)
        {
            (caller, var projects, why) = await arrivals.Choose(http, principal);
            http.Features.Set(new Arrival(principal, projects ?? []));
        }
        if (caller is null)
        {
            if (why!.Type.Status == StatusCodes.Status503ServiceUnavailable)
                http.Features.Set(new NotBegun());
            await ReplyWriter.Write(http, why, Negotiation.ForProblem(http.Request.Headers.Accept));   // one of the two is there
            return;
        }
        http.Features.Set(caller);
        if (http.Request.Headers.ContainsKey(ProjectChoice.Header) && caller.Project != Guid.Empty)
            http.Features.Set(new NamedProject(caller.Project));
        Activity.Current?.SetTag("controller.project", caller.Project);
        // Who only looks begins nothing that somebody would be named in.
        if (!Arrivals.IsRead(http.Request))
            Asking.Begin(caller.Principal, Activity.Current?.TraceId.ToString());
        if (http.GetEndpoint()?.Metadata.GetMetadata<NeededRole>() is { } needed && Access.Needs(caller, needed.Role) is { } forbidden)
        {
            await ReplyWriter.Write(http, forbidden, Negotiation.ForProblem(http.Request.Headers.Accept));
            return;
        }
        await next(http);
    }
}

internal static class IdentityExtensions
{
    public static void AddIdentity(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<IdentityOptions>().BindConfiguration("Identity").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<Tokens>().AddSingleton<Accounts>().AddSingleton<Arrivals>().AddSingleton<Passwords>().AddSingleton<Lockout>().AddSingleton<AccountStore>()
            .AddSingleton<Sessions>().AddSingleton<OwnAccount>().AddSingleton<Users>().AddSingleton<Members>();
        builder.Services.AddOptions<OidcOptions>().BindConfiguration("Oidc").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<OidcOptions>, OidcComplaints>().AddSingleton<Provider>().AddSingleton<External>().AddSingleton<CodeFlow>().AddSingleton<Keystone>();
        builder.Services.AddSingleton<ClientAuthority>().AddSingleton<ClientRevocations>().AddSingleton<ClientCertificates>().AddSingleton<UserCertificates>();
    }

    /// <summary>Who asks.</summary>
    public static Caller Caller(this HttpContext http) =>
        http.Features.Get<Caller>() ?? throw new InvalidOperationException("No caller: the request went past authentication.");

    /// <summary>Who asks, and what else it could do elsewhere.</summary>
    public static Arrival Arrival(this HttpContext http) =>
        http.Features.Get<Arrival>() ?? throw new InvalidOperationException("No caller: the request went past authentication.");
}
