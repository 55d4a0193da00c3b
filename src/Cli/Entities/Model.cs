using Occi;
using Occi.Core;

namespace Controller.Cli.Entities;

/// <summary>The server's categories, and the short names that people use for them.</summary>
internal sealed class Model(IReadOnlyList<CategoryDefinition> categories)
{
    public IReadOnlyList<CategoryDefinition> Categories { get; } = categories;

    /// <summary>A kind by its term, its identifier or the path of its collection.</summary>
    /// <exception cref="CliException">There is none, or more than one.</exception>
    public CategoryDefinition Kind(string name) => One(CategoryClass.Kind, name);

    /// <summary>A mixin by its term, its identifier or the path of its collection.</summary>
    /// <exception cref="CliException">There is none, or more than one.</exception>
    public CategoryDefinition Mixin(string name) => One(CategoryClass.Mixin, name);

    /// <summary>The definition of an identifier; null when the server shows none.</summary>
    public CategoryDefinition? Find(TypeId? id) => id is { } known ? Categories.FirstOrDefault(c => c.Id == known) : null;

    /// <summary>A kind and its ancestors, nearest first.</summary>
    public IEnumerable<CategoryDefinition> Lineage(CategoryDefinition kind)
    {
        for (var at = kind; at is not null; at = at.Related.Count > 0 ? Find(at.Related[0]) : null)
            yield return at;
    }

    /// <summary>A mixin and all that it depends on.</summary>
    public IEnumerable<CategoryDefinition> Closure(CategoryDefinition mixin) =>
        mixin.Related.Select(id => Find(id)).OfType<CategoryDefinition>().SelectMany(Closure).Prepend(mixin).Distinct();

    /// <summary>The kinds that can be listed, core's last.</summary>
    public IEnumerable<CategoryDefinition> Collections =>
        Categories.Where(c => c.Class == CategoryClass.Kind && c.Location is not null).OrderBy(c => c.Id.Scheme == CoreKinds.Scheme);

    /// <summary>Whether a kind is a link's.</summary>
    public bool IsLink(CategoryDefinition kind) => Lineage(kind).Any(k => k.Id == CoreKinds.Link.Id);

    /// <summary>Where an entity is: the path of its kind's collection and its UUID.</summary>
    public string PathOf(Representation entity) =>
        entity.Location ?? (Find(entity.Kind)?.Location is { } location ? location + entity.Uuid() : throw new CliException($"the server shows no location for {entity.Kind}"));

    /// <summary>An action of a kind (or of mixins) by its term.</summary>
    public CategoryDefinition Action(IEnumerable<CategoryDefinition> owners, string name)
    {
        CategoryDefinition[] actions = [.. owners.SelectMany(o => Lineage(o)).SelectMany(o => o.Actions).Distinct().Select(id => Find(id)).OfType<CategoryDefinition>()];
        return actions.FirstOrDefault(a => a.Id.Term == name || a.Id.ToString() == name)
            ?? throw new CliException($"there is no action {name}; there are: {string.Join(", ", actions.Select(a => a.Id.Term))}");
    }

    private CategoryDefinition One(CategoryClass wanted, string name)
    {
        CategoryDefinition[] all = [.. Categories.Where(c => c.Class == wanted)];
        CategoryDefinition[] found = [.. all.Where(c => c.Id.ToString() == name || c.Location == name)];
        if (found.Length == 0)
            found = [.. all.Where(c => c.Id.Term == name)];
        var what = wanted == CategoryClass.Kind ? "kind" : "mixin";
        return found switch
        {
            [var one] => one,
            [] => throw new CliException($"there is no {what} {name}; there are: {string.Join(", ", all.Select(c => c.Id.Term).Order(StringComparer.Ordinal))}"),
            _ => throw new CliException($"{what} {name} is ambiguous: {string.Join(", ", found.Select(c => c.Id))}"),
        };
    }
}
