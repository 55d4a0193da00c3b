using Occi.Json;

namespace Occi.Declared;

/// <summary>Reads a category's <c>lifecycle</c>: every name in it is one that exists, and every action of the category is in it.</summary>
internal sealed class LifecycleReader(Shape shape, Draft draft, Complaints complaints)
{
    public void Read(
        Category owner, IReadOnlyList<Attr> attributes, IReadOnlyList<ActionType> actions, bool inherited, Dictionary<Category, Lifecycle> found)
    {
        if (draft.Part["lifecycle"] is not { } part)
        {
            var orphans = inherited ? (owner as Kind)?.Actions ?? [] : actions;
            if (orphans.Count > 0)
                complaints.Add(draft.File, draft.Part, $"expected a lifecycle with a transition for each action, found none for {orphans[0]}: nobody would carry it out");
            return;
        }
        if (!shape.Object(part, ["attribute", "initial", "transitions"]))
            return;
        if (StateIn(part, attributes) is not { } state || shape.Text(part, "initial") is not { } initial)
            return;
        IsState(part["initial"]!, state, initial);
        var rows = new List<Transition>();
        foreach (var item in shape.Items(part["transitions"]))
        {
            if (Row(item, state, attributes, actions) is { } row)
                Add(rows, row, item);
        }
        foreach (var action in actions.Where(a => rows.TrueForAll(r => r.Action != a)))
            complaints.Add(draft.File, part["transitions"] ?? part, $"expected a transition for each action, found none for {action}");
        found[owner] = new Lifecycle(state, initial, rows);
    }

    private Attr? StateIn(JsonPart part, IReadOnlyList<Attr> attributes)
    {
        if (shape.Text(part, "attribute") is not { } name)
            return null;
        var state = attributes.FirstOrDefault(a => a.Name == name);
        if (state is { Type: AttrType.Enumeration, SettableAtCreation: false, Default: null })
            return state;
        complaints.Add(draft.File, part["attribute"]!, state is null
            ? $"expected one of the category's attributes, found \"{Unfit.Shorten(name)}\""
            : $"expected an attribute with an enum, not mutable, not once and without a default, found {name}, which is otherwise");
        return null;
    }

    private Transition? Row(JsonPart part, Attr state, IReadOnlyList<Attr> attributes, IReadOnlyList<ActionType> actions)
    {
        if (!shape.Object(part, ["action", "from", "to", "stamps"]))
            return null;
        if (shape.Text(part, "action") is not { } named || shape.Text(part, "to") is not { } to)
            return null;
        var action = actions.FirstOrDefault(a => a.Id.ToString() == named);
        if (action is null)
            complaints.Add(draft.File, part["action"]!, $"expected one of the category's actions, found \"{Unfit.Shorten(named)}\"");
        IsState(part["to"]!, state, to);
        var from = shape.Texts(part["from"]);
        if (from.Count == 0)
            complaints.Add(draft.File, part["from"] ?? part, $"expected the states in which it is possible (from), found none");
        foreach (var (at, text) in from)
            IsState(at, state, text);
        var stamps = new List<Attr>();
        foreach (var (at, name) in shape.Texts(part["stamps"]))
        {
            if (attributes.FirstOrDefault(a => a.Name == name) is { Type: AttrType.Text, Format: TextFormat.Any or TextFormat.DateTime, SettableAtCreation: false } stamp)
                stamps.Add(stamp);
            else
                complaints.Add(draft.File, at, $"expected an attribute of the category that holds a date and time and is neither mutable nor once, found \"{Unfit.Shorten(name)}\"");
        }
        return action is null ? null : new(action, [.. from.Select(f => f.Text)], to, stamps);
    }

    private void Add(List<Transition> rows, Transition row, JsonPart at)
    {
        if (rows.Find(r => r.Action == row.Action && r.From.Intersect(row.From).Any()) is { } other)
            complaints.Add(draft.File, at, $"expected one transition of {row.Action.Id.Term} from {other.From.Intersect(row.From).First()}, found two");
        else
            rows.Add(row);
    }

    private void IsState(JsonPart at, Attr state, string text)
    {
        if (!state.Values.Contains(text))
            complaints.Add(draft.File, at, $"expected one of {string.Join(", ", state.Values)}, found \"{Unfit.Shorten(text)}\"");
    }
}
