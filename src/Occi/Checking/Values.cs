using Occi.Core;

namespace Occi.Checking;

/// <summary>The attribute values of one representation, checked and completed (core.md §8: value resolution; D-14, D-24, D-41).</summary>
internal sealed class Values(Resolution resolution, Purpose purpose, Representation? present)
{
    private readonly Dictionary<string, AttributeValue> _values = [];

    public IReadOnlyDictionary<string, AttributeValue> Found => _values;

    /// <summary>Fills <see cref="Found"/>, or tells why not. Attributes in <paramref name="given"/> needn't be sent: the server knows them.</summary>
    public CheckError? Take(IReadOnlyDictionary<string, AttributeValue> sent, params IReadOnlyCollection<string> given)
    {
        foreach (var (name, value) in sent)
        {
            if (name != CoreKinds.Id.Name && One(name, value) is { } error)
                return error;
        }
        if (purpose == Purpose.Create && sent.TryGetValue(CoreKinds.Id.Name, out var id) && Names.UuidOf(id.Text) is { } uuid)
            _values[CoreKinds.Id.Name] = AttributeValue.Of("urn:uuid:" + uuid);   // D-24: honoured if it is one, never a reason to fail
        Keep();
        return Pin() ?? Complete(given);
    }

    private CheckError? One(string name, AttributeValue sent)
    {
        if (!resolution.Attributes.TryGetValue(name, out var attribute))
            return IsEchoOfGone(name, sent) ? null : new CheckError(Fault.Invalid, $"{resolution.Kind} has no attribute {name}, nor has any of its mixins");
        if (purpose == Purpose.Create && !attribute.SettableAtCreation)
            return null;   // an echo, or hope (D-14)
        var (value, wrong) = Coerce.To(attribute, sent);
        if (purpose == Purpose.Create || attribute.Changeable)
        {
            if (wrong is null)
                _values[name] = value;
            return wrong is null ? null : new CheckError(Fault.Invalid, wrong);
        }
        return wrong is null && Present(attribute) is { } now && Same(attribute, value, now)
            ? null
            : new CheckError(Fault.Immutable, $"{name} can't be changed: it is {Shown(Present(attribute))}, found {Shown(sent)}");
    }

    /// <summary>Who puts back what was read, but for a mixin, leaves that mixin's attributes in it: they go with it.</summary>
    private bool IsEchoOfGone(string name, AttributeValue sent) =>
        purpose == Purpose.Replace
        && resolution.Gone.SelectMany(m => m.Closure).SelectMany(m => m.Attributes).FirstOrDefault(a => a.Name == name) is { } attribute
        && Present(attribute) is { } now && Coerce.To(attribute, sent) is (var value, null) && Same(attribute, value, now);

    /// <summary>What was set at creation survives a replacement that leaves it out: no client can set it again.</summary>
    private void Keep()
    {
        if (purpose != Purpose.Replace)
            return;
        foreach (var attribute in resolution.Attributes.Values.Where(a => a.SetOnce))
        {
            if (Present(attribute) is { } now)
                _values[attribute.Name] = now;
        }
    }

    /// <summary>A resource template's sizes: silently at creation (D-41), with the template later. A size that contradicts the template that the entity keeps is refused.</summary>
    private CheckError? Pin()
    {
        foreach (var template in resolution.Mixins.Where(m => m.Pins))
        {
            var comes = purpose != Purpose.Update || resolution.Added.Contains(template);
            foreach (var attribute in template.Attributes)
            {
                if (attribute.Default is not { } pinned)
                    continue;
                if (comes)
                    _values[attribute.Name] = pinned;
                else if (_values.TryGetValue(attribute.Name, out var value) && value != pinned)
                    return new CheckError(Fault.Immutable, $"{attribute.Name} is {pinned} by the template {template}, found {value}: give the entity another template");
            }
        }
        return null;
    }

    private CheckError? Complete(IReadOnlyCollection<string> given)
    {
        // Nearest first: mixins in order with what they depend on, then the kind and its ancestors. An update completes new mixins only.
        IEnumerable<Category> sources = (purpose == Purpose.Update ? resolution.Added : resolution.Mixins).SelectMany(m => m.Closure);
        if (purpose != Purpose.Update)
            sources = sources.Concat(resolution.Kind.Lineage);
        foreach (var source in sources.ToList())
        {
            foreach (var attribute in source.Attributes)
            {
                if (attribute.Default is { } value && (purpose != Purpose.Update || Present(attribute) is null))
                    _values.TryAdd(attribute.Name, value);
            }
        }
        foreach (var source in sources)
        {
            foreach (var attribute in source.Attributes.Where(a => a.Required && !_values.ContainsKey(a.Name) && !given.Contains(a.Name)))
            {
                var secret = attribute.SetOnce && present is not null && source is Mixin mixin && !resolution.Added.Contains(mixin);
                if (!secret && !(purpose == Purpose.Update && Present(attribute) is not null))
                    return new CheckError(Fault.Invalid, $"{source} needs the attribute {attribute.Name} ({attribute.Description}), found none");
            }
        }
        return null;
    }

    private AttributeValue? Present(Attr attribute) =>
        present is not null && present.Attributes.TryGetValue(attribute.Name, out var value) ? value : null;

    // An absolute URL of ours and its path name one thing.
    private static bool Same(Attr attribute, AttributeValue a, AttributeValue b) =>
        a == b || (attribute.Type == AttrType.Uri && Names.PathOf(a.Text) == Names.PathOf(b.Text));

    private static string Shown(AttributeValue? value) => value is { } some ? $"\"{Unfit.Shorten(some.Text)}\"" : "unset";
}
