namespace Occi;

/// <summary>The three classes of category (GFD.229 §4.1).</summary>
public enum CategoryClass
{
    /// <summary><c>class="kind"</c></summary>
    Kind,

    /// <summary><c>class="mixin"</c></summary>
    Mixin,

    /// <summary><c>class="action"</c></summary>
    Action,
}

/// <summary>Common to kinds, mixins and actions (GFD.221 §5.3.1).</summary>
public abstract class Category(TypeId id)
{
    /// <summary>Scheme and term.</summary>
    public TypeId Id { get; } = id;

    /// <summary>For people. Without commas and semicolons: old clients split on them (D-29).</summary>
    public string? Title { get; init; }

    /// <summary>Own attribute definitions, without inherited ones.</summary>
    public IReadOnlyList<Attr> Attributes { get; init; } = [];

    /// <summary>Which of the three.</summary>
    public abstract CategoryClass Class { get; }

    /// <summary>The type identifier.</summary>
    public override string ToString() => Id.ToString();
}

/// <summary>A kind (GFD.221 §5.3.3): the type of an entity, for life.</summary>
public sealed class Kind(TypeId id, Kind? parent) : Category(id)
{
    /// <summary>The kind it extends; null for core#entity alone.</summary>
    public Kind? Parent { get; } = parent;

    /// <summary>Path of its collection, with slashes at both ends; null where it can't be instantiated.</summary>
    public string? Location { get; init; }

    /// <summary>Own actions, without inherited ones.</summary>
    public IReadOnlyList<ActionType> Actions { get; init; } = [];

    /// <inheritdoc/>
    public override CategoryClass Class => CategoryClass.Kind;

    /// <summary>The kind itself and its ancestors, nearest first.</summary>
    public IEnumerable<Kind> Lineage
    {
        get
        {
            for (var kind = this; kind is not null; kind = kind.Parent)
                yield return kind;
        }
    }

    /// <summary>Own and inherited attributes, core's first (D-21: rendered flattened).</summary>
    public IReadOnlyList<Attr> AllAttributes => field ??= [.. Lineage.Reverse().SelectMany(k => k.Attributes)];

    /// <summary>Own and inherited actions.</summary>
    public IReadOnlyList<ActionType> AllActions => field ??= [.. Lineage.Reverse().SelectMany(k => k.Actions)];

    /// <summary>Whether this is <paramref name="ancestor"/> or extends it.</summary>
    public bool Is(Kind ancestor) => Lineage.Contains(ancestor);
}

/// <summary>A mixin (GFD.221 §5.3.4): attributes and actions that are given to entities, a template, or a tag.</summary>
public sealed class Mixin(TypeId id) : Category(id)
{
    /// <summary>Mixins whose capabilities come with this one.</summary>
    public IReadOnlyList<Mixin> Depends { get; init; } = [];

    /// <summary>Kinds (and their descendants) that it may be put on; empty: any.</summary>
    public IReadOnlyList<Kind> Applies { get; init; } = [];

    /// <summary>Path of its collection, with slashes at both ends.</summary>
    public required string Location { get; init; }

    /// <summary>Own actions.</summary>
    public IReadOnlyList<ActionType> Actions { get; init; } = [];

    /// <inheritdoc/>
    public override CategoryClass Class => CategoryClass.Mixin;

    /// <summary>The mixin and all that it depends on, nearest first, each once.</summary>
    public IReadOnlyList<Mixin> Closure => field ??= [.. Depends.SelectMany(m => m.Closure).Prepend(this).Distinct()];

    /// <summary>Whether it may be put on entities of <paramref name="kind"/>: its own and its dependencies' restrictions hold.</summary>
    public bool AppliesTo(Kind kind) => Closure.All(m => m.Applies.Count == 0 || m.Applies.Any(kind.Is));
}

/// <summary>An action (GFD.221 §5.3.5); its attributes are its parameters.</summary>
public sealed class ActionType(TypeId id) : Category(id)
{
    /// <inheritdoc/>
    public override CategoryClass Class => CategoryClass.Action;
}
