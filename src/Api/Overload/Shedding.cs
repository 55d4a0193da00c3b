using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Contracts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Controller.Api.Overload;

/// <summary>On a route whose requests last as long as somebody looks or sends: they take no place among those that are worked on.</summary>
internal sealed class Lasting;

/// <summary>That nothing of a request was begun: there is nothing to be noted of it.</summary>
internal sealed class NotBegun;

/// <summary>
/// Each request waits for its turn, or is turned away before anything of it is begun. Behind authentication, which costs little and says whose it is; health goes past it.
/// </summary>
internal sealed class Shedding
{
    private readonly RequestDelegate _next;
    private readonly FairQueue _queue;

    public Shedding(RequestDelegate next, IOptions<OverloadOptions> options, TimeProvider time) => (_next, _queue) = (next, new(options.Value, time));

    public async Task InvokeAsync(HttpContext http)
    {
        var about = http.GetEndpoint()?.Metadata;
        if (about?.GetMetadata<IAllowAnonymous>() is not null || about?.GetMetadata<Lasting>() is not null)
        {
            await _next(http);
            return;
        }
        var caller = http.Caller();
        var admission = await Enter(caller, http.RequestAborted);
        if (admission != Admission.Admitted)
        {
            http.Features.Set(new NotBegun());
            // Not all at the same moment again.
            var again = Random.Shared.Next(1, 4);
            var problem = admission == Admission.OverShare ? Problems.TooManyRequests(again) : Problems.Overloaded(again);
            await ReplyWriter.Write(http, problem, Negotiation.ForProblem(http.Request.Headers.Accept));
            return;
        }
        try
        {
            await _next(http);
        }
        finally
        {
            _queue.Leave();
        }
    }

    private async ValueTask<Admission> Enter(Caller caller, CancellationToken gone)
    {
        Telemetry.Queued.Add(1);
        try
        {
            return await _queue.Enter(caller.Project, caller.Role >= Role.Operator, gone);
        }
        finally
        {
            Telemetry.Queued.Add(-1);
        }
    }
}
