namespace Occi;

/// <summary>Reads renderings. No input makes it throw; every error says what and where.</summary>
public static class OcciReader
{
    /// <summary>Entities to create or update: one in the text renderings, one or more in JSON (a bare object, or <c>resources</c> and <c>links</c>).</summary>
    public static Parsed<IReadOnlyList<Representation>> Entities(Message message) => throw new NotImplementedException();

    /// <summary>An action invocation.</summary>
    public static Parsed<Invocation> Invocation(Message message) => throw new NotImplementedException();

    /// <summary>An entity collection by URL or id: X-OCCI-Location, a URI list, or JSON (full renderings or bare URL strings).</summary>
    public static Parsed<IReadOnlyList<string>> Locations(Message message) => throw new NotImplementedException();

    /// <summary>A filter, from header fields, whatever the rendering.</summary>
    public static Parsed<Filter> Filter(IReadOnlyList<KeyValuePair<string, string>> fields) => throw new NotImplementedException();

    /// <summary>Category definitions in full, as the query interface shows them (what a client of it reads) or as a user mixin is posted.</summary>
    public static Parsed<IReadOnlyList<CategoryDefinition>> Categories(Message message) => throw new NotImplementedException();
}

/// <summary>A category as it travels in full: not yet related to others.</summary>
public sealed record CategoryDefinition(TypeId Id, CategoryClass Class)
{
    /// <summary>Title, or null.</summary>
    public string? Title { get; init; }

    /// <summary>Parent kind, or the mixins it depends on (text shows the first only).</summary>
    public IReadOnlyList<TypeId> Related { get; init; } = [];

    /// <summary>Kinds that a mixin applies to (JSON only).</summary>
    public IReadOnlyList<TypeId> Applies { get; init; } = [];

    /// <summary>Path of its collection, or null.</summary>
    public string? Location { get; init; }

    /// <summary>Attributes; in text only name, required and immutable are known.</summary>
    public IReadOnlyList<Attr> Attributes { get; init; } = [];

    /// <summary>Identifiers of its actions.</summary>
    public IReadOnlyList<TypeId> Actions { get; init; } = [];
}
