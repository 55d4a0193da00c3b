using Occi;
using Occi.Extension;

namespace Controller.Grains.Compute;

/// <summary>Whether a compute is to go on elsewhere when its host is lost, and whether it could.</summary>
internal static class ComputeAvailability
{
    public static bool IsWanted(IEnumerable<string> mixins) => mixins.Contains(HighAvailability.Mixin.Id.ToString());

    /// <summary>Whether it runs, as far as anybody wants: one that is off, or shall be, has nothing to go on with.</summary>
    public static bool RunsIn(ComputePhase phase) =>
        phase is ComputePhase.Starting or ComputePhase.Active or ComputePhase.Restarting or ComputePhase.Saving;

    /// <summary>Why it could not be started elsewhere, and what to do; null: it could.</summary>
    public static string? Refusal(IEnumerable<string> mixins, IReadOnlyDictionary<string, AttributeValue> attributes, bool hasLocalRoot) =>
        !IsWanted(mixins) || !hasLocalRoot || attributes.ContainsKey(Pools.OfCompute.Name) || IsStateless(attributes)
            ? null
            : $"The mixin {HighAvailability.Mixin.Id} wants a root disk that other hosts can reach, and this one is on its host's own disks: put it into a shared pool ({Pools.OfCompute.Name}), "
                + $"or say that it may start afresh from its OS template ({HighAvailability.Stateless.Name}=true).";

    public const string LocalVolume = "A compute with the mixin ha cannot be linked to a storage on its host's own disks, which no other host reaches: put the storage into a shared pool.";

    private static bool IsStateless(IReadOnlyDictionary<string, AttributeValue> attributes) =>
        attributes.TryGetValue(HighAvailability.Stateless.Name, out var value) && value.Type == Occi.ValueType.Boolean && value.AsBoolean();
}
