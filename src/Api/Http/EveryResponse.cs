using Microsoft.Extensions.Options;

namespace Controller.Api.Http;

/// <summary>What holds on every URL and method: the headers Server and Accept, the version check, the header limit.</summary>
internal sealed class EveryResponse(RequestDelegate next, IOptions<ApiOptions> options)
{
    public Task InvokeAsync(HttpContext http)
    {
        SetHeaders(http.Response);
        var headers = http.Request.Headers;
        if (OcciVersion.TooHigh(headers.UserAgent.ToString()) is { } wanted)
            return ReplyWriter.Write(http, Problems.VersionNotSupported(wanted), Negotiation.ForProblem(headers.Accept));
        if (SizeOf(headers) is var size && size > options.Value.MaxRequestHeaderBytes)
        {
            return ReplyWriter.Write(http,
                Problems.TooLarge($"The request's headers take {size} bytes; the limit is {options.Value.MaxRequestHeaderBytes}. Use text/plain or JSON."),
                Negotiation.ForProblem(headers.Accept));
        }
        return next(http);
    }

    public static void SetHeaders(HttpResponse response)
    {
        response.Headers.Server = OcciVersion.Server;
        response.Headers.Accept = MediaType.Supported;
    }

    private static int SizeOf(IHeaderDictionary headers)
    {
        var size = 0;
        foreach (var (name, values) in headers)
        {
            foreach (var value in values)
                size += name.Length + (value?.Length ?? 0) + 4;
        }
        return size;
    }
}
