using System.Collections.Concurrent;
using Controller.Api.Audit;
using Controller.Api.Http;
using Controller.Api.Inventory;
using Controller.Contracts;
using Occi;

namespace Controller.Api.Entities;

/// <summary>One command for each of many entities: all are asked first, and nobody is changed if one refuses (GFD.185 §3.6.4).</summary>
internal static class Batch
{
    private const int AtOnce = 16;

    /// <summary>Null: all done (an entity that is gone needs nothing any more).</summary>
    /// <param name="request">On whose behalf.</param>
    /// <param name="entities">To which.</param>
    /// <param name="may">What an entity would answer.</param>
    /// <param name="command">Does it.</param>
    public static async Task<Problem?> AllOrNone(
        OcciRequest request, IReadOnlyList<(Kind Kind, Guid Id)> entities, Func<Kind, Guid, Task<Outcome>> may, Func<Kind, Guid, Task<Outcome>> command) =>
        await Ask(request, entities, may) ?? await Do(request, entities, command);

    /// <summary>Asks all of them; who would refuse is told one by one.</summary>
    public static async Task<Problem?> Ask(OcciRequest request, IReadOnlyList<(Kind Kind, Guid Id)> entities, Func<Kind, Guid, Task<Outcome>> may) =>
        Refusal(await ForEach(request, entities, may), "Nobody was changed.");

    /// <summary>Does it to all of them; who refuses nevertheless, since something changed after it was asked, is told one by one.</summary>
    public static async Task<Problem?> Do(OcciRequest request, IReadOnlyList<(Kind Kind, Guid Id)> entities, Func<Kind, Guid, Task<Outcome>> command)
    {
        // Asked before: what is deleted tells nobody any more whose it was.
        var owners = request.Caller.Role == Role.Admin
            ? await request.Http.RequestServices.GetRequiredService<EntityRows>().Owners([.. entities.Select(e => e.Id)], request.Aborted)
            : [];
        var refused = await ForEach(request, entities, async (kind, id) =>
        {
            var outcome = await command(kind, id);
            if (outcome.Ok)
                request.Http.Touch(kind.Id.Term, id, owners.TryGetValue(id, out var owner) ? owner : null);
            return outcome;
        });
        return Refusal(refused, $"These changed after they were asked; the other {entities.Count - refused.Count} are done.");
    }

    private static async Task<List<(string Path, Outcome Outcome)>> ForEach(
        OcciRequest request, IReadOnlyList<(Kind Kind, Guid Id)> entities, Func<Kind, Guid, Task<Outcome>> command)
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
        return [.. refused.OrderBy(r => r.Path, StringComparer.Ordinal)];
    }

    private static Problem? Refusal(List<(string Path, Outcome Outcome)> refused, string others) => refused is not [var first, ..] ? null
        : Problems.From(first.Outcome, first.Path) with
        {
            Details = [others, .. refused.Select(r => $"{r.Path}: {r.Outcome.Why ?? r.Outcome.Kind.ToString()}")],
        };
}
