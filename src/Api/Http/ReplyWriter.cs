using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Occi;

namespace Controller.Api.Http;

/// <summary>Puts replies on the wire.</summary>
internal sealed class ReplyWriter(IOptions<ApiOptions> options)
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public Task Write(HttpContext http, Reply reply, MediaType media)
    {
        if (reply.Problem is { } problem)
            return Write(http, problem, media);
        if (reply.Message is { } message && OcciWriter.WhyNot(message, options.Value.MaxResponseHeaderBytes) is { } why)
            return Write(http, Problems.RenderingTooLarge(why), media);

        var response = http.Response;
        response.StatusCode = reply.Status;
        var headers = response.Headers;
        headers.Vary = "Accept";
        if (reply.Location is not null)
            headers.Location = reply.Location;
        if (reply.ETag is not null)
            headers.ETag = reply.ETag;
        if (reply.Allow is not null)
            headers.Allow = reply.Allow;
        if (reply.Status == StatusCodes.Status304NotModified)
            return Task.CompletedTask;
        foreach (var (name, value) in reply.Message?.Fields ?? [])
            headers.Append(name, value);
        if (reply.Pieces is { } pieces)
            return Pieces(http, media, pieces);
        var body = reply.Message?.Body ?? Nothing(media);
        return Body(http, media, reply.Encoded ?? Encoding.UTF8.GetBytes(body), body.Length);
    }

    /// <summary>A refusal: text/plain shows the message, text/occi also a header, JSON an object (decision D-46).</summary>
    public static Task Write(HttpContext http, Problem problem, MediaType media)
    {
        http.Features.Set(problem);   // the audit log names it
        Telemetry.Refusals.Add(1, new KeyValuePair<string, object?>("reason", problem.Type.Name));
        var response = http.Response;
        response.StatusCode = problem.Type.Status;
        if (problem.RetryAfter is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (problem.Allow is not null)
            response.Headers.Allow = problem.Allow;
        if (problem.Type.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = Challenge(http.Request);
        if (media.Rendering == Rendering.TextOcci)
            response.Headers["X-OCCI-Error"] = OneLine(problem.Message);
        return Body(http, media.Rendering == Rendering.UriList ? MediaType.TextPlain : media,
            media.Rendering == Rendering.Json ? JsonOf(problem) : string.Join('\n', ((string[])[problem.Message, .. problem.Details]).Select(OneLine)));
    }

    // A browser that is asked for Basic opens a dialogue of its own, before any page learns of it.
    private static Microsoft.Extensions.Primitives.StringValues Challenge(HttpRequest request)
    {
        // Clients of old read the first challenge, or all of them as one: theirs must be alone.
        if (Identity.Keystone.IsFor(request) && request.HttpContext.RequestServices.GetRequiredService<IOptions<ApiOptions>>().Value is { Keystone: true } options)
            return new(Identity.Keystone.Challenge(request, options));
        return request.Headers["X-Requested-With"].ToString().Length > 0 || request.Headers["Sec-Fetch-Mode"].ToString() is { Length: > 0 } and not "navigate"
            ? new("Bearer")
            : new(["Bearer", "Basic realm=\"controller\""]);
    }

    /// <summary>With its length where it is of one piece; each piece is sent before the next is asked for.</summary>
    private static async Task Pieces(HttpContext http, MediaType media, IAsyncEnumerable<PooledBuffer> pieces)
    {
        await using var piece = pieces.GetAsyncEnumerator(http.RequestAborted);
        var more = await piece.MoveNextAsync();
        http.Response.ContentType = media.Name;
        if (!more)
            http.Response.ContentLength = 0;
        while (more)
        {
            // There is a second piece only where the first one says so, by being no last one.
            if (!http.Response.HasStarted && !piece.Current.MoreToCome)
                http.Response.ContentLength = piece.Current.Length;
            await http.Response.Body.WriteAsync(piece.Current.Written, http.RequestAborted);
            more = await piece.MoveNextAsync();
        }
    }

    private static Task Body(HttpContext http, MediaType media, string text) => Body(http, media, Encoding.UTF8.GetBytes(text), text.Length);

    private static Task Body(HttpContext http, MediaType media, byte[] bytes, int characters)
    {
        // Old clients compare the whole value, so the parameter is there only where it says something.
        var plain = media.Rendering == Rendering.Json || bytes.Length == characters;
        http.Response.ContentType = plain ? media.Name : media.Name + "; charset=utf-8";
        http.Response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : http.Response.Body.WriteAsync(bytes, http.RequestAborted).AsTask();
    }

    private static string Nothing(MediaType media) => media.Rendering switch
    {
        Rendering.Json => "{}",
        Rendering.UriList => "",
        _ => "OK",
    };

    private static string JsonOf(Problem problem)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            json.WriteNumber("code", problem.Type.Status);
            json.WriteString("type", problem.Type.Name);
            json.WriteString("message", problem.Message);
            json.WriteStartArray("details");
            foreach (var detail in problem.Details)
                json.WriteStringValue(detail);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    // What it repeats of a request must not begin a line, or a header, that is read as ours.
    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
