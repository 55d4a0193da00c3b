using System.Collections.Frozen;

namespace Occi;

/// <summary>
/// An immutable set of kinds, mixins and actions: what the query interface shows and what requests are checked against. Adding a mixin
/// makes a new catalogue.
/// </summary>
public sealed class Catalogue
{
    private readonly FrozenDictionary<TypeId, Category> _byId;
    private readonly FrozenDictionary<string, Category> _byLocation;
    private readonly FrozenDictionary<string, Attr> _attributes;

    /// <summary>Builds one. Identifiers and locations must be unique (GFD.221 §5.3.1, GFD.223 §4) and relations closed.</summary>
    /// <exception cref="ArgumentException">Two categories share an identifier or a location, or a relation leads out of the set.</exception>
    public Catalogue(IEnumerable<Kind> kinds, IEnumerable<Mixin> mixins)
    {
        Kinds = [.. kinds];
        Mixins = [.. mixins];
        Actions = [.. Kinds.SelectMany(k => k.Actions).Concat(Mixins.SelectMany(m => m.Actions)).Distinct()];
        IEnumerable<Category> all = [.. Kinds, .. Mixins, .. Actions];
        _byId = Unique(all, c => c.Id, "identifier");
        _byLocation = Unique(
            all.Where(c => LocationOf(c) is not null), c => LocationOf(c)!, "location");
        _attributes = Kinds.SelectMany(k => k.Attributes).Concat(Mixins.SelectMany(m => m.Attributes))
            .DistinctBy(a => a.Name).ToFrozenDictionary(a => a.Name);
        if (Kinds.FirstOrDefault(k => k.Parent is { } p && !Kinds.Contains(p)) is { } orphan)
            throw new ArgumentException($"The parent of {orphan} is not in the catalogue.", nameof(kinds));
        if (Mixins.FirstOrDefault(m => m.Depends.Any(d => !Mixins.Contains(d)) || m.Applies.Any(k => !k.ForOperators && !Kinds.Contains(k))) is { } stray)
            throw new ArgumentException($"A relation of {stray} leads out of the catalogue.", nameof(mixins));
    }

    /// <summary>All kinds; core's three first.</summary>
    public IReadOnlyList<Kind> Kinds { get; }

    /// <summary>All mixins.</summary>
    public IReadOnlyList<Mixin> Mixins { get; }

    /// <summary>All actions of the kinds and mixins.</summary>
    public IReadOnlyList<ActionType> Actions { get; }

    /// <summary>The category of that identifier, or null.</summary>
    public Category? Find(TypeId id) => _byId.GetValueOrDefault(id);

    /// <summary>The kind or mixin whose collection has that path (slashes at both ends), or null.</summary>
    public Category? FindByLocation(string location) => _byLocation.GetValueOrDefault(location);

    /// <summary>All categories, in the order in which the query interface shows them: kinds (core's first), mixins, actions.</summary>
    public IReadOnlyList<Category> All => field ??= [.. Kinds, .. Mixins, .. Actions];

    /// <summary>The attribute of that name, as its kind defines it or else the first mixin that has it; null when there is none.</summary>
    public Attr? FindAttribute(string name) => _attributes.GetValueOrDefault(name);

    /// <summary>A catalogue with more mixins.</summary>
    /// <exception cref="ArgumentException">As in the constructor.</exception>
    public Catalogue With(IEnumerable<Mixin> mixins) => new(Kinds, [.. Mixins, .. mixins]);

    /// <summary>The catalogue without what is only for operators: those kinds, and mixins that are for nothing else.</summary>
    public Catalogue WithoutOperators() =>
        new(Kinds.Where(k => !k.ForOperators), Mixins.Where(m => m.Applies.Count == 0 || m.Applies.Any(k => !k.ForOperators)));

    /// <summary>A category's location; null for actions and for kinds that can't be instantiated.</summary>
    public static string? LocationOf(Category category) => category switch
    {
        Kind kind => kind.Location,
        Mixin mixin => mixin.Location,
        _ => null,
    };

    private static FrozenDictionary<TKey, Category> Unique<TKey>(IEnumerable<Category> all, Func<Category, TKey> key, string what)
        where TKey : notnull
    {
        var found = new Dictionary<TKey, Category>();
        foreach (var category in all)
        {
            if (!found.TryAdd(key(category), category))
                throw new ArgumentException($"{found[key(category)]} and {category} have the same {what} {key(category)}.");
        }
        return found.ToFrozenDictionary();
    }
}
