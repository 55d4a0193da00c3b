using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Controller.Contracts;
using Npgsql;

namespace Controller.Silo.Events;

/// <summary>
/// Tells webhooks of events: each its own in order, the next one when the one before was taken, and at least once. One that does not take an event is tried again, ever rarer, and given up in
/// the end; it keeps its place in the log.
/// </summary>
internal sealed partial class WebhookDelivery(WebhookTurns turns, WebhookTargets targets, WebhookOptions options, TimeProvider time, ILogger<WebhookDelivery> logger) : BackgroundService
{
    private const int AtATime = 16;
    private const int PerTurn = 100;
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);
    private readonly Dictionary<Guid, Task> _underWay = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default))
        {
            foreach (var over in _underWay.Where(d => d.Value.IsCompleted).Select(d => d.Key).ToList())
                _underWay.Remove(over);
            try
            {
                if (_underWay.Count < AtATime)
                {
                    foreach (var hook in await turns.Take(AtATime - _underWay.Count, stoppingToken))
                        _underWay[hook.Id] = Task.Run(() => Serve(hook, stoppingToken), CancellationToken.None);
                }
            }
            catch (Exception e) when (e is NpgsqlException && !stoppingToken.IsCancellationRequested)
            {
                LogNotRead(e);
            }
            catch (OperationCanceledException)
            {
                // it ends
            }
        }
        await Task.WhenAll(_underWay.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task Serve(DueWebhook hook, CancellationToken cancel)
    {
        try
        {
            using var client = targets.Client();
            var (after, attempts, began) = (hook.Position, hook.Attempts, time.GetTimestamp());
            var (events, upto, pruned) = await turns.Next(hook, after, PerTurn, cancel);
            if (pruned > after && !await turns.Missed(hook, after = pruned))
                return;
            foreach (var told in events.Where(e => e.Position > after))
            {
                // Others wait for their turn; and its own next one begins with what it is then, as its secrets.
                if (cancel.IsCancellationRequested || time.GetElapsedTime(began) >= LongestTurn)
                {
                    await turns.GiveBack(hook);
                    return;
                }
                if (await Tell(client, hook, told, cancel) is { } why)
                {
                    await Failed(hook, ++attempts, why.Text, why.ForEver);
                    return;
                }
                attempts = 0;
                if (!await turns.Delivered(hook, told.Position, told: true))
                    return;
            }
            if (await turns.Delivered(hook, Math.Max(upto, after), told: false))
                await turns.GiveBack(hook);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            // Its turn runs out, and whoever has the next one begins after what was noted.
            if (!cancel.IsCancellationRequested)
                LogInterrupted(hook.Id, e);
        }
    }

    /// <summary>Null: it was taken. Else why not, and whether it is of no use to try again.</summary>
    private async Task<(string Text, bool ForEver)?> Tell(HttpClient client, DueWebhook hook, EntityEvent told, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var (id, body, at) = (told.Position.ToString(CultureInfo.InvariantCulture), told.ToJson(), now.ToUnixTimeSeconds());
        using var request = new HttpRequestMessage(HttpMethod.Post, hook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json") { CharSet = "utf-8" };
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", at.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", string.Join(' ', new[] { hook.Secret, hook.OldSecretUntil > now ? hook.OldSecret : null }.OfType<string>().Select(s => WebhookSignature.Of(s, id, at, body))));
        request.Headers.UserAgent.Add(new("controller-webhooks", "1"));
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return (int)answer.StatusCode switch
            {
                >= 200 and < 300 => null,
                >= 300 and < 400 => ($"It answered {(int)answer.StatusCode}: redirects are not followed.", false),
                (int)HttpStatusCode.Gone => ("It answered 410: it wants nothing any more.", true),
                var status => ($"It answered {status}.", false),
            };
        }
        catch (Exception e) when (e.InnerException is ForbiddenTargetException forbidden)
        {
            return (forbidden.Message, false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return ($"It did not answer within {options.Timeout.TotalSeconds:0.#} s.", false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return ($"It could not be reached: {(e as HttpRequestException)?.HttpRequestError.ToString() ?? "the connection broke"}.", false);
        }
    }

    private async Task Failed(DueWebhook hook, int attempts, string why, bool forEver)
    {
        var dead = forEver || attempts >= options.MaxAttempts;
        var wait = TimeSpan.FromTicks((long)Math.Min(LongestWait.Ticks, options.FirstRetry.Ticks * Math.Pow(2, attempts - 1) * (1 + (Random.Shared.NextDouble() / 4))));
        await turns.Failed(hook, attempts, why, dead ? null : time.GetUtcNow() + wait);
        if (dead)
            LogDead(hook.Id, hook.Project, attempts, why);
        else
            LogFailed(hook.Id, attempts, why);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Webhook} of project {Project} was given up after {Attempts} attempts: {Why}")]
    private partial void LogDead(Guid webhook, Guid project, int attempts, string why);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Webhook {Webhook}, attempt {Attempts}: {Why}")]
    private partial void LogFailed(Guid webhook, int attempts, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook {Webhook} is told the rest later")]
    private partial void LogInterrupted(Guid webhook, Exception cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Which webhooks have something to be told could not be read")]
    private partial void LogNotRead(Exception cause);
}
