namespace Occi;

/// <summary>
/// An entity as it travels, in any rendering: what a client sent, or what it is shown. Plain values: nothing here has been looked up in a
/// catalogue.
/// </summary>
public sealed record Representation
{
    /// <summary>The kind; null where a client left it out (partial update).</summary>
    public TypeId? Kind { get; init; }

    /// <summary>Mixins, in the order given.</summary>
    public IReadOnlyList<TypeId> Mixins { get; init; } = [];

    /// <summary>
    /// All attributes by full name, in the order given. Core's are here too, whatever the rendering makes of them: <c>occi.core.id</c>,
    /// <c>occi.core.title</c>, <c>occi.core.summary</c> and, of a link, <c>occi.core.source</c>, <c>occi.core.target</c>,
    /// <c>occi.core.source.kind</c>, <c>occi.core.target.kind</c>.
    /// </summary>
    public IReadOnlyDictionary<string, AttributeValue> Attributes { get; init; } = new Dictionary<string, AttributeValue>();

    /// <summary>Links that start here, each with its own kind, mixins and attributes (the target among them).</summary>
    public IReadOnlyList<Representation> Links { get; init; } = [];

    /// <summary>Actions that can be invoked now. On input: ignored.</summary>
    public IReadOnlyList<TypeId> Actions { get; init; } = [];

    /// <summary>Path of the entity, e.g. <c>/compute/77c2…</c>; for a link also what <c>self</c> says. Null when unknown.</summary>
    public string? Location { get; init; }
}

/// <summary>An action invocation (GFD.229 §5.1.1, GFD.226 §3.1.3).</summary>
public sealed record Invocation(TypeId Action, IReadOnlyDictionary<string, AttributeValue> Attributes);

/// <summary>A filter, from <c>Category</c> and <c>X-OCCI-Attribute</c> headers (GFD.223 §7): all must hold.</summary>
public sealed record Filter(IReadOnlyList<TypeId> Categories, IReadOnlyDictionary<string, AttributeValue> Attributes)
{
    /// <summary>Whether it lets everything through.</summary>
    public bool IsEmpty => Categories.Count == 0 && Attributes.Count == 0;
}

/// <summary>Why text could not be read.</summary>
/// <param name="Message">What was wanted and what was found.</param>
/// <param name="Where">The header field, the line of the body, or the JSON path.</param>
/// <param name="At">Offset in that field or line, in characters; for JSON in the whole body.</param>
public sealed record ParseError(string Message, string Where, int At)
{
    /// <summary>Whether it could be read, and is more than the reader's <see cref="Limits"/> allow.</summary>
    public bool TooLarge { get; init; }

    /// <summary>One line for people.</summary>
    public override string ToString() => $"{Where}, character {At}: {Message}";
}

/// <summary>A value, or why there is none.</summary>
public readonly record struct Parsed<T>
{
    private Parsed(T? value, ParseError? error) => (Value, Error) = (value, error);

    /// <summary>The value; meaningful only where <see cref="Ok"/>.</summary>
    public T? Value { get; }

    /// <summary>What went wrong, or null.</summary>
    public ParseError? Error { get; }

    /// <summary>Whether there is a value.</summary>
    public bool Ok => Error is null;

    /// <summary>A success.</summary>
    public static implicit operator Parsed<T>(T value) => new(value, null);

    /// <summary>A failure.</summary>
    public static implicit operator Parsed<T>(ParseError error) => new(default, error);
}
