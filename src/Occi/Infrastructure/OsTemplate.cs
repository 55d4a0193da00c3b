namespace Occi.Infrastructure;

/// <summary>OS templates (GFD.224 §3.5.1): images that a compute can boot from.</summary>
public static class OsTemplate
{
    /// <summary><c>os_tpl</c>, which every OS template depends on. A compute has at most one of them.</summary>
    public static readonly Mixin Mixin = new(new(Scheme.Kinds, "os_tpl"))
    {
        Title = "OS template", Location = "/mixin/os_tpl/", Applies = [Compute.Kind], OneBelow = true,
    };

    /// <summary>A provider's OS template.</summary>
    /// <param name="id">Its identifier; the scheme is the provider's own.</param>
    /// <param name="title">For people; without commas and semicolons (D-29).</param>
    /// <param name="term">Last part of its location, <c>/mixin/os_tpl/TERM/</c>; null: the identifier's term.</param>
    /// <param name="attributes">Attributes that it gives or restates, with their defaults.</param>
    public static Mixin Of(TypeId id, string title, string? term = null, IReadOnlyList<Attr>? attributes = null) => new(id)
    {
        Title = title,
        Location = $"{Mixin.Location}{term ?? id.Term}/",
        Depends = [Mixin],
        Applies = [Compute.Kind],
        Attributes = attributes ?? [],
    };
}
