using Controller.Contracts;
using Occi;

namespace Controller.Api.Model;

/// <summary>What a project adds to the provider's categories: the images that were saved in it, and its users' mixins as of a version of their row (0: it has none).</summary>
internal sealed record Overlay(Guid Project, int Version, UserMixin[] Mixins, Provider Provider, ProjectModel Model)
{
    public static Overlay Of(Guid project, int version, UserMixin[] mixins, Provider provider)
    {
        var images = provider.ImagesOf(project);
        if (mixins.Length == 0 && images.Count == 0)
            return new(project, version, mixins, provider, provider.Model);
        var catalogue = images.Count == 0 ? provider.Model.Catalogue : provider.Model.Catalogue.With(images);
        var made = new Dictionary<TypeId, Mixin>();
        foreach (var mixin in mixins)
        {
            if (MixinOf(mixin, catalogue, made) is { } one)
                made[one.Id] = one;
        }
        return new(project, version, mixins, provider, new(catalogue.With(made.Values), made.Keys));
    }

    /// <summary>Whether these are the mixins that it has.</summary>
    public bool Has(UserMixin[] mixins) =>
        mixins.Length == Mixins.Length && mixins.Zip(Mixins).All(p =>
            p.First with { Depends = p.Second.Depends, Applies = p.Second.Applies } == p.Second
            && p.First.Depends.SequenceEqual(p.Second.Depends) && p.First.Applies.SequenceEqual(p.Second.Applies));

    /// <summary>The same on other categories of the provider's.</summary>
    public Overlay On(Provider provider) => ReferenceEquals(provider, Provider) ? this : Of(Project, Version, Mixins, provider);

    // Null where the provider took the name or the place later, or removed the kinds that it is for: the provider's own come first.
    private static Mixin? MixinOf(UserMixin mixin, Catalogue provider, Dictionary<TypeId, Mixin> made)
    {
        Kind[] applies = [.. mixin.Applies.Select(a => TypeId.TryParse(a, out var kind) ? provider.Find(kind) : null).OfType<Kind>()];
        if (!TypeId.TryParse(mixin.Type, out var id) || provider.Find(id) is not null || provider.FindByLocation(mixin.Location) is not null
            || (applies.Length == 0 && mixin.Applies.Length > 0))
        {
            return null;
        }
        return new(id)
        {
            Title = mixin.Title,
            Location = mixin.Location,
            Depends = [.. mixin.Depends.Select(d => TypeId.TryParse(d, out var other) ? made.GetValueOrDefault(other) : null).OfType<Mixin>()],
            Applies = applies,
        };
    }
}
