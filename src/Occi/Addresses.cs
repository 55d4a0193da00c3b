using Occi.Core;

namespace Occi;

/// <summary>Where entities live: at their own location, or else at their kind's plus the UUID of their id (D-23).</summary>
internal sealed class Addresses(Catalogue catalogue, string authority)
{
    /// <summary>Null when neither is known.</summary>
    public string? PathOf(Representation entity) =>
        entity.Location
        ?? (entity.Kind is { } id && catalogue.Find(id) is Kind { Location: { } location }
            && entity.Attributes.TryGetValue(CoreKinds.Id.Name, out var core) && Names.UuidOf(core.Text) is { } uuid
                ? location + uuid
                : null);

    /// <summary>Absolute, as <c>X-OCCI-Location</c> and URI lists need it.</summary>
    /// <exception cref="ArgumentException">The entity has neither location, nor a known kind and an id.</exception>
    public string UrlOf(Representation entity)
    {
        var path = PathOf(entity) ?? throw new ArgumentException("The entity has neither a location nor a kind and an id to make one of.", nameof(entity));
        return path.StartsWith('/') ? authority + path : path;
    }
}
