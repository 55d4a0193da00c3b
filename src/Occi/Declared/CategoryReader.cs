using Occi.Json;

namespace Occi.Declared;

/// <summary>One draft becomes a category: its references are looked up, its attributes and lifecycle read.</summary>
internal sealed class CategoryReader
{
    private readonly Building _building;
    private readonly Draft _draft;
    private readonly Complaints _complaints;
    private readonly Shape _shape;
    private readonly AttributeRules _rules;

    public CategoryReader(Building building, Draft draft, Complaints complaints)
    {
        (_building, _draft, _complaints) = (building, draft, complaints);
        _shape = new(draft.File, complaints);
        _rules = new(draft.File, _shape, complaints);
    }

    public Category? Read()
    {
        var before = _complaints.All.Count;
        Category? made = _draft.Class switch
        {
            CategoryClass.Action => new ActionType(_draft.Id) { Title = _draft.Title, Attributes = Attributes(NameRules.Parameter, _ => null) },
            CategoryClass.Kind => Kind(),
            _ => Mixin(),
        };
        return _complaints.All.Count > before ? null : made;
    }

    private Kind? Kind()
    {
        if (_shape.Text(_draft.Part, "parent") is not { } named)
            return null;
        var at = _draft.Part["parent"]!;
        if (One<Kind>(at, named, "kind") is not { } parent)
            return null;
        if (!Building.MayExtend(parent, _building))
        {
            Complain(at, $"expected core#resource, core#link or a kind of these files, found {parent}: its behaviour is compiled in and can't be inherited");
            return null;
        }
        var kind = new Kind(_draft.Id, parent)
        {
            Title = _draft.Title,
            Location = _draft.Location,
            Attributes = Attributes(n => NameRules.Attribute(n, _draft.Id.Scheme), _ => null),
            Actions = All<ActionType>("actions", "action"),
            LinksTo = SoleTarget(),
        };
        foreach (var attribute in kind.Attributes)
            Own(attribute, kind);
        new LifecycleReader(_shape, _draft, _complaints).Read(kind, kind.AllAttributes, kind.AllActions, inherited: _building.Lifecycles.Keys.Any(parent.Lineage.Contains), _building.Lifecycles);
        return kind;
    }

    private Mixin Mixin()
    {
        var (depends, applies) = (All<Mixin>("depends", "mixin"), All<Kind>("applies", "kind"));
        foreach (var (item, mixin) in _shape.Items(_draft.Part["depends"]).Zip(depends))
        {
            if (Building.IsImage(mixin))
                Complain(item, $"expected another mixin, found {mixin}: a template of an image is made when the image is added (controller image add), and nothing could boot from any other");
        }
        Attr? Known(string name) => applies.SelectMany(k => k.AllAttributes).Concat(depends.SelectMany(d => d.Closure).SelectMany(m => m.Attributes))
            .Concat(depends.SelectMany(d => d.Closure).SelectMany(m => m.Applies).SelectMany(k => k.AllAttributes)).FirstOrDefault(a => a.Name == name);
        var made = new Mixin(_draft.Id)
        {
            Title = _draft.Title,
            Location = _draft.Location,
            Depends = depends,
            Applies = applies,
            Attributes = Attributes(n => NameRules.Attribute(n, _draft.Id.Scheme), Known),
            Actions = All<ActionType>("actions", "action"),
        };
        foreach (var attribute in made.Attributes.Where(a => Known(a.Name) is null))
            Own(attribute, made);
        if (made.Actions.Count > 0 && (applies.Count == 0 || applies.Any(k => !_building.IsDeclared(k.Id))))
            Complain(_draft.Part["actions"]!, "expected no actions, found some: only entities of kinds in these files carry out what a file declares, and the mixin applies to others");
        new LifecycleReader(_shape, _draft, _complaints).Read(
            made, [.. made.Closure.SelectMany(m => m.Attributes)], made.Actions, inherited: false, _building.Lifecycles);
        return made;
    }

    // A link to such a resource can be of no other kind, so clients need not name it. What is wrong with the name is told where the ends are read.
    private Kind? SoleTarget() =>
        _draft.Part["link"]?["target"] is { IsArray: true, Items: [{ IsString: true } only] } && TypeId.TryParse(only.Text, out var id) && _building.IsDeclared(id)
            ? _building.Make(id) as Kind
            : null;

    private List<Attr> Attributes(Func<string, string?> nameRule, Func<string, Attr?> known)
    {
        var found = new List<Attr>();
        foreach (var (name, member) in _shape.Members(_draft.Part["attributes"]))
        {
            if (known(name) is { } restated)
            {
                if (_rules.Restate(restated, member) is { } attribute)
                    found.Add(attribute);
            }
            else if (nameRule(name) is { } complaint)
            {
                Complain(member, complaint);
            }
            else if (_rules.Define(name, member) is { } attribute)
            {
                found.Add(attribute);
            }
        }
        return found;
    }

    private void Own(Attr attribute, Category owner)
    {
        if (_building.Own(attribute.Name, owner) is { } other)
            Complain(_draft.Part["attributes"]![attribute.Name]!, $"expected a name that no other category has, found {attribute.Name}, which is {other}'s");
    }

    private List<T> All<T>(string member, string what)
        where T : Category
    {
        var found = new List<T>();
        foreach (var (at, named) in _shape.Texts(_draft.Part[member]))
        {
            if (One<T>(at, named, what) is not { } category)
                continue;
            if (found.Contains(category))
                Complain(at, $"expected each {what} once, found {category} again");
            else
                found.Add(category);
        }
        return found;
    }

    private T? One<T>(JsonPart at, string named, string what)
        where T : Category
    {
        if (!Names.TryIdentifier(named, out var id))
        {
            Complain(at, $"expected a type identifier, scheme#term, found \"{Unfit.Shorten(named)}\"");
            return null;
        }
        if (_building.IsOpen(id))
        {
            Complain(at, $"expected a {what} that is not made of this one, found {id}");
            return null;
        }
        var broken = _complaints.All.Count;
        switch (_building.Make(id))
        {
            case T found when typeof(T) != typeof(ActionType) || _building.IsDeclared(id):
                return found;
            case null when _complaints.All.Count > broken || _building.IsDeclared(id):
                return null;   // it has been complained of
            case { } other when other is not T:
                Complain(at, $"expected a {what}, found {id}, which is {(other is ActionType ? "an" : "a")} {other.Class.ToString().ToLowerInvariant()}");
                return null;
            default:
                Complain(at, $"expected {(typeof(T) == typeof(ActionType) ? "an" : "a")} {what} of these files{(typeof(T) == typeof(ActionType) ? "" : " or of the standard")}, found {id}, which is in none");
                return null;
        }
    }

    private void Complain(JsonPart at, string message) => _complaints.Add(_draft.File, at, message);
}
