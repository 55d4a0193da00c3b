using System.Net.Sockets;
using Controller.Contracts;
using Microsoft.AspNetCore.Connections;
using Npgsql;
using Occi;
using Orleans.Runtime.Messaging;
using Orleans.Storage;

namespace Controller.Api.Http;

/// <summary>All status codes other than success are decided here; docs/errors.md is the same table for people.</summary>
internal static class Problems
{
    private static readonly List<ProblemType> Types = [];

    /// <summary>All there are.</summary>
    public static IReadOnlyList<ProblemType> All => Types;

    private static readonly ProblemType BadRenderingType = New("bad-rendering", 400, "The request could not be read; the message says what was wanted and where.");
    private static readonly ProblemType InvalidType = New("invalid", 400, "Unknown kind, mixin, attribute or action; wrong type or value; something missing; a mixin that does not apply.");
    private static readonly ProblemType BadQueryType = New("bad-query", 400, "A query argument is missing or has a wrong value.");
    private static readonly ProblemType NotAListingType = New("not-a-listing", 400, "text/uri-list was asked for, and the answer is no listing of entities.");
    private static readonly ProblemType UnauthenticatedType = New("unauthenticated", 401, "No token, or one that is unknown, expired or revoked.");
    private static readonly ProblemType ForbiddenType = New("forbidden", 403, "The token's role does not allow it.");
    private static readonly ProblemType ImmutableType = New("immutable", 403, "The attribute or category can't be changed by clients.");
    private static readonly ProblemType QuotaType = New("quota-exceeded", 403, "The project's quota is used up; the message says of what.");
    private static readonly ProblemType NotFoundType = New("not-found", 404, "There is nothing at this URL, or nothing that belongs to your project.");
    private static readonly ProblemType MethodType = New("method-not-allowed", 405, "The URL exists and does not do this; Allow says what it does.");
    private static readonly ProblemType NotAcceptableType = New("not-acceptable", 406, "None of the renderings in Accept can be had; the response's Accept says which can.");
    private static readonly ProblemType UnknownContentType = New("unknown-content-type", 406, "The request's Content-Type is none that the server reads, or it has a Content-Encoding.");
    private static readonly ProblemType RenderingTooLargeType = New("rendering-too-large", 406, "The answer does not fit into headers (text/occi) or holds characters that headers can't; ask for text/plain or JSON, or for a page.");
    private static readonly ProblemType ConflictType = New("conflict", 409, "Impossible in the entity's present state, or the name is taken.");
    private static readonly ProblemType KeyUsedType = New("key-used", 409, "The Idempotency-Key came with another request before; a new request needs a new key.");
    private static readonly ProblemType NoCapacityType = New("no-capacity", 409, "No host has room for it; the message says what each was short of.");
    private static readonly ProblemType GoneType = New("gone", 410, "The events that were asked for are thrown away, or the log was set back; look at what there is and go on from where the message says.");
    private static readonly ProblemType ChangedType = New("changed-meanwhile", 412, "The entity is not what If-Match or If-None-Match wants: it has changed, or is there already. Read it again.");
    private static readonly ProblemType TooLargeType = New("too-large", 413, "Header block, body, page size, or the number or length of something in the message over the server's limit; the message says which.");
    private static readonly ProblemType TooManyType = New("too-many-requests", 429, "The API is overloaded and your project has the most requests waiting there, or too many attempts to sign in with a name have failed; nothing was begun. Retry-After says when to try again.");
    private static readonly ProblemType InternalType = New("internal", 500, "A defect of the server; the trace id finds it in the logs.");
    private static readonly ProblemType NotImplementedType = New("not-implemented", 501, "Known to the standard, not offered here.");
    private static readonly ProblemType VersionType = New("version-not-supported", 501, "The client's User-Agent asks for a higher version of OCCI than there is.");
    private static readonly ProblemType UnavailableType = New("unavailable", 503, "Something that the server needs does not answer; Retry-After says when to try again.");
    private static readonly ProblemType OverloadedType = New("overloaded", 503, "The API has more requests waiting than it can answer in time; nothing was begun. Retry-After says when to try again.");

    public static Problem BadRendering(ParseError error) => new(error.TooLarge ? TooLargeType : BadRenderingType, error.ToString());

    public static Problem BadRendering(string message) => new(BadRenderingType, message);

    public static Problem Invalid(string message) => new(InvalidType, message);

    public static Problem BadQuery(string message) => new(BadQueryType, message);

    public static Problem NotAListing() => new(NotAListingType, "text/uri-list renders listings of entities only; ask for text/plain, text/occi or application/occi+json.");

    public static Problem Unauthenticated(string message) => new(UnauthenticatedType, message);

    public static Problem Forbidden(string message) => new(ForbiddenType, message);

    public static Problem Immutable(string message) => new(ImmutableType, message);

    public static Problem NotFound(string path) => new(NotFoundType, $"There is nothing at {path}.");

    public static Problem MethodNotAllowed(string method, string path, string allow) =>
        new(MethodType, $"{method} is not defined for {path}; there are {allow}.") { Allow = allow };

    public static Problem NotAcceptable(string accept) => new(NotAcceptableType, $"None of '{Shorten(accept)}' can be rendered; there are {MediaType.Supported}.");

    public static Problem UnknownContent(string contentType) =>
        new(UnknownContentType, $"The Content-Type '{Shorten(contentType)}' can't be read; there are {MediaType.Supported}.");

    public static Problem EncodedContent(string coding) =>
        new(UnknownContentType, $"The Content-Encoding '{Shorten(coding)}' can't be read; send the body as it is.");

    public static Problem RenderingTooLarge(string why) => new(RenderingTooLargeType, why);

    public static Problem Conflict(string message) => new(ConflictType, message);

    public static Problem Gone(string message) => new(GoneType, message);

    public static Problem KeyUsed(string message) => new(KeyUsedType, message);

    public static Problem ChangedMeanwhile(string message) => new(ChangedType, message);

    public static Problem TooLarge(string message) => new(TooLargeType, message);

    public static Problem NotImplemented(string message) => new(NotImplementedType, message);

    public static Problem VersionNotSupported(string wanted) => new(VersionType, $"{Shorten(wanted)} was asked for; the highest version here is {OcciVersion.Highest}.");

    public static Problem Unavailable(string message, int retryAfter = 2) => new(UnavailableType, message) { RetryAfter = retryAfter };

    public static Problem TooManyRequests(int retryAfter) =>
        new(TooManyType, "More requests come than can be answered, the most of them from your project. Nothing of this one was begun: try again later.") { RetryAfter = retryAfter };

    public static Problem Overloaded(int retryAfter) =>
        new(OverloadedType, "More requests come than can be answered in time. Nothing of this one was begun: try again later.") { RetryAfter = retryAfter };

    /// <summary>Too many failed attempts at a name.</summary>
    public static Problem TooManyAttempts(int retryAfter) =>
        new(TooManyType, $"Too many attempts with this name have failed; the next one may come in {retryAfter} s. An admin's reset of the password ends the wait.") { RetryAfter = retryAfter };

    /// <summary>A check's refusal.</summary>
    public static Problem From(CheckError error) => error.Fault switch
    {
        Fault.Immutable => Immutable(error.Message),
        Fault.Conflict => Conflict(error.Message),
        _ => Invalid(error.Message),
    };

    /// <summary>A command's end, where it was not done.</summary>
    public static Problem From(Outcome outcome, string path) => outcome.Kind switch
    {
        OutcomeKind.NotFound => outcome.Why is { } why ? new(NotFoundType, why) : NotFound(path),
        OutcomeKind.Invalid => Invalid(outcome.Why ?? "The request makes no sense for this entity."),
        OutcomeKind.Forbidden => Forbidden(outcome.Why ?? "Your role does not allow it."),
        OutcomeKind.Conflict => Conflict(outcome.Why ?? "Not possible in the entity's present state."),
        OutcomeKind.NoCapacity => new(NoCapacityType, outcome.Why ?? "No host has room."),
        OutcomeKind.QuotaExceeded => new(QuotaType, outcome.Why ?? "The project's quota is used up."),
        OutcomeKind.NotImplemented => NotImplemented(outcome.Why ?? "Not offered here."),
        OutcomeKind.Unavailable => Unavailable(outcome.Why ?? "Something that it needs does not answer."),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome.Kind, "not a refusal"),
    };

    /// <summary>A body that could not be read, for which the HTTP server has that status.</summary>
    public static Problem Unread(int status) =>
        status == 413 ? TooLarge("The body is larger than the server takes.") : BadRendering("The body can't be read, or breaks off.");

    /// <summary>What an exception means to the client. Only what can be named; everything else is a defect.</summary>
    public static Problem From(Exception exception, string traceId) => exception switch
    {
        BadHttpRequestException { StatusCode: 413 } => Unread(413),
        BadHttpRequestException bad => BadRendering(bad.InnerException is System.Text.Json.JsonException json ? json.Message : bad.Message),
        IOException { InnerException: OverflowException } => BadRendering("The body has a chunk of a size that is none."),   // Kestrel's way to say so
        PostgresException { IsTransient: false } => Internal(traceId),
        NpgsqlException or SocketException => Unavailable("The database does not answer."),
        // A silo's, that could not read a grain. What kind of PostgreSQL's errors it was is lost on the way.
        OrleansException { InnerException: NpgsqlException and not PostgresException { IsTransient: false, SqlState.Length: > 0 } } => Unavailable("The database does not answer."),
        UnavailableException away => Unavailable(away.Message),
        OrleansException { InnerException: UnavailableException away } => Unavailable(away.Message),   // its record could not be read when it came to life
        InconsistentStateException => Unavailable("Another silo goes on with it by now."),
        _ when IsClusterAway(exception) => Unavailable("No silo answers."),
        _ => Internal(traceId),
    };

    /// <summary>Whether no silo, or not the right one, could be reached (in time): a second attempt may find it elsewhere.</summary>
    public static bool IsClusterAway(Exception exception) => exception is
        OrleansMessageRejectionException or SiloUnavailableException or TimeoutException or ConnectionFailedException or ConnectionAbortedException
        or GatewayTooBusyException or ClientNotAvailableException or OrleansException { InnerException: UnavailableException }
        or OperationCanceledException;   // Orleans': the call expired before its grain was anywhere. A client that has left is looked for before.

    // Of what a client sent, so much as tells it which it was.
    private static string Shorten(string text) => text.Length <= 200 ? text : text[..200] + "…";

    private static Problem Internal(string traceId) => new(InternalType, $"The server failed; its logs tell more under the trace id {traceId}.");

    private static ProblemType New(string name, int status, string meaning)
    {
        var type = new ProblemType(name, status, meaning);
        Types.Add(type);
        return type;
    }
}
