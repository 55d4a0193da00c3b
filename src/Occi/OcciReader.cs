using Occi.Json;
using Occi.Text;

namespace Occi;

/// <summary>Reads renderings. No input makes it throw; every error says what and where.</summary>
public static class OcciReader
{
    /// <summary>
    /// Entities to create or update: one in the text renderings, one or more in JSON (a bare object, or <c>resources</c> and <c>links</c>).
    /// Nothing is looked up: where no category says <c>class="kind"</c>, the first without a class is taken for the kind. An inline link
    /// has <c>occi.core.target</c> and, where its <c>rel</c> tells, <c>occi.core.target.kind</c>; its <see cref="Representation.Location"/>
    /// is what <c>self</c> said. A JSON link that is only a URL has a location and nothing else.
    /// </summary>
    public static Parsed<IReadOnlyList<Representation>> Entities(Message message)
    {
        var read = message.Rendering == Rendering.Json
            ? FromJson(message, EntityParser.Read)
            : FromFields<IReadOnlyList<Representation>>(message, fields =>
            {
                var entity = FieldReader.Entity(fields, message.Limits);
                return entity.Ok ? new List<Representation> { entity.Value! } : entity.Error!;
            });
        return Within(read, message.Limits.Refusal);
    }

    /// <summary>An action invocation.</summary>
    public static Parsed<Invocation> Invocation(Message message) => Within(
        message.Rendering == Rendering.Json ? FromJson(message, InvocationParser.Read) : FromFields(message, f => FieldReader.Invocation(f, message.Limits)),
        invocation => message.Limits.Refusal(invocation.Attributes));

    /// <summary>
    /// An entity collection by URL or id: X-OCCI-Location, a URI list, or JSON (full renderings, of which the <c>location</c> or else the
    /// <c>id</c> counts, or bare URL strings).
    /// </summary>
    public static Parsed<IReadOnlyList<string>> Locations(Message message) => Within(
        message.Rendering switch
        {
            Rendering.Json => FromJson(message, LocationParser.Read),
            Rendering.UriList => UriList.Read(message.Body),
            _ => FromFields(message, FieldReader.Locations),
        },
        message.Limits.Refusal);

    /// <summary>A filter, from header fields, whatever the rendering.</summary>
    public static Parsed<Filter> Filter(IReadOnlyList<KeyValuePair<string, string>> fields, Limits? limits = null) =>
        Within(Then(Fields.OfHeader(fields), f => FieldReader.Filter(f, limits ?? Limits.None)), filter => limits?.Refusal(filter.Attributes));

    /// <summary>Category definitions in full, as the query interface shows them (what a client of it reads) or as a user mixin is posted.</summary>
    public static Parsed<IReadOnlyList<CategoryDefinition>> Categories(Message message) =>
        message.Rendering == Rendering.Json ? FromJson(message, DefinitionParser.Read) : FromFields(message, f => FieldReader.Categories(f, message.Limits));

    private static Parsed<T> FromJson<T>(Message message, Func<JsonPart, Parsed<T>> read) => 
        Then(JsonPart.Parse(message.Body, message.Limits.JsonValues), read);

    private static Parsed<T> FromFields<T>(Message message, Func<List<Field>, Parsed<T>> read) =>
        message.Rendering == Rendering.UriList
            ? new ParseError("text/uri-list holds locations only", "line 1", 0)
            : Then(Fields.Of(message), read);

    private static Parsed<T> Within<T>(Parsed<T> read, Func<T, ParseError?> refusal) => read.Ok && refusal(read.Value!) is { } error ? error : read;

    private static Parsed<TOut> Then<TIn, TOut>(Parsed<TIn> first, Func<TIn, Parsed<TOut>> then) => first.Ok ? then(first.Value!) : first.Error!;
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
