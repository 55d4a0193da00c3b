using System.Collections.Concurrent;

namespace Controller.Api.Tests.Hostile;

/// <summary>Very many requests of which most are wrong in some way, over several connections. One number makes each of them, so it can be sent again.</summary>
internal sealed class Storm(HostileCloud cloud, int seed, string secret)
{
    private const int Connections = 8;
    private const int MostFailures = 10;

    // Ends every connection, and shows that the server still knows where a request begins.
    private const string Last = "GET /health/live HTTP/1.1\r\nHost: cloud.example:8000\r\nConnection: close\r\n\r\n";

    // A server that waits for the rest of a request is told that there is none.
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentQueue<string> _failures = new();
    private readonly ConcurrentDictionary<int, int> _statuses = new();
    private int _next;

    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>How often each status was answered.</summary>
    public string Tally => string.Join(", ", _statuses.OrderBy(s => s.Key).Select(s => $"{s.Key}: {s.Value}"));

    public async Task Send(int exchanges)
    {
        var end = _next + exchanges;
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref _next)) <= end && _failures.Count < MostFailures;)
                await Exchange(i);
        })));
        _next = end;
    }

    /// <summary>One connection's worth.</summary>
    public async Task Exchange(int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        var (valid, mutations) = (new ValidRequests(random, cloud.Member, cloud.Admin), new Mutations(random));
        RawRequest[] requests = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => mutations.Mutate(valid.Any()))];
        if (requests.FirstOrDefault(r => r.Unclear) is { } unclear)
            requests = [unclear];   // what comes after it would be somebody's guess
        var text = string.Concat(requests.Select(r => r.ToString())) + Last;
        await using var connection = await RawConnection.Open(cloud.Url);
        try
        {
            await connection.Send(text);
            var responses = await connection.ReadToEnd(i => i < requests.Length && requests[i].Method == "HEAD", RawConnection.Patience, requests[0].Unclear ? Idle : null);
            foreach (var response in responses)
                _statuses.AddOrUpdate(response.Status, 1, (_, n) => n + 1);
            // The admin sees everything.
            var marker = text.Contains(cloud.Admin, StringComparison.Ordinal) ? Guid.NewGuid().ToString() : secret;
            var complaint = responses.Select(r => Oracle.Complaint(r, marker) is { } c ? $"{c}, in {r.Status} {RawRequest.Escape(r.Body[..Math.Min(r.Body.Length, 300)])}" : null).FirstOrDefault(c => c is not null);
            if (complaint is null && !requests[0].Unclear && !connection.WasReset && !IsComplete(responses, requests.Length))
                complaint = $"of {requests.Length} requests and the last one, {responses.Count} were answered";
            if (complaint is not null)
                Fail(number, complaint, text, connection);
        }
        catch (Exception e) when (e is TimeoutException or FormatException or System.Text.Json.JsonException or System.Text.DecoderFallbackException)
        {
            Fail(number, e.Message, text, connection);
        }
    }

    // Whoever refuses a request without reading it to its end says so, and closes.
    private static bool IsComplete(List<RawResponse> responses, int requests) =>
        responses.Count == requests + 1 || (responses.Count > 0 && responses[^1]["Connection"] == "close");

    private void Fail(int number, string why, string request, RawConnection connection) => _failures.Enqueue(
        $"""
        exchange {number} of seed {seed}: {why}
        sent:     {RawRequest.Escape(request)}
        received: {RawRequest.Escape(connection.Received[..Math.Min(connection.Received.Length, 2000)])}
        """);
}
