using System.Diagnostics;
using Controller.Api.Http;
using Controller.Api.Overload;
using Controller.Contracts;

namespace Controller.Api.Audit;

/// <summary>
/// Around every request: what may change something is answered only when its entry in the audit log is durable, and is not begun while none can be written. Of what only looks, what was
/// denied is noted.
/// </summary>
internal sealed class Auditing(RequestDelegate next, AuditLog log, Attempts attempts, TimeProvider time)
{
    private const int LongestText = 256;

    public async Task InvokeAsync(HttpContext http)
    {
        var began = time.GetUtcNow();
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || HttpMethods.IsOptions(http.Request.Method))
        {
            await next(http);
            if (http.Response.StatusCode is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden)
                Denied(http, began);
            return;
        }
        if (log.Trouble is { } trouble)
        {
            await ReplyWriter.Write(http, Problems.Unavailable($"Nothing was changed: what is done has to be written into the audit log. {trouble}"), Negotiation.ForProblem(http.Request.Headers.Accept));
            return;
        }
        http.Features.Set(new Touched());
        var wire = http.Response.Body;
        using var held = new MemoryStream();
        http.Response.Body = held;
        try
        {
            await next(http);
            await http.Response.BodyWriter.FlushAsync();
        }
        finally
        {
            http.Response.Body = wire;
        }
        if (http.Features.Get<NotBegun>() is not null)
        {
            // Turned away before anybody looked at it: to write it down would be the work that there is too much of.
        }
        else if (http.Features.Get<Caller>() is null || http.Response.StatusCode == StatusCodes.Status403Forbidden)
        {
            Denied(http, began);
        }
        else if (!await log.Write(Entries(http, began)))
        {
            http.Response.Clear();
            EveryResponse.SetHeaders(http.Response);
            await ReplyWriter.Write(
                http, Problems.Unavailable("It may have been done: its entry in the audit log is not written yet. Look before you try again."), Negotiation.ForProblem(http.Request.Headers.Accept));
            return;
        }
        if (held.Length > 0)
        {
            held.Position = 0;
            await held.CopyToAsync(wire, http.RequestAborted);
        }
    }

    private void Denied(HttpContext http, DateTimeOffset began)
    {
        foreach (var entry in Entries(http, began))
        {
            // Whoever may do nothing could fill the log: of such attempts only some are noted one by one.
            if (attempts.Count(entry) is { } counted)
                log.Note(counted);
        }
    }

    private static IReadOnlyList<AuditEntry> Entries(HttpContext http, DateTimeOffset began)
    {
        var caller = http.Features.Get<Caller>();
        var status = (short)http.Response.StatusCode;
        var path = http.Request.Path.Value ?? "";
        var entry = new AuditEntry
        {
            At = began,
            User = caller is null ? null : Plain(caller.Principal),
            Project = caller?.Project is { } project && project != Guid.Empty ? project : null,
            Role = caller?.Role.ToString().ToLowerInvariant(),
            Method = Plain(http.Request.Method),
            Path = Plain(path),
            Action = http.Request.Query["action"].ToString() is { Length: > 0 } action ? Plain(action) : null,
            Status = status,
            Result = http.Features.Get<Problem>()?.Type.Name ?? (status < StatusCodes.Status400BadRequest ? "ok" : "refused"),
            Address = http.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : http.Connection.RemoteIpAddress,
            UserAgent = http.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? Plain(agent) : null,
            Request = http.TraceIdentifier,
            Trace = Activity.Current?.TraceId.ToString(),
        };
        if (http.Features.Get<Touched>()?.Entities is { Count: > 0 } touched)
            return [.. touched.Select(t => entry with { Kind = t.Kind, Entity = t.Id, Owner = t.Owner })];
        var (kind, id) = InPath(path);
        return [entry with { Kind = kind, Entity = id }];
    }

    /// <summary>
    /// The UUID in a path, and the word before it: <c>/compute/UUID</c>, <c>/admin/hosts/UUID/drain</c>. Nothing longer below a kind: users choose where their mixins are, and could name
    /// somebody else's entity there.
    /// </summary>
    private static (string? Kind, Guid? Id) InPath(string path)
    {
        var parts = path.TrimEnd('/').Split('/');
        if (parts is ["", "admin", .. var rest])
        {
            for (var i = 1; i < rest.Length; i++)
            {
                if (Guid.TryParseExact(rest[i], "D", out var admins))
                    return (Plain(rest[i - 1].TrimEnd('s')), admins);
            }
        }
        var names = parts is ["", _, _] or ["", "console", _, ..];
        return names && Guid.TryParseExact(parts[2], "D", out var id) ? (Plain(parts[1]), id) : (null, null);
    }

    // Whatever a client sent can be shown in a terminal, and is not longer than it says something.
    private static string Plain(string text) => text.Length <= LongestText && !text.Any(IsOdd) ? text : string.Concat(text.Take(LongestText).Select(c => IsOdd(c) ? ' ' : c));

    private static bool IsOdd(char c) => char.IsControl(c) || char.IsSurrogate(c);
}
