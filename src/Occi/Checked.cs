using Occi.Checking;
using Occi.Core;

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

    /// <summary>Two mixins that exclude each other (D-22): 409.</summary>
    Conflict,
}

/// <summary>Why a representation was refused.</summary>
public sealed record CheckError(Fault Fault, string Message);

/// <summary>A representation of which everything is known: kind and mixins resolved, attributes of the right type, defaults filled in.</summary>
/// <param name="Kind">The entity's kind.</param>
/// <param name="Mixins">All mixins that the entity has afterwards: of an update, those that it has already included, a replaced template left out.</param>
/// <param name="Attributes">
/// What the client may set, and defaults: at creation and replacement all of them, of an update the new values only. What the server alone
/// sets (states, the source of an inline link) isn't among them, except where a template's default gives it.
/// <c>occi.core.id</c> is there at creation if the client sent a UUID, as <c>urn:uuid:…</c> in lower case.
/// </param>
/// <param name="Links">New inline links, without <c>occi.core.source</c>. Those that the entity has already are left out.</param>
public sealed record CheckedEntity(Kind Kind, IReadOnlyList<Mixin> Mixins, IReadOnlyDictionary<string, AttributeValue> Attributes, IReadOnlyList<CheckedEntity> Links);

/// <summary>Checks representations against a catalogue (GFD.221 §5.2, §5.3; defaults as in core.md §8).</summary>
public static class Check
{
    /// <summary>Checks one representation, its inline links included.</summary>
    /// <param name="catalogue">What is known.</param>
    /// <param name="sent">What was sent.</param>
    /// <param name="purpose">For what.</param>
    /// <param name="present">The entity as it is now, its links with their locations or ids; null at creation.</param>
    /// <param name="expected">The kind of the collection it was posted to; null: any.</param>
    public static (CheckedEntity? Entity, CheckError? Error) Entity(
        Catalogue catalogue, Representation sent, Purpose purpose, Representation? present = null, Kind? expected = null)
    {
        if (present is null && purpose == Purpose.Replace)
            purpose = Purpose.Create;
        var (resolution, error) = Resolution.Of(catalogue, sent, purpose, present, expected);
        if (error is not null)
            return (null, error);
        if (sent.Links.Count > 0 && resolution!.Kind.Is(CoreKinds.Link))
            return (null, new CheckError(Fault.Invalid, $"a link has no links, and {resolution.Kind} is one"));
        var values = new Values(resolution!, purpose, present);
        if (values.Take(sent.Attributes) is { } wrong)
            return (null, wrong);
        var (links, bad) = Links.Check(catalogue, sent, present);
        return bad is null ? (new CheckedEntity(resolution!.Kind, resolution.Mixins, values.Found, links!), null) : (null, bad);
    }

    /// <summary>Checks an invocation's attributes: the action's own and no others, typed, in range; required ones there, defaults filled in.</summary>
    public static (IReadOnlyDictionary<string, AttributeValue>? Attributes, CheckError? Error) Invocation(ActionType action, Invocation sent)
    {
        if (sent.Action != action.Id)
            return (null, new CheckError(Fault.Invalid, $"expected the action {action}, found {sent.Action}"));
        var values = new Dictionary<string, AttributeValue>();
        foreach (var (name, value) in sent.Attributes)
        {
            if (action.Attributes.FirstOrDefault(a => a.Name == name) is not { } attribute)
                return (null, new CheckError(Fault.Invalid, $"the action {action} has no attribute {name}"));
            var (coerced, wrong) = Coerce.To(attribute, value);
            if (wrong is not null)
                return (null, new CheckError(Fault.Invalid, wrong));
            values[name] = coerced;
        }
        foreach (var attribute in action.Attributes)
        {
            if (attribute.Default is { } value)
                values.TryAdd(attribute.Name, value);
            if (attribute.Required && !values.ContainsKey(attribute.Name))
                return (null, new CheckError(Fault.Invalid, $"the action {action} needs the attribute {attribute.Name} ({attribute.Description}), found none"));
        }
        return (values, null);
    }

    /// <summary>
    /// A single value as its definition wants it, such as a filter's: typed, in range. Where it can't be, the error says what was wanted
    /// and what was found.
    /// </summary>
    public static (AttributeValue Value, CheckError? Error) Value(Attr attribute, AttributeValue sent)
    {
        var (value, wrong) = Coerce.To(attribute, sent);
        return (value, wrong is null ? null : new CheckError(Fault.Invalid, wrong));
    }
}
