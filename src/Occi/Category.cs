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

    /// <summary>
    /// Of a kind of link: the kind that its targets are. Where a client leaves an inline link's kind out, it follows from its target's.
    /// </summary>
    public Kind? LinksTo { get; init; }

    /// <summary>Whether only those who run the service know of it: its entities belong to no project.</summary>
    public bool ForOperators { get => field || Parent?.ForOperators == true; init; }

    /// <summary>Of a kind whose entities clients can't create: how they come to be, in words. Null: clients create them.</summary>
    public string? ComesBy { get; init; }

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

    /// <summary>
    /// Whether an entity has at most one of the mixins that depend on this one (os_tpl, resource_tpl: GFD.224 §3.5). Another one given
    /// later takes the first one's place.
    /// </summary>
    public bool OneBelow { get; init; }

    /// <summary>Whether the defaults of mixins that depend on this one win over what the client says (resource_tpl, D-41).</summary>
    public bool PinsBelow { get; init; }

    /// <summary>An entity has at most one mixin of each role; null: no restriction. For mixins that say the same thing in two ways (D-22).</summary>
    public string? Role { get; init; }

    /// <inheritdoc/>
    public override CategoryClass Class => CategoryClass.Mixin;

    /// <summary>The mixin and all that it depends on, nearest first, each once.</summary>
    public IReadOnlyList<Mixin> Closure => field ??= [.. Depends.SelectMany(m => m.Closure).Prepend(this).Distinct()];

    /// <summary>The template parent above this mixin (one with <see cref="OneBelow"/>), or null.</summary>
    public Mixin? TemplateOf => Closure.Skip(1).FirstOrDefault(m => m.OneBelow);

    /// <summary>Whether this mixin's own defaults win over what the client says.</summary>
    public bool Pins => Closure.Skip(1).Any(m => m.PinsBelow);

    /// <summary>Whether it may be put on entities of <paramref name="kind"/>: its own and its dependencies' restrictions hold.</summary>
    public bool AppliesTo(Kind kind) => Closure.All(m => m.Applies.Count == 0 || m.Applies.Any(kind.Is));
}

/// <summary>An action (GFD.221 §5.3.5); its attributes are its parameters.</summary>
public sealed class ActionType(TypeId id) : Category(id)
{
    /// <inheritdoc/>
    public override CategoryClass Class => CategoryClass.Action;
}
