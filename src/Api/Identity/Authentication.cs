using System.Diagnostics;
using Controller.Api.Http;
using Controller.Api.Overload;
using Controller.Contracts;
using Microsoft.AspNetCore.Authorization;

namespace Controller.Api.Identity;

/// <summary>Every request but health has a caller.</summary>
internal sealed class Authentication(RequestDelegate next, Tokens tokens)
{
    public async Task InvokeAsync(HttpContext http)
    {
        // The routes that say so, and not whatever else lies below their path.
        if (http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            await next(http);
            return;
        }
        var (caller, why) = Credentials.SecretIn(http.Request.Headers) is { } secret
            ? await tokens.Find(secret, http.RequestAborted)
            : (null, Problems.Unauthenticated("A token is needed: as Authorization: Bearer, as X-Auth-Token, or as the password of HTTP Basic."));
        if (caller is null)
        {
            if (why!.Type.Status != StatusCodes.Status401Unauthorized)
                http.Features.Set(new NotBegun());
            await ReplyWriter.Write(http, why, Negotiation.ForProblem(http.Request.Headers.Accept));   // one of the two is there
            return;
        }
        http.Features.Set(caller);
        Activity.Current?.SetTag("controller.project", caller.Project);
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
    public static void AddIdentity(this WebApplicationBuilder builder) => builder.Services.AddSingleton<Tokens>();

    /// <summary>Who asks.</summary>
    public static Caller Caller(this HttpContext http) =>
        http.Features.Get<Caller>() ?? throw new InvalidOperationException("No caller: the request went past authentication.");
}
