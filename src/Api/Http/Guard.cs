using System.Diagnostics;

namespace Controller.Api.Http;

/// <summary>The last resort: an exception becomes a named refusal (503 when something is away, 500 with a trace id when it is our fault).</summary>
internal sealed partial class Guard(RequestDelegate next, ILogger<Guard> log)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            // ASP.NET Core reads the operator's JSON, and says nothing of a body that broke off.
            if (!http.Response.HasStarted && http.Response.StatusCode >= StatusCodes.Status400BadRequest && http.Response.ContentType is null)
                await ReplyWriter.Write(http, Problems.Unread(http.Response.StatusCode), Negotiation.ForProblem(http.Request.Headers.Accept));
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested)
        {
            // The client hung up; nobody reads an answer.
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            var traceId = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
            var problem = Problems.From(exception, traceId);
            if (problem.Type.Status >= StatusCodes.Status500InternalServerError)
                LogFailed(exception, http.Request.Method, http.Request.Path, problem.Type.Name, traceId);
            http.Response.Clear();
            EveryResponse.SetHeaders(http.Response);
            // Where a body that can't be read ends, and the next request begins, is anybody's guess.
            if (exception is BadHttpRequestException)
                http.Response.Headers.Connection = "close";
            await ReplyWriter.Write(http, problem, Negotiation.ForProblem(http.Request.Headers.Accept));
        }
    }

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed: {Problem}, trace {TraceId}")]
    private partial void LogFailed(Exception exception, string method, string path, string problem, string traceId);
}
