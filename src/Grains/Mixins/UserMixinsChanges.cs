using Controller.Contracts;
using Controller.Grains.Entities;

namespace Controller.Grains.Mixins;

/// <summary>What becomes of the record when mixins are made, removed and looked after: pure functions, a record or why not.</summary>
internal static class UserMixinsChanges
{
    /// <summary>For as long after a removal may an update that was under way bring a mixin back. Calls end after 15 seconds, and an update makes several.</summary>
    public static readonly TimeSpan Watch = TimeSpan.FromMinutes(2);

    public static (UserMixinsRecord? Next, Outcome? Refusal) Add(UserMixinsRecord present, AddUserMixins command, DateTimeOffset now)
    {
        var known = present.Mixins.Select(m => m.Mixin).ToDictionary(m => m.Type);
        var wanted = command.Mixins.DistinctBy(m => m.Type).ToDictionary(m => m.Type);
        UserMixin Related(UserMixin mixin) => mixin with
        {
            Depends = [.. mixin.Depends.Distinct().Where(d => d != mixin.Type && (known.ContainsKey(d) || wanted.ContainsKey(d)))],
        };
        foreach (var mixin in command.Mixins)
        {
            var same = known.GetValueOrDefault(mixin.Type) ?? wanted[mixin.Type];
            if (!ReferenceEquals(same, mixin) && !IsSame(known.ContainsKey(mixin.Type) ? same : Related(same), Related(mixin)))
                return Conflict($"There is a mixin {mixin.Type} with another definition: it is at {same.Location}. Remove it first.");
        }
        UserMixin[] added = [.. wanted.Values.Where(m => !known.ContainsKey(m.Type)).Select(Related)];
        var taken = known.Values.ToDictionary(m => m.Location);
        foreach (var mixin in added)
        {
            if (!taken.TryAdd(mixin.Location, mixin))
                return Conflict($"The location {mixin.Location} of {mixin.Type} is taken by {taken[mixin.Location].Type}.");
        }
        if (added.Length > 0 && known.Count + added.Length > command.Most)
            return (null, new(OutcomeKind.QuotaExceeded, $"A project may have {command.Most} mixins of its own: it has {known.Count}, {added.Length} more were sent."));
        if (InOrder(added, known) is not { } ordered)
            return (null, new(OutcomeKind.Invalid, $"Mixins can't depend on each other in a circle: {string.Join(", ", added.Select(m => m.Type))}."));
        return (present with
        {
            Mixins = [.. present.Mixins, .. ordered.Select(m => new OwnedMixin(m, command.Caller.Principal, now))],
            Removed = [.. present.Removed.Where(r => !wanted.ContainsKey(r.Type))],
        }, null);
    }

    /// <summary>Others that depend on them lose that relation. Repeating it changes nothing.</summary>
    public static (UserMixinsRecord? Next, Outcome? Refusal) Remove(UserMixinsRecord present, RemoveUserMixins command, DateTimeOffset now)
    {
        var gone = present.Removed.Select(r => r.Type).ToHashSet();
        var there = present.Mixins.Select(m => m.Mixin.Type).ToHashSet();
        if (command.Types.FirstOrDefault(t => !there.Contains(t) && !gone.Contains(t)) is { } unknown)
            return (null, new(OutcomeKind.NotFound, $"There is no mixin {unknown} here."));
        string[] types = [.. command.Types.Distinct().Where(there.Contains)];
        return (present with
        {
            Mixins =
            [
                .. present.Mixins.Where(m => !types.Contains(m.Mixin.Type))
                    .Select(m => m with { Mixin = m.Mixin with { Depends = [.. m.Mixin.Depends.Except(types)] } }),
            ],
            Removed =
            [
                .. present.Removed,
                .. types.Select(t => new RemovedMixin
                {
                    Type = t, RemovedBy = command.Caller.Principal, Phase = RemovalPhase.Removing, Operation = Operation.Begin("remove", now, Watch),
                }),
            ],
        }, null);
    }

    /// <summary>After entities were looked for that have a removed mixin.</summary>
    /// <param name="present">The record.</param>
    /// <param name="none">Whether there was none left.</param>
    /// <param name="error">What went wrong.</param>
    /// <param name="now">When.</param>
    public static UserMixinsRecord Looked(UserMixinsRecord present, bool none, string? error, DateTimeOffset now) => present with
    {
        Removed =
        [
            .. present.Removed
                .Where(r => !(none && r.Phase == RemovalPhase.Watched && now >= r.Operation.Deadline))
                .Select(r => none && r.Phase == RemovalPhase.Removing
                    ? r with { Phase = RemovalPhase.Watched, Operation = Operation.Begin("watch", now, Watch) }
                    : r with { Operation = Next(r, none, error, now) }),
        ],
    };

    /// <summary>The last look of a watch is when it ends, however rare looks have become: it is not late then.</summary>
    private static Operation Next(RemovedMixin removed, bool none, string? error, DateTimeOffset now)
    {
        var next = removed.Operation.Again(now, error);
        return none && removed.Phase == RemovalPhase.Watched && next.Due > next.Deadline ? next with { Due = next.Deadline } : next;
    }

    private static bool IsSame(UserMixin a, UserMixin b) =>
        a.Location == b.Location && a.Title == b.Title && a.Depends.ToHashSet().SetEquals(b.Depends) && a.Applies.ToHashSet().SetEquals(b.Applies);

    // Each after what it depends on; null where they form a circle.
    private static List<UserMixin>? InOrder(UserMixin[] added, Dictionary<string, UserMixin> known)
    {
        var placed = known.Keys.ToHashSet();
        var (ordered, rest) = (new List<UserMixin>(), added.ToList());
        while (rest.Count > 0)
        {
            if (rest.FirstOrDefault(m => m.Depends.All(placed.Contains)) is not { } next)
                return null;
            rest.Remove(next);
            ordered.Add(next);
            placed.Add(next.Type);
        }
        return ordered;
    }

    private static (UserMixinsRecord?, Outcome?) Conflict(string why) => (null, new(OutcomeKind.Conflict, why));
}
