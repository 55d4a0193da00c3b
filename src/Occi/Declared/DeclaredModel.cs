using System.Collections.Frozen;

namespace Occi.Declared;

/// <summary>
/// The standard's categories and those that an operator's data files add (GFD.221 §5.5): kinds, mixins and actions, and how their entities behave.
/// Immutable; made by <see cref="ModelLoader"/>.
/// </summary>
public sealed class DeclaredModel
{
    /// <summary>What is there without any file.</summary>
    public static readonly DeclaredModel Standard = new(StandardModel.Catalogue, new Dictionary<Category, Lifecycle>(), new Dictionary<Kind, LinkRule>());

    private readonly FrozenDictionary<Category, Lifecycle> _lifecycles;
    private readonly FrozenDictionary<Kind, LinkRule> _links;
    private readonly FrozenDictionary<string, Kind> _byTerm;

    internal DeclaredModel(Catalogue catalogue, IReadOnlyDictionary<Category, Lifecycle> lifecycles, IReadOnlyDictionary<Kind, LinkRule> links)
    {
        Catalogue = catalogue;
        Kinds = [.. catalogue.Kinds.Except(StandardModel.Catalogue.Kinds)];
        Mixins = [.. catalogue.Mixins.Except(StandardModel.Catalogue.Mixins)];
        LinkTerms = [.. Kinds.Where(k => k.Is(Core.CoreKinds.Link)).Select(k => k.Id.Term)];
        (_lifecycles, _links, _byTerm) = (lifecycles.ToFrozenDictionary(), links.ToFrozenDictionary(), Kinds.ToFrozenDictionary(k => k.Id.Term));
    }

    /// <summary>All categories, the standard's first.</summary>
    public Catalogue Catalogue { get; }

    /// <summary>The kinds that files declare.</summary>
    public IReadOnlyList<Kind> Kinds { get; }

    /// <summary>The mixins that files declare.</summary>
    public IReadOnlyList<Mixin> Mixins { get; }

    /// <summary>Terms of the declared kinds of link: what their rows are known by.</summary>
    public IReadOnlyList<string> LinkTerms { get; }

    /// <summary>The declared kind of that term (they are unique), or null.</summary>
    public Kind? Find(string term) => _byTerm.GetValueOrDefault(term);

    /// <summary>The kind's own lifecycle or else its nearest ancestor's, or null: an entity without state.</summary>
    public Lifecycle? LifecycleOf(Kind kind) => kind.Lineage.Select(k => _lifecycles.GetValueOrDefault(k)).FirstOrDefault(l => l is not null);

    /// <summary>The lifecycles of an entity: its kind's first, then those that its mixins and what these depend on bring.</summary>
    public IReadOnlyList<Lifecycle> LifecyclesOf(Kind kind, IEnumerable<Mixin> mixins)
    {
        var all = mixins.SelectMany(m => m.Closure).Distinct().Select(m => _lifecycles.GetValueOrDefault(m)).OfType<Lifecycle>();
        return [.. LifecycleOf(kind) is { } own ? all.Prepend(own) : all];
    }

    /// <summary>What a kind of link may join: its own rule or else its nearest ancestor's. Null for the standard's links and for resources.</summary>
    public LinkRule? LinkRuleOf(Kind kind) =>
        kind.Is(Core.CoreKinds.Link) && _byTerm.GetValueOrDefault(kind.Id.Term) == kind
            ? kind.Lineage.Select(k => _links.GetValueOrDefault(k)).FirstOrDefault(r => r is not null) ?? LinkRule.Anything
            : null;
}
