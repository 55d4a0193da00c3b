using System.Text;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Http;

/// <summary>A request as endpoints see it: who asks, for what rendering, against which catalogue.</summary>
internal sealed class OcciRequest(HttpContext http, Caller caller, MediaType media, ProjectModel model, string authority, QueryArguments query)
{
    // Those that carry OCCI data (GFD.229 §7).
    private static readonly string[] Carriers = ["Category", "Link", "X-OCCI-Attribute", "X-OCCI-Location"];

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: true, throwOnInvalidBytes: true);

    public HttpContext Http => http;

    public Caller Caller => caller;

    public MediaType Media => media;

    public Rendering Rendering => media.Rendering;

    /// <summary>What the project has that it is about: the caller's, or (an admin's request) the entity's; fresher where the request named something unknown.</summary>
    public ProjectModel Model { get; set => field = value.For(caller.Role); } = model.For(caller.Role);

    public Catalogue Catalogue => Model.Catalogue;

    /// <summary>Scheme and authority of absolute URLs.</summary>
    public string Authority => authority;

    public QueryArguments Query => query;

    /// <summary>How much of it is taken.</summary>
    public Limits Limits { get; init; } = Limits.None;

    public string Path => http.Request.Path.Value ?? "/";

    public CancellationToken Aborted => http.RequestAborted;

    public OcciWriter Writer => new(Catalogue, authority);

    /// <summary>The header fields that carry OCCI data: a text/occi message, or the filter of a GET.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Fields
    {
        get
        {
            if (field is not null)
                return field;
            var found = new List<KeyValuePair<string, string>>();
            foreach (var name in Carriers)
            {
                foreach (var value in http.Request.Headers[name])
                    found.Add(new(name, value ?? ""));
            }
            return field = found;
        }
    }

    /// <summary>Whether it brings OCCI data, in whatever way.</summary>
    public bool HasPayload => Fields.Count > 0 || http.Request.ContentLength > 0 || http.Request.Headers.TransferEncoding.Count > 0;

    /// <summary>The message, once it was read.</summary>
    public Message? Sent { get; private set; }

    /// <summary>The OCCI message that was sent.</summary>
    public async Task<(Message Message, Problem? Problem)> Read()
    {
        var contentType = http.Request.Headers.ContentType;
        if (MediaType.OfRequest(contentType) is not { } sent)
            return (null!, Problems.UnknownContent(contentType.ToString()));   // never read where there is a problem
        if (http.Request.Headers.ContentEncoding is { Count: > 0 } coding && !coding.ToString().Trim().Equals("identity", StringComparison.OrdinalIgnoreCase))
            return (null!, Problems.EncodedContent(coding.ToString()));
        // A mark of UTF-8 is stepped over, one of UTF-16 is no UTF-8 but an error.
        using var reader = new StreamReader(http.Request.Body, Utf8, detectEncodingFromByteOrderMarks: false);
        string body;
        try
        {
            body = await reader.ReadToEndAsync(Aborted);
        }
        catch (DecoderFallbackException)
        {
            return (null!, Problems.BadRendering("The body is not UTF-8."));
        }
        catch (InvalidOperationException unreadable)
        {
            // The server's parser meets bytes in a trailer field that it has no name for.
            throw new BadHttpRequestException("The body ends with a trailer field that can't be read.", unreadable);
        }
        // Old clients name both text types and then put everything into headers.
        var rendering = sent.Rendering == Rendering.TextPlain && string.IsNullOrWhiteSpace(body) && Fields.Count > 0 ? Rendering.TextOcci : sent.Rendering;
        Sent = new Message(rendering, rendering == Rendering.TextOcci ? Fields : [], body) { Limits = Limits };
        return (Sent, null);
    }

    /// <summary>The path of a URL that points here, else the URL itself.</summary>
    public string PathOf(string url) =>
        url.StartsWith(authority, StringComparison.OrdinalIgnoreCase) && url.Length > authority.Length && url[authority.Length] == '/' ? url[authority.Length..] : url;
}
