namespace Occi;

/// <summary>
/// Writes renderings, in the form that every known consumer reads (parameter order, quoting, full stops in decimals).
/// <paramref name="catalogue"/> tells the types of attributes: an unknown attribute is rendered by its value's own type.
/// <paramref name="authority"/> is the scheme and authority that makes a path an absolute URL, e.g. <c>http://127.0.0.1:8080</c>.
/// </summary>
public sealed class OcciWriter(Catalogue catalogue, string authority)
{
    /// <summary>One entity. Not for <see cref="Rendering.UriList"/>.</summary>
    public Message Entity(Representation entity, Rendering rendering) => throw new NotImplementedException(catalogue + authority);

    /// <summary>A listing: locations in the text renderings and the URI list; full objects in JSON, under <c>resources</c> and <c>links</c>.</summary>
    public Message Entities(IReadOnlyList<Representation> entities, Rendering rendering) => throw new NotImplementedException();

    /// <summary>Categories. Not for <see cref="Rendering.UriList"/>.</summary>
    public Message Categories(IEnumerable<Category> categories, Rendering rendering) => throw new NotImplementedException();

    /// <summary>An action invocation: what a client sends.</summary>
    public Message Invocation(Invocation invocation, Rendering rendering) => throw new NotImplementedException();
}
