using Occi.Infrastructure;

namespace Occi.Extension;

/// <summary>Groups of computes that are placed together or apart. A group is of one project, is named by an attribute, and is there while a compute is in it.</summary>
public static class Placement
{
    private const string Role = "a compute's placement group";   // one or the other

    /// <summary>The group's name.</summary>
    public static readonly Attr Group = new("local.controller.placement.group", AttrType.Text, "Name of the group within the project.")
    {
        Required = true, Pattern = "[A-Za-z0-9_.-]{1,64}",
    };

    /// <summary>All of a group on one host, or not at all.</summary>
    public static readonly Mixin Affinity = new(new(Scheme.Placement, "affinity"))
    {
        Title = "Computes of a group on one host", Location = "/mixin/affinity/", Applies = [Compute.Kind], Attributes = [Group], Role = Role,
    };

    /// <summary>No two of a group on one host.</summary>
    public static readonly Mixin AntiAffinity = new(new(Scheme.Placement, "anti-affinity"))
    {
        Title = "Computes of a group on different hosts", Location = "/mixin/anti-affinity/", Applies = [Compute.Kind], Attributes = [Group], Role = Role,
    };
}
