using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Contracts;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Controller.Api.Overload;

/// <summary>On a route whose requests last as long as somebody looks or sends: they take no place among those that are worked on, and have a limit of their own (<see cref="Seats"/>).</summary>
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
    private readonly TimeSpan _bodyTimeout;
    private readonly TimeProvider _time;

    public Shedding(RequestDelegate next, IOptions<OverloadOptions> options, TimeProvider time) =>
        (_next, _queue, _bodyTimeout, _time) = (next, new(options.Value, time), options.Value.BodyTimeout, time);

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
        var place = new Place(_queue, caller.Project, IsOperators(caller));
        http.Features.Set(place);
        using var late = http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true } ? new CancellationTokenSource(_bodyTimeout, _time) : null;
        if (late is not null)
            http.Request.Body = new TimelyBody(http.Request.Body, _bodyTimeout, late.Token);
        try
        {
            await _next(http);
        }
        finally
        {
            place.Leave();
        }
    }

    private static bool IsOperators(Caller caller) => caller.Role >= Role.Operator;

    private async ValueTask<Admission> Enter(Caller caller, CancellationToken gone)
    {
        Telemetry.Queued.Add(1);
        try
        {
            return await _queue.Enter(caller.Project, IsOperators(caller), gone);
        }
        finally
        {
            Telemetry.Queued.Add(-1);
        }
    }
}
