namespace Occi.Declared;

/// <summary>
/// States of a declared kind's (or mixin's) entities and the actions that lead from one to another: a table, since a data file holds no code.
/// </summary>
/// <param name="State">The attribute that shows the state: an enumeration that clients can't set.</param>
/// <param name="Initial">The state of a new entity.</param>
/// <param name="Transitions">Rows of the table; no action has two for one state.</param>
public sealed record Lifecycle(Attr State, string Initial, IReadOnlyList<Transition> Transitions)
{
    /// <summary>What an action does in a state; null where it is none of this lifecycle's.</summary>
    public Decision? Decide(string state, TypeId action)
    {
        var rows = Transitions.Where(t => t.Action.Id == action).ToList();
        return rows.Count == 0 ? null
            : rows.FirstOrDefault(t => t.From.Contains(state)) is { } row ? new Decision.Move(row)
            : rows.Any(t => t.To == state) ? new Decision.AlreadyDone()
            : new Decision.Refused($"{action.Term} is possible while {State.Name} is {string.Join(" or ", rows.SelectMany(t => t.From).Distinct())}; it is {state}.");
    }

    /// <summary>Actions that lead somewhere from a state.</summary>
    public IEnumerable<ActionType> ActionsIn(string state) => Transitions.Where(t => t.From.Contains(state)).Select(t => t.Action);

    /// <summary>Every attribute that only the lifecycle sets.</summary>
    public IEnumerable<Attr> Owned => Transitions.SelectMany(t => t.Stamps).Prepend(State).Distinct();

    /// <summary>How an invocation ends. Closed.</summary>
    public abstract record Decision
    {
        /// <summary>The state becomes the row's.</summary>
        public sealed record Move(Transition Row) : Decision;

        /// <summary>The entity is where the action leads.</summary>
        public sealed record AlreadyDone : Decision;

        /// <summary>Impossible in this state.</summary>
        public sealed record Refused(string Why) : Decision;
    }
}

/// <summary>One row of a lifecycle.</summary>
/// <param name="Action">The action.</param>
/// <param name="From">States in which it is possible.</param>
/// <param name="To">The state that it leads to.</param>
/// <param name="Stamps">Attributes that are set to the time at which it happened.</param>
public sealed record Transition(ActionType Action, IReadOnlyList<string> From, string To, IReadOnlyList<Attr> Stamps);

/// <summary>What a declared kind of link joins (GFD.221 §5.4.3).</summary>
/// <param name="Source">Kinds (and their descendants) that its source may be of; the source is always local.</param>
/// <param name="Target">Kinds that its target may be of, where it is local.</param>
/// <param name="External">Whether the target may lie outside.</param>
/// <param name="Acyclic">Whether links of this kind must not lead from a resource back to it.</param>
public sealed record LinkRule(IReadOnlyList<Kind> Source, IReadOnlyList<Kind> Target, bool External, bool Acyclic)
{
    /// <summary>Where nothing is said: from any resource to any other.</summary>
    public static readonly LinkRule Anything = new([Core.CoreKinds.Resource], [Core.CoreKinds.Resource], false, false);
}
