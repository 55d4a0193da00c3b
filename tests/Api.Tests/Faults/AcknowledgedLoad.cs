using System.Collections.Concurrent;
using Controller.Api.Tests.Cloud;

namespace Controller.Api.Tests.Faults;

/// <summary>
/// Clients that create, change and delete entities of their own, one thing after the other, and remember what they were told. What was acknowledged must be so for ever; of what was not, either
/// may be so.
/// </summary>
internal sealed class AcknowledgedLoad(Uri api, string secret)
{
    private const string Kind = "Category: network; scheme=\"http://schemas.ogf.org/occi/infrastructure#\"; class=\"kind\"\nX-OCCI-Attribute: occi.core.title=";
    private const string Deleted = "";

    // What each entity may be now: its title, or Deleted. More than one: the last answers did not say.
    private readonly ConcurrentDictionary<string, HashSet<string>> _entities = new();
    private readonly ConcurrentQueue<string> _wrong = new();
    private long _acknowledged;
    private long _refused;

    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Answers that no client should get.</summary>
    public IReadOnlyCollection<string> Wrong => _wrong;

    /// <summary>Goes on until <paramref name="stop"/>.</summary>
    public Task Run(int clients, CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => Client(client, stop), CancellationToken.None)));

    /// <summary>What is not as it was acknowledged.</summary>
    public async Task<IReadOnlyList<string>> Lost()
    {
        var lost = new List<string>();
        foreach (var (path, allowed) in _entities)
        {
            var answer = await RunningApi.Send(api, "GET", path, secret: secret, accept: "application/occi+json");
            var found = answer.Status == 404 ? Deleted : answer.Json.GetProperty("title").GetString()!;
            if (!allowed.Contains(found))
                lost.Add($"{path} is '{found}', and was acknowledged as '{string.Join("' or '", allowed)}'");
        }
        return lost;
    }

    private async Task Client(int client, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var path = $"/network/{Guid.NewGuid():D}";
            _entities[path] = [Deleted];
            await Do("PUT", path, $"first-{client}-{i}");
            await Do("POST", path, $"second-{client}-{i}");
            if (i % 2 == 0)
                await Do("DELETE", path, Deleted);
        }
    }

    private async Task Do(string method, string path, string becomes)
    {
        var allowed = _entities[path];
        if (method == "POST" && allowed.Contains(Deleted))
            return;   // it may not be there
        Answer answer;
        try
        {
            answer = await RunningApi.Send(api, method, path, method == "DELETE" ? null : Kind + $"\"{becomes}\"", secret);
        }
        catch (HttpRequestException e)
        {
            _wrong.Enqueue($"{method} {path}: {e.Message}");
            allowed.Add(becomes);
            return;
        }
        if (answer.Status is 200 or 201 or 204)
        {
            Interlocked.Increment(ref _acknowledged);
            _entities[path] = [becomes];
            return;
        }
        Interlocked.Increment(ref _refused);
        if (answer.Status == 404 && method == "DELETE" && allowed.Contains(Deleted))
            return;
        allowed.Add(becomes);
        if (answer.Status is not (503 or 429) || answer["Retry-After"] is null)
            _wrong.Enqueue($"{method} {path}: {answer.Status} {answer.Body} Retry-After: {answer["Retry-After"]}");
    }
}
