using Occi.Infrastructure;

namespace Occi.Extension;

/// <summary>Availability zones: a mixin for every zone that some host is in, so that clients find them in the query interface as they find OS templates.</summary>
public static class Zone
{
    /// <summary>A zone's name is its mixin's term (D-28).</summary>
    public const string TermPattern = "[a-z][a-z0-9_-]{0,62}";

    /// <summary>Scheme of the zones.</summary>
    public const string Scheme = Extension.Scheme.Zones;

    /// <summary>What every zone's mixin depends on. An entity is in at most one zone.</summary>
    public static readonly Mixin Mixin = new(new(Extension.Scheme.Placement, "zone"))
    {
        Title = "Availability zone", Location = "/mixin/zone/", Applies = [Compute.Kind, Storage.Kind], OneBelow = true,
    };

    /// <summary>The mixin of the zone called <paramref name="name"/>: who has it is placed on a host of that zone.</summary>
    public static Mixin Of(string name) => new(new(Scheme, name))
    {
        Title = "Availability zone " + name,
        Location = $"{Mixin.Location}{name}/",
        Depends = [Mixin],
        Applies = [Compute.Kind, Storage.Kind],
    };
}
