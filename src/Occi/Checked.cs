namespace Occi;

/// <summary>What a representation is checked for.</summary>
public enum Purpose
{
    /// <summary>Kind needed; immutable attributes are dropped (D-14); defaults are filled in; required ones must be there.</summary>
    Create,

    /// <summary>Everything may be missing; an immutable attribute with another value than the entity's is refused.</summary>
    Update,

    /// <summary>As <see cref="Create"/>, of an entity that exists: immutable attributes must equal its own.</summary>
    Replace,
}

/// <summary>Which rule a representation breaks; the one place that turns it into a status code is the API's.</summary>
public enum Fault
{
    /// <summary>Unknown kind, mixin or attribute, wrong type or value, missing attribute, mixin not applicable: 400.</summary>
    Invalid,

    /// <summary>An immutable attribute with another value: 403.</summary>
    Immutable,
}

/// <summary>Why a representation was refused.</summary>
public sealed record CheckError(Fault Fault, string Message);

/// <summary>A representation of which everything is known: kind and mixins resolved, attributes of the right type, defaults filled in.</summary>
public sealed record CheckedEntity(Kind Kind, IReadOnlyList<Mixin> Mixins, IReadOnlyDictionary<string, AttributeValue> Attributes, IReadOnlyList<CheckedEntity> Links);

/// <summary>Checks representations against a catalogue (GFD.221 §5.2, §5.3; defaults as in core.md §8).</summary>
public static class Check
{
    /// <summary>Checks one representation, its inline links included.</summary>
    /// <param name="catalogue">What is known.</param>
    /// <param name="sent">What was sent.</param>
    /// <param name="purpose">For what.</param>
    /// <param name="present">The entity as it is now; null at creation.</param>
    /// <param name="expected">The kind of the collection it was posted to; null: any.</param>
    public static (CheckedEntity? Entity, CheckError? Error) Entity(
        Catalogue catalogue, Representation sent, Purpose purpose, Representation? present = null, Kind? expected = null) => throw new NotImplementedException();

    /// <summary>Checks an invocation's attributes: the action's own and no others, typed, in range.</summary>
    public static (IReadOnlyDictionary<string, AttributeValue>? Attributes, CheckError? Error) Invocation(ActionType action, Invocation sent) => throw new NotImplementedException();
}
