using System.Collections.Concurrent;
using Controller.Api.Http;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>One command for each of many entities, some at a time; what was refused is told one by one.</summary>
internal static class Batch
{
    private const int AtOnce = 16;

    /// <summary>Null: all done (an entity that is gone needs nothing any more).</summary>
    public static async Task<Problem?> ForEach(OcciRequest request, IEnumerable<(Kind Kind, Guid Id)> entities, Func<Kind, Guid, Task<Outcome>> command)
    {
        var refused = new ConcurrentBag<(string Path, Outcome Outcome)>();
        await Parallel.ForEachAsync(
            entities, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = request.Aborted },
            async (entity, _) =>
            {
                var outcome = await command(entity.Kind, entity.Id);
                if (!outcome.Ok && outcome.Kind != OutcomeKind.NotFound)
                    refused.Add((Showing.PathOf(entity.Kind, entity.Id), outcome));
            });
        if (refused.IsEmpty)
            return null;
        var all = refused.OrderBy(r => r.Path, StringComparer.Ordinal).ToList();
        return Problems.From(all[0].Outcome, all[0].Path) with { Details = [.. all.Select(r => $"{r.Path}: {r.Outcome.Why ?? r.Outcome.Kind.ToString()}")] };
    }
}
