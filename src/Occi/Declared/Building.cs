using Occi.Core;
using Occi.Infrastructure;

namespace Occi.Declared;

/// <summary>Makes categories of drafts, those first that others refer to.</summary>
internal sealed class Building(IReadOnlyList<Draft> drafts, Complaints complaints)
{
    private readonly Dictionary<TypeId, Draft> _drafts = drafts.ToDictionary(d => d.Id);
    private readonly Dictionary<TypeId, Category> _made = StandardModel.Catalogue.All.ToDictionary(c => c.Id);
    private readonly Dictionary<string, Category> _owners =
        StandardModel.Catalogue.All.Where(c => c is not ActionType).SelectMany(c => c.Attributes, (c, a) => (c, a)).DistinctBy(x => x.a.Name).ToDictionary(x => x.a.Name, x => x.c);
    private readonly HashSet<TypeId> _open = [];
    private readonly HashSet<TypeId> _broken = [];   // complained of once is enough

    public List<Kind> Kinds { get; } = [];

    public List<Mixin> Mixins { get; } = [];

    public Dictionary<Category, Lifecycle> Lifecycles { get; } = [];

    public Dictionary<Kind, LinkRule> Links { get; } = [];

    public void Run()
    {
        foreach (var draft in drafts.OrderBy(d => d.Class != CategoryClass.Action))
            Make(draft.Id);
        if (complaints.All.Count > 0)
            return;
        // Last: what kinds of link join may be any kind.
        foreach (var kind in Kinds)
            new LinkRules(this, complaints).Read(_drafts[kind.Id], kind);
        var unused = drafts.Where(d => d.Class == CategoryClass.Action && !Kinds.Any(k => k.Actions.Contains(_made[d.Id])) && !Mixins.Any(m => m.Actions.Contains(_made[d.Id])));
        foreach (var draft in unused)
            complaints.Add(draft.File, draft.Part, $"expected an action of some kind or mixin, found {draft.Id}, which is nobody's");
    }

    /// <summary>The category of that identifier, made now if need be; null where there is none, or it is wrong, or made of itself.</summary>
    public Category? Make(TypeId id)
    {
        if (_made.TryGetValue(id, out var made))
            return made;
        if (!_drafts.TryGetValue(id, out var draft) || _broken.Contains(id) || !_open.Add(id))
            return null;
        var category = new CategoryReader(this, draft, complaints).Read();
        _open.Remove(id);
        if (category is null)
        {
            _broken.Add(id);
            return null;
        }
        _made[id] = category;
        if (category is Kind kind)
            Kinds.Add(kind);
        else if (category is Mixin mixin)
            Mixins.Add(mixin);
        return category;
    }

    /// <summary>Whether a category of that identifier is being made: who refers to it now would be made of itself.</summary>
    public bool IsOpen(TypeId id) => _open.Contains(id);

    public bool IsDeclared(TypeId id) => _drafts.ContainsKey(id);

    /// <summary>Takes a name for an attribute; the category that has it already, or null.</summary>
    public Category? Own(string attribute, Category owner)
    {
        if (_owners.TryAdd(attribute, owner))
            return null;
        return _owners[attribute];
    }

    /// <summary>The standard's kinds that take extensions (GFD.221 §5.3.3).</summary>
    public static bool MayExtend(Kind parent, Building building) =>
        parent == CoreKinds.Resource || parent == CoreKinds.Link || building.IsDeclared(parent.Id);

    /// <summary>Templates of images are made by uploading one: nothing could boot from another.</summary>
    public static bool IsImage(Mixin mixin) => mixin.Closure.Contains(OsTemplate.Mixin);
}
