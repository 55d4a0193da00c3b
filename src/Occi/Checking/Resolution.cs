namespace Occi.Checking;

/// <summary>The categories of a representation, looked up: its kind, and the mixins that it will have.</summary>
internal sealed record Resolution(Kind Kind, IReadOnlyList<Mixin> Mixins)
{
    /// <summary>Mixins that the entity hasn't yet.</summary>
    public required IReadOnlyList<Mixin> Added { get; init; }

    /// <summary>Mixins that the entity will have no more.</summary>
    public required IReadOnlyList<Mixin> Gone { get; init; }

    /// <summary>Every attribute that the entity may have (GFD.221 §5.3.3, §5.3.4): those of its kind's lineage and its mixins' closures.</summary>
    public IReadOnlyDictionary<string, Attr> Attributes => field ??= Effective();

    public static (Resolution? Found, CheckError? Error) Of(Catalogue catalogue, Representation sent, Purpose purpose, Representation? present, Kind? expected)
    {
        var (kinds, mixins) = (new List<Kind>(), new List<Mixin>());
        foreach (var id in sent.Kind is { } first ? sent.Mixins.Prepend(first) : sent.Mixins)
        {
            switch (catalogue.Find(id))
            {
                case Kind kind when !kinds.Contains(kind):
                    kinds.Add(kind);
                    break;
                case Mixin mixin when !mixins.Contains(mixin):
                    mixins.Add(mixin);
                    break;
                case ActionType:
                    return Invalid($"expected a kind or a mixin, found the action {id}");
                case null:
                    return Invalid($"{id} is no category known here");
            }
        }
        if (kinds.Count > 1)
            return Invalid($"expected one kind, found {kinds[0]} and {kinds[1]}");
        var own = present?.Kind is { } presentId ? catalogue.Find(presentId) as Kind : null;
        if (purpose == Purpose.Create && own is null && kinds.Count == 0)
            return Invalid($"expected a kind{(expected is null ? "" : $", {expected}")}, found none");
        if (own is not null && kinds.Count == 1 && kinds[0] != own)
            return Invalid($"the kind of an entity can't change: it is {own}, found {kinds[0]}");
        if ((own ?? kinds.FirstOrDefault() ?? expected) is not { } resolved)
            return Invalid("expected a kind, found none");
        if (expected is not null && !resolved.Is(expected))
            return Invalid($"expected the kind {expected}, found {resolved}");
        if (resolved.Location is null)
            return Invalid($"{resolved} can't be instantiated");
        var had = present?.Mixins.Select(catalogue.Find).OfType<Mixin>().ToList() ?? [];
        var all = purpose == Purpose.Update ? Merge(had, mixins) : mixins;
        return Compatible(resolved, all) is { } error
            ? (null, error)
            : (new Resolution(resolved, all) { Added = [.. all.Except(had)], Gone = [.. had.Except(all)] }, null);
    }

    // Additive, except that a template takes the place of another of its sort (D-09).
    private static List<Mixin> Merge(List<Mixin> had, List<Mixin> sent)
    {
        var replaced = sent.Select(m => m.TemplateOf).OfType<Mixin>().ToHashSet();
        return [.. had.Where(m => !sent.Contains(m) && (m.TemplateOf is null || !replaced.Contains(m.TemplateOf))), .. sent];
    }

    private static CheckError? Compatible(Kind kind, IReadOnlyList<Mixin> mixins)
    {
        foreach (var mixin in mixins)
        {
            if (!mixin.AppliesTo(kind))
            {
                var wanted = mixin.Closure.SelectMany(m => m.Applies).Distinct();
                return new CheckError(Fault.Invalid, $"the mixin {mixin} applies to {string.Join(", ", wanted)}, found {kind}");
            }
        }
        foreach (var (i, mixin) in mixins.Index())
        {
            foreach (var other in mixins.Skip(i + 1))
            {
                if (mixin.TemplateOf is { } parent && other.TemplateOf == parent)
                    return new CheckError(Fault.Invalid, $"expected at most one {parent.Title} ({parent}), found {mixin} and {other}");
                if (mixin.Role is { } role && other.Role == role)
                    return new CheckError(Fault.Conflict, $"expected one mixin for {role}, found {mixin} and {other}");
            }
        }
        return null;
    }

    private Dictionary<string, Attr> Effective()
    {
        var found = new Dictionary<string, Attr>();
        foreach (var attribute in Kind.AllAttributes.Concat(Mixins.SelectMany(m => m.Closure).SelectMany(m => m.Attributes)))
            found.TryAdd(attribute.Name, attribute);
        return found;
    }

    private static (Resolution?, CheckError?) Invalid(string message) => (null, new CheckError(Fault.Invalid, message));
}
