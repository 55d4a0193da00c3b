using Occi.Core;

namespace Occi.Checking;

/// <summary>Inline links of a resource (GFD.185 §3.4.5): those that the entity has already are recognised, new ones checked as at creation.</summary>
internal static class Links
{
    public static (List<CheckedEntity>? Links, CheckError? Error) Check(Catalogue catalogue, Representation sent, Representation? present)
    {
        var found = new List<CheckedEntity>();
        foreach (var link in sent.Links)
        {
            if (Known(link, present) is { } known)
            {
                if (Changed(catalogue, link, known) is { } change)
                    return (null, new CheckError(Fault.Invalid, change));
                continue;
            }
            if (!link.Attributes.TryGetValue(CoreKinds.Target.Name, out var target))
                return (null, new CheckError(Fault.Invalid, link.Location is { } url ? $"there is no link {url} here" : $"an inline link needs {CoreKinds.Target.Name}, found none"));
            var (entity, error) = One(catalogue, link, target.Text);
            if (error is not null)
                return (null, error with { Message = $"link to {Unfit.Shorten(target.Text)}: {error.Message}" });
            found.Add(entity!);
        }
        return (found, null);
    }

    private static (CheckedEntity?, CheckError?) One(Catalogue catalogue, Representation link, string target)
    {
        if ((link.Kind ?? Implied(catalogue, link, target)) is not { } kind)
            return (null, new CheckError(Fault.Invalid, "expected the link's kind, found none, and the target tells none"));
        var (resolution, error) = Resolution.Of(catalogue, link with { Kind = kind }, Purpose.Create, null, CoreKinds.Link);
        if (error is not null)
            return (null, error);
        // Source and id are the server's: what clients send names an entity that doesn't exist yet.
        var attributes = link.Attributes.Where(a => a.Key != CoreKinds.Source.Name).ToDictionary();
        var values = new Values(resolution!, Purpose.Create, null);
        return values.Take(attributes, CoreKinds.Source.Name) is { } wrong
            ? (null, wrong)
            : (new CheckedEntity(resolution!.Kind, resolution.Mixins, values.Found, []), null);
    }

    /// <summary>The kind of link that leads to the target's kind, which <c>rel</c> or the path tells.</summary>
    private static TypeId? Implied(Catalogue catalogue, Representation link, string target)
    {
        var kind = link.Attributes.TryGetValue(CoreKinds.TargetKind.Name, out var named) && TypeId.TryParse(named.Text, out var id)
            ? catalogue.Find(id) as Kind
            : null;
        if (kind is null || !catalogue.Kinds.Any(k => k.LinksTo == kind))
        {
            var path = Names.PathOf(target);
            kind = catalogue.FindByLocation(path[..(path.LastIndexOf('/') + 1)]) as Kind;
        }
        return kind is null ? null : catalogue.Kinds.FirstOrDefault(k => k.LinksTo is { } end && kind.Is(end))?.Id;
    }

    private static Representation? Known(Representation link, Representation? present)
    {
        var self = link.Location is { } url ? Names.PathOf(url) : null;
        var id = IdOf(link);
        return present?.Links.FirstOrDefault(l =>
            (self is not null && l.Location is { } path && Names.PathOf(path) == self) || (id is not null && IdOf(l) == id));
    }

    private static string? IdOf(Representation link) =>
        link.Attributes.TryGetValue(CoreKinds.Id.Name, out var id) ? Names.UuidOf(id.Text) ?? id.Text : null;

    /// <summary>An echo is ignored; a link changes at its own URL (D-08).</summary>
    private static string? Changed(Catalogue catalogue, Representation link, Representation known)
    {
        foreach (var (name, value) in link.Attributes)
        {
            if (catalogue.FindAttribute(name) is not { Mutable: true } attribute)
                continue;
            var (sent, _) = Coerce.To(attribute, value);
            var same = known.Attributes.TryGetValue(name, out var now)
                && (sent == now || (attribute.Type == AttrType.Uri && Names.PathOf(sent.Text) == Names.PathOf(now.Text)));
            if (!same && name != CoreKinds.TargetKind.Name)
                return $"the link {link.Location ?? IdOf(known)} is changed at its own URL: {name} is {Unfit.Shorten(now.Text)}, found {Unfit.Shorten(sent.Text)}";
        }
        return null;
    }
}
