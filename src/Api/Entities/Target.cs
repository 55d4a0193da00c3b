using Occi;

namespace Controller.Api.Entities;

/// <summary>What a URL stands for (http.md of the standard's digest, "URL kinds"). Closed.</summary>
internal abstract record Target
{
    /// <summary><c>/-/</c></summary>
    public sealed record QueryInterface : Target;

    /// <summary>All entities of a kind.</summary>
    public sealed record KindCollection(Kind Kind) : Target;

    /// <summary>All entities that have a mixin.</summary>
    public sealed record MixinCollection(Mixin Mixin) : Target;

    /// <summary>One entity, there or not.</summary>
    public sealed record Entity(Kind Kind, Guid Id) : Target;

    /// <summary>Below a kind's location, but no UUID: nothing can be here.</summary>
    public sealed record NoEntity(Kind Kind) : Target;

    /// <summary>A path that is no location and has some beneath it, <c>/</c> above all.</summary>
    public sealed record Unbound(string Prefix) : Target;

    /// <summary>Whether answers are listings of entities: only those can be a text/uri-list.</summary>
    public bool IsListing => this is KindCollection or MixinCollection or Unbound;

    /// <summary>What the path stands for in that catalogue; null: nothing.</summary>
    public static Target? Of(string path, Catalogue catalogue)
    {
        if (path is "/-/" or "/-" or "/.well-known/org/ogf/occi/-/" or "/.well-known/org/ogf/occi/-")
            return new QueryInterface();
        // A location without its slash is the same: a redirect would lose a POST's body (decision D-19).
        var location = path.EndsWith('/') ? path : path + "/";
        switch (catalogue.FindByLocation(location))
        {
            case Kind kind:
                return new KindCollection(kind);
            case Mixin mixin:
                return new MixinCollection(mixin);
        }
        if (!path.EndsWith('/') && catalogue.FindByLocation(path[..(path.LastIndexOf('/') + 1)]) is Kind parent && parent is { Location: { } below })
            return Guid.TryParseExact(path.AsSpan(below.Length), "D", out var id) ? new Entity(parent, id) : new NoEntity(parent);
        return HasBelow(location, catalogue) ? new Unbound(location) : null;
    }

    private static bool HasBelow(string prefix, Catalogue catalogue) =>
        catalogue.Kinds.Any(k => k.Location?.StartsWith(prefix, StringComparison.Ordinal) == true)
        || catalogue.Mixins.Any(m => m.Location.StartsWith(prefix, StringComparison.Ordinal));
}
