using Controller.Grains.Entities;
using Controller.Grains.Placement;
using Model = Occi.Extension;

namespace Controller.Grains.Compute;

/// <summary>Where a compute's mixins say that it is to be.</summary>
internal static class PlacementWishes
{
    /// <summary>The availability zone; null: any.</summary>
    public static string? Zone(string[] mixins) =>
        mixins.FirstOrDefault(m => m.StartsWith(Model.Zone.Scheme, StringComparison.Ordinal))?[Model.Zone.Scheme.Length..];

    /// <summary>The group to be with or apart from; null: none.</summary>
    public static PlacementGroup? Group(ComputeRecord record)
    {
        var apart = record.Mixins.Contains(Model.Placement.AntiAffinity.ToString());
        return (apart || record.Mixins.Contains(Model.Placement.Affinity.ToString())) && record.Attributes.Text(Model.Placement.Group) is { } name
            ? new(name, apart)
            : null;
    }
}
