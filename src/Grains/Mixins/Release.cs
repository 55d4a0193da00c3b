using System.Collections.Concurrent;
using Controller.Contracts;

namespace Controller.Grains.Mixins;

/// <summary>Takes mixins that exist no more from all entities that have them, for as long as it has time.</summary>
internal sealed class Release(IGrainFactory grains, IMixinMembers members, TimeProvider time)
{
    // The caller's own call must not time out over it; the sweeper brings the rest.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);
    private const int AtOnce = 32;

    /// <summary>Whether no entity is left that has any, and what went wrong.</summary>
    public async Task<(bool None, string? Error)> Run(Guid project, string by, IReadOnlyCollection<string> mixins)
    {
        var until = time.GetUtcNow() + Longest;
        var command = new UpdateEntity { Caller = new(project, Role.Member, by), RemoveMixins = [.. mixins] };
        while (true)
        {
            // Place by place, so that one that refuses is not in the way of those behind it.
            var (any, after, errors) = (false, 0L, new ConcurrentQueue<string>());
            while (await members.Having(project, mixins, after, AtOnce) is { Count: > 0 } page)
            {
                (any, after) = (true, page[^1].Place);
                await Parallel.ForEachAsync(
                    page, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, TaskScheduler = TaskScheduler.Current },
                    async (member, _) =>
                    {
                        if (await Take(member, command) is { } error)
                            errors.Enqueue(error);
                    });
                if (time.GetUtcNow() >= until)
                    return (false, errors.FirstOrDefault());
            }
            if (!any || !errors.IsEmpty)
                return (!any, errors.FirstOrDefault());
        }
    }

    private async Task<string?> Take(MixinMember member, UpdateEntity command)
    {
        try
        {
            var outcome = await grains.Entity(member.Term, member.Id).Update(command);
            return outcome.Ok || outcome.Kind == OutcomeKind.NotFound ? null : $"{member.Term} {member.Id}: {outcome.Why ?? outcome.Kind.ToString()}";
        }
        catch (Exception e)
        {
            return $"{member.Term} {member.Id}: {e.Message}";   // kept in the record; the next attempt is the retry
        }
    }
}
