using Controller.Api.Http;
using Microsoft.AspNetCore.Authorization;

namespace Controller.Api.Cluster;

/// <summary>Until the first silo was reached there is health and nothing else.</summary>
internal sealed class FirstSilo(RequestDelegate next, GatewayWatch watch)
{
    public Task InvokeAsync(HttpContext http) => watch.Started || http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null
        ? next(http)
        : ReplyWriter.Write(http, Problems.Unavailable("No silo has been reached yet."), Negotiation.ForProblem(http.Request.Headers.Accept));
}
