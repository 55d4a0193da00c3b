namespace Occi;

/// <summary>
/// How much one message may hold: a server's word against a client that sends a million of something. A client that reads its server's answers
/// needs none. What is over a limit is a <see cref="ParseError"/> with <see cref="ParseError.TooLarge"/>, told before memory is spent on it.
/// </summary>
public sealed record Limits
{
    /// <summary>As much as there is.</summary>
    public static readonly Limits None = new();

    /// <summary>Entities created by one message, or named in it.</summary>
    public int Entities { get; init; } = int.MaxValue;

    /// <summary>Inline links of one resource.</summary>
    public int Links { get; init; } = int.MaxValue;

    /// <summary>Categories of one entity, one filter, or one list of definitions.</summary>
    public int Categories { get; init; } = int.MaxValue;

    /// <summary>Attributes of one entity, link, invocation or filter.</summary>
    public int Attributes { get; init; } = int.MaxValue;

    /// <summary>Characters of one attribute's value.</summary>
    public int AttributeLength { get; init; } = int.MaxValue;

    /// <summary>Values of a JSON document, those inside others included.</summary>
    public int JsonValues { get; init; } = int.MaxValue;

    internal ParseError? Refusal(IReadOnlyList<Representation> entities)
    {
        if (entities.Count > Entities)
            return Over("entities", Entities, entities.Count, "$");
        foreach (var entity in entities)
        {
            if (Refusal(entity) is { } error)
                return error;
        }
        return null;
    }

    internal ParseError? Refusal(IReadOnlyDictionary<string, AttributeValue> attributes)
    {
        if (attributes.Count > Attributes)
            return Over("attributes", Attributes, attributes.Count, "attributes");
        foreach (var (name, value) in attributes)
        {
            if (value.Text.Length > AttributeLength)
                return Over("characters", AttributeLength, value.Text.Length, name);
        }
        return null;
    }

    internal ParseError? Refusal(IReadOnlyList<string> locations) =>
        locations.Count > Entities ? Over("entities", Entities, locations.Count, "the collection") : null;

    internal static ParseError Over(string what, int most, int found, string where) =>
        new($"at most {most} {what} are taken, found {found}", where, 0) { TooLarge = true };

    private ParseError? Refusal(Representation entity)
    {
        if (entity.Mixins.Count > Categories)
            return Over("mixins", Categories, entity.Mixins.Count, "mixins");
        if (entity.Links.Count > Links)
            return Over("links", Links, entity.Links.Count, "links");
        if (Refusal(entity.Attributes) is { } error)
            return error;
        foreach (var link in entity.Links)
        {
            if (Refusal(link) is { } inside)
                return inside;
        }
        return null;
    }
}
