using Controller.Contracts;
using Occi;

namespace Controller.Api.Model;

/// <summary>What a project adds to the provider's categories, as of a version of its row (0: it has none).</summary>
internal sealed record Overlay(int Version, UserMixin[] Mixins, ProjectModel Provider, ProjectModel Model)
{
    public static Overlay Of(int version, UserMixin[] mixins, ProjectModel provider)
    {
        if (mixins.Length == 0)
            return new(version, mixins, provider, provider);
        var made = new Dictionary<TypeId, Mixin>();
        foreach (var mixin in mixins)
        {
            if (MixinOf(mixin, provider.Catalogue, made) is { } one)
                made[one.Id] = one;
        }
        return new(version, mixins, provider, new(provider.Catalogue.With(made.Values), made.Keys));
    }

    /// <summary>Whether these are the mixins that it has.</summary>
    public bool Has(UserMixin[] mixins) =>
        mixins.Length == Mixins.Length && mixins.Zip(Mixins).All(p =>
            p.First with { Depends = p.Second.Depends, Applies = p.Second.Applies } == p.Second
            && p.First.Depends.SequenceEqual(p.Second.Depends) && p.First.Applies.SequenceEqual(p.Second.Applies));

    /// <summary>The same on other categories of the provider's.</summary>
    public Overlay On(ProjectModel provider) => ReferenceEquals(provider, Provider) ? this : Of(Version, Mixins, provider);

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
