using Controller.Conformance.Http;

namespace Controller.Conformance;

/// <summary>How a row went.</summary>
public enum Verdict
{
    Passed,
    Failed,

    /// <summary>Its condition is not met here.</summary>
    NotApplicable,
}

/// <summary>A row's end; why, where it did not pass.</summary>
public sealed record Result(Row Row, Verdict Verdict, string? Why);

/// <summary>Runs rows against an endpoint, one after the other: some look at whole collections.</summary>
public sealed class Runner : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Caller _me;
    private readonly Caller _nobody;
    private readonly Caller? _stranger;
    private readonly Caller? _tls;
    private readonly RunOptions _options;
    private readonly TimeProvider _time;

    /// <param name="endpoint">The API's root.</param>
    /// <param name="token">The caller's token; null: the endpoint asks for none.</param>
    /// <param name="otherToken">The token of another tenant, for the rows about foreign entities.</param>
    /// <param name="options">How to go about it.</param>
    /// <param name="time">The clock that waits are measured by.</param>
    public Runner(Uri endpoint, string? token, string? otherToken, RunOptions options, TimeProvider time)
    {
        (_me, _nobody, _stranger) = (New(token), New(null), otherToken is null ? null : New(otherToken));
        Caller New(string? secret) => new(endpoint, secret, options.AnyCertificate);
        _tls = endpoint.Scheme == Uri.UriSchemeHttps ? new(endpoint, token, options.AnyCertificate) : options.TlsEndpoint is { } tls ? new(tls, token, anyCertificate: true) : null;
        (_options, _time) = (options, time);
    }

    /// <summary>The rows that this run takes.</summary>
    public IEnumerable<Row> Rows => Suite.Rows.Where(r => _options.Only.Count > 0 ? _options.Only.Contains(r.Id) : r.Profile <= _options.Profile);

    /// <summary>Runs all of them.</summary>
    /// <exception cref="EndpointException">The query interface can't be read: there is nothing to test.</exception>
    public async IAsyncEnumerable<Result> Run()
    {
        foreach (var row in Rows)
            yield return await Run(row);
    }

    /// <summary>Runs one; again, as long as a creation is refused for want of room: clouds free what was deleted a while later.</summary>
    /// <exception cref="EndpointException">The query interface can't be read.</exception>
    public async Task<Result> Run(Row row)
    {
        for (var since = _time.GetTimestamp(); ; await Task.Delay(Pause, _time))
        {
            var (result, mayPass) = await Once(row);
            if (!mayPass || _time.GetElapsedTime(since) > _options.Patience)
                return result;
        }
    }

    private async Task<(Result Result, bool MayPass)> Once(Row row)
    {
        Model model;
        try
        {
            model = await Model.Read(_me);
        }
        catch (CheckFailedException e)
        {
            throw new EndpointException($"{_me.Endpoint} has no query interface that can be read: {e.Message}");
        }
        await using var session = new Session(_me, _nobody, _stranger, _tls, model, _options, _time);
        try
        {
            await row.Check(session);
            return (new(row, Verdict.Passed, null), false);
        }
        catch (NotApplicableException e)
        {
            return (new(row, Verdict.NotApplicable, e.Message), false);
        }
        catch (CheckFailedException e)
        {
            return (new(row, Verdict.Failed, e.Message), e.MayPass);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or ArgumentException or FormatException or UriFormatException)
        {
            return (new(row, Verdict.Failed, $"The answer had another shape than was wanted: {e.Message}"), false);
        }
    }

    public void Dispose()
    {
        _me.Dispose();
        _nobody.Dispose();
        _stranger?.Dispose();
        _tls?.Dispose();
    }
}
