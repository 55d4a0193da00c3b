using Occi.Infrastructure;

namespace Occi.Extension;

/// <summary>A compute that is started on another host when its own is lost: never before it is certain that it does not run there any more.</summary>
public static class HighAvailability
{
    /// <summary><c>local.controller.compute.ha.stateless</c></summary>
    public static readonly Attr Stateless = new(
        "local.controller.compute.ha.stateless", AttrType.Boolean, "It may start afresh from its OS template on another host: what it wrote to its root disk is lost then.");

    /// <summary><c>http://controller.local/occi/placement#ha</c></summary>
    public static readonly Mixin Mixin = new(new(Scheme.Placement, "ha"))
    {
        Title = "Started elsewhere when its host is lost", Location = "/mixin/placement/ha/", Applies = [Compute.Kind], Attributes = [Stateless],
    };
}
