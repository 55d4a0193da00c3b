using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Controller.Cli.Load;

/// <summary>Sends a load, and deletes what it made.</summary>
internal sealed class LoadRunner(ApiClient api, LoadPlan plan, LoadReport report, TimeProvider time)
{
    private const string Infrastructure = "http://schemas.ogf.org/occi/infrastructure#";
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    private const int Attempts = 30;
    private readonly ConcurrentDictionary<string, byte> _made = new();
    private volatile string[] _readable = [];

    /// <summary>How many entities it has made.</summary>
    public int Made => _made.Count;

    /// <summary>Makes what is read, then sends the load for its time; says how long that was. Cancelled: as far as it came.</summary>
    /// <exception cref="RefusedException">The first entities can't be made.</exception>
    public async Task<TimeSpan> Run(CancellationToken cancel)
    {
        await Parallel.ForAsync(0, plan.Entities, new ParallelOptions { MaxDegreeOfParallelism = plan.Concurrency, CancellationToken = cancel }, async (_, c) => await Create(c));
        _readable = [.. _made.Keys];
        var began = time.GetTimestamp();
        var next = -1L;
        await Task.WhenAll(Enumerable.Range(0, plan.Concurrency).Select(_ => Task.Run(
            async () =>
            {
                while (!cancel.IsCancellationRequested)
                {
                    var number = Interlocked.Increment(ref next);
                    // With a rate each request has its moment. What begins later because others were slow has waited, and that is a part of its latency.
                    var due = plan.Rate > 0 ? TimeSpan.FromSeconds(number / plan.Rate) : time.GetElapsedTime(began);
                    if (due >= plan.Duration)
                        return;
                    if (due - time.GetElapsedTime(began) is var early && early > TimeSpan.Zero)
                        await Task.Delay(early, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    if (cancel.IsCancellationRequested || time.GetElapsedTime(began) > plan.Duration * 2)
                        return;
                    await One(plan.Mix.At(Random.Shared.NextDouble()), began, due, cancel);
                }
            },
            CancellationToken.None)));
        return time.GetElapsedTime(began);
    }

    /// <summary>Deletes what was made, and asks again where that was refused for the moment; what is left over.</summary>
    public async Task<IReadOnlyList<string>> CleanUp()
    {
        await Parallel.ForEachAsync(_made.Keys, new ParallelOptions { MaxDegreeOfParallelism = Math.Min(plan.Concurrency, 16) }, async (path, cancel) =>
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                try
                {
                    using var gone = await api.Send(HttpMethod.Delete, path, null, "text/plain", cancel);
                    _made.TryRemove(path, out var _);
                    return;
                }
                catch (RefusedException refused) when (refused.Status == 404)
                {
                    _made.TryRemove(path, out var _);
                    return;
                }
                catch (Exception e) when (e is RefusedException or CliException)
                {
                    await Task.Delay(AskAgain, time, cancel);
                }
            }
        });
        return [.. _made.Keys.Order(StringComparer.Ordinal)];
    }

    private async Task One(LoadWork work, long began, TimeSpan due, CancellationToken cancel)
    {
        try
        {
            await (work switch
            {
                LoadWork.Create => Create(cancel),
                LoadWork.List => Get(string.Create(CultureInfo.InvariantCulture, $"/{plan.Kind}/?page=1&number={plan.PageSize}"), cancel),
                _ => Get(_readable[Random.Shared.Next(_readable.Length)], cancel),
            });
            report.Done(work, time.GetElapsedTime(began) - due);
        }
        catch (RefusedException refused)
        {
            report.Failed(work, refused.Status);
        }
        catch (Exception e) when (e is CliException or IOException)
        {
            report.Failed(work, null);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // It was not waited for.
        }
    }

    // A creation is waited for whatever happens: what was not heard of could not be deleted.
    private async Task Create(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var size = plan.Kind == "storage" ? "\nX-OCCI-Attribute: occi.storage.size=1" : "";
        using var content = new StringContent($"Category: {plan.Kind}; scheme=\"{Infrastructure}\"; class=\"kind\"\nX-OCCI-Attribute: occi.core.title=\"load\"{size}\n", Encoding.UTF8, "text/plain");
        using var answer = await api.Send(HttpMethod.Post, $"/{plan.Kind}/", content, "text/plain", CancellationToken.None);
        _made[answer.Headers.Location?.AbsolutePath ?? throw new CliException($"a {plan.Kind} was created, and the answer does not say where")] = 0;
    }

    private async Task Get(string path, CancellationToken cancel)
    {
        using var answer = await api.Send(HttpMethod.Get, path, null, ApiClient.OcciJson, cancel);
        await answer.Content.CopyToAsync(Stream.Null, cancel);
    }
}
