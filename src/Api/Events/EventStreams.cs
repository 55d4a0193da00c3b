using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Controller.Api.Admin;
using Controller.Api.Http;
using Controller.Api.Identity;
using Controller.Api.Overload;
using Controller.Contracts;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Controller.Api.Events;

/// <summary>
/// The log of events, for who reads it: as a stream of server-sent events, or page by page. A stream keeps nothing in memory for its reader but a position: who reads slowly is read for slowly,
/// and who does not read at all is hung up on. Operators see all, everybody else the own project's.
/// </summary>
internal sealed class EventStreams(
    EventRows rows, EventFeed feed, Arrivals arrivals, Projects projects, IOptions<EventStreamOptions> options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const int PerPage = 500;
    private const int MostPerPage = 1000;
    private readonly Seats _seats = new(options.Value.MaxStreams, options.Value.MaxStreamsPerProject);

    public async Task<IResult> Open(HttpContext http, CancellationToken cancel)
    {
        var (filter, problem) = await Filter(http, cancel);
        if (problem is not null)
            return problem.ToResult();
        var (newest, pruned) = await rows.Bounds(cancel);
        var (after, badAfter) = After(http, newest, pruned);
        if (badAfter is not null)
            return badAfter.ToResult();
        if (!http.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase))
            return await Page(http, filter, after, newest, cancel);
        using var seat = _seats.Take(http.Caller().Project);
        if (seat is null)
            return Problems.Unavailable($"{options.Value.MaxStreams} event streams are open through this API already, or {options.Value.MaxStreamsPerProject} of your project.", 10).ToResult();
        http.LeavePlace();
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, lifetime.ApplicationStopping);
            await Stream(http, filter, after, stop);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or NpgsqlException && http.Response.HasStarted)
        {
            http.Abort();   // whoever reads comes back, with the last position
        }
        return Results.Empty;
    }

    private async Task Stream(HttpContext http, EventFilter filter, long after, CancellationTokenSource stop)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";   // a proxy that gathers would make it late
        var (said, judged) = (time.GetTimestamp(), time.GetTimestamp());
        await Say(http, $"retry: 1000\n: from {after}\nid: {after}\n\n", stop.Token);
        while (!stop.IsCancellationRequested)
        {
            // The end first: what is looked through up to there need not be again.
            var (newest, pruned) = await rows.Bounds(stop.Token);
            if (after < pruned)
                return;   // it was too slow; coming back it is told so
            var events = await rows.After(filter, after, PerPage, stop.Token);
            if (events.Count > 0)
            {
                var text = new StringBuilder();
                foreach (var one in events)
                    text.Append(CultureInfo.InvariantCulture, $"id: {one.Position}\ndata: {Encoding.UTF8.GetString(one.ToJson())}\n\n");
                await Say(http, text.ToString(), stop.Token);
                (said, after) = (time.GetTimestamp(), events[^1].Position);
            }
            // However much there is to say: a token that is no good any more hears no more of it.
            if (time.GetElapsedTime(judged) >= options.Value.KeepAlive)
            {
                if (await IsRevoked(http))
                    return;
                judged = time.GetTimestamp();
            }
            if (events.Count == PerPage)
                continue;
            after = Math.Max(after, newest);
            if (time.GetElapsedTime(said) >= options.Value.KeepAlive)
            {
                await Say(http, $": alive\nid: {after}\n\n", stop.Token);
                said = time.GetTimestamp();
            }
            await feed.Wait(after, Left(Math.Min(said, judged)), stop.Token);
        }
    }

    /// <summary>Until it is <see cref="EventStreamOptions.KeepAlive"/> ago.</summary>
    private TimeSpan Left(long since)
    {
        var left = options.Value.KeepAlive - time.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private async Task Say(HttpContext http, string text, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(options.Value.SlowReader);
        await http.Response.WriteAsync(text, patience.Token);
        await http.Response.Body.FlushAsync(patience.Token);
    }

    private async Task<IResult> Page(HttpContext http, EventFilter filter, long after, long newest, CancellationToken cancel)
    {
        var limit = http.Request.Query["limit"].ToString() is { Length: > 0 } text ? (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0) : 100;
        if (limit is < 1 or > MostPerPage)
            return Problems.BadQuery($"limit must be a number from 1 to {MostPerPage}, found '{http.Request.Query["limit"]}'.").ToResult();
        var events = await rows.After(filter, after, limit, cancel);
        var last = events.Count == limit ? events[^1].Position : Math.Max(newest, events.Count > 0 ? events[^1].Position : after);
        return Results.Json(new { events = events.Select(e => JsonNode.Parse(e.ToJson())), last = last.ToString(CultureInfo.InvariantCulture) });
    }

    private async Task<bool> IsRevoked(HttpContext http) =>
        (await arrivals.Who(http)).Principal is not { } principal || (await arrivals.Choose(http, principal)).Caller != http.Caller();

    private async Task<(EventFilter Filter, Problem? Problem)> Filter(HttpContext http, CancellationToken cancel)
    {
        var (caller, query) = (http.Caller(), http.Request.Query);
        var filter = new EventFilter(caller.Role >= Role.Operator ? null : caller.Project, null, [.. query["kind"].OfType<string>().Where(k => k.Length > 0)], null);
        if (filter.Terms.Any(t => t.Contains('\0', StringComparison.Ordinal)))
            return (filter, Problems.BadQuery("kind must be the term of a kind, as in compute."));
        if (query["entity"].ToString() is { Length: > 0 } entity)
        {
            if (!Guid.TryParseExact(entity, "D", out var id))
                return (filter, Problems.BadQuery($"entity must be a UUID, found '{entity}'."));
            filter = filter with { Entity = id };
        }
        var (project, problem) = await projects.Narrowed(http, filter.Sight, cancel);
        return (filter with { Project = project }, problem);
    }

    private static (long After, Problem? Problem) After(HttpContext http, long newest, long pruned)
    {
        var text = http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : http.Request.Query["after"].ToString();
        if (text.Length == 0)
            return (newest, null);
        if (text == "first")
            return (pruned, null);
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after))
            return (0, Problems.BadQuery($"Last-Event-ID, or after, must be the id of an event, or first; found '{text}'."));
        if (after < pruned)
            return (0, Problems.Gone($"The events up to {pruned} are not there any more, and {after} is before that: look at what there is, and go on from after={pruned}, or from after=first."));
        return after > newest
            ? (0, Problems.Gone($"There is no event {after} yet, the newest is {newest}: the database was set back. Look at what there is, and go on from after={newest}."))
            : (after, null);
    }
}
