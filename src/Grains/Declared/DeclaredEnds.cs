using Controller.Contracts;
using Controller.Grains.Links;
using Occi;
using Occi.Core;
using Occi.Declared;

namespace Controller.Grains.Declared;

/// <summary>The ends of a declared link (GFD.221 §5.4.3): looked up when it is made, the same ever after (D-35).</summary>
internal sealed class DeclaredEnds(IGrainFactory grains, DeclaredModel model)
{
    // Whether something is there is asked on nobody's behalf.
    private static readonly Caller Anybody = new(Guid.Empty, Role.Admin, "declared");

    /// <summary>The record with its ends, or what is wrong with one of them.</summary>
    public async Task<(DeclaredRecord Record, string? Why)> Join(DeclaredRecord record, LinkRule rule, Caller caller)
    {
        var attributes = new Dictionary<string, AttributeValue>(record.Attributes);
        var (sent, wanted) = (Take(attributes, CoreKinds.Source), Take(attributes, CoreKinds.Target));
        var kind = Take(attributes, CoreKinds.TargetKind);
        attributes.Remove(CoreKinds.SourceKind.Name);
        var (source, why) = await Find(CoreKinds.Source, sent, rule.Source, caller);
        if (source is null)
            return (record, why);
        if (rule.External && wanted is not null && IsExternal(wanted))
            return (record with { Attributes = attributes, Source = source, Target = new(wanted, kind) }, null);
        (var target, why) = await Find(CoreKinds.Target, wanted, rule.Target, caller);
        return target is null ? (record, why) : (record with { Attributes = attributes, Source = source, Target = target }, null);
    }

    /// <summary>Takes the ends out of an update, or says which one it would change.</summary>
    public static string? Change(DeclaredRecord present, Dictionary<string, AttributeValue> attributes)
    {
        foreach (var (attr, end) in new[] { (CoreKinds.Source, present.Source), (CoreKinds.Target, present.Target) })
        {
            var same = Take(attributes, attr) is not { } sent || sent == end?.Uri || (end?.Id is { } id && LinkGrain.EndOf(sent, null) == id);
            if (!same)
                return $"{attr.Name}: a link's ends do not change; it is {end?.Uri}. Delete the link and make another.";
        }
        attributes.Remove(CoreKinds.SourceKind.Name);
        attributes.Remove(CoreKinds.TargetKind.Name);
        return null;
    }

    public async Task<bool> Exists(LinkEnd end) =>
        end.Id is not { } id || !TypeId.TryParse(end.Kind, out var kind) || await grains.Entity(kind.Term, id).View(Anybody) is not null;

    private async Task<(LinkEnd? End, string? Why)> Find(Attr attr, string? sent, IReadOnlyList<Kind> allowed, Caller caller)
    {
        var wanted = string.Join(" or ", allowed.Select(k => k.Id.Term));
        if (sent is null || LinkGrain.EndOf(sent, null) is not { } id)
            return (null, $"{attr.Name}: a {wanted} of this cloud was wanted, \"{sent}\" was given.");
        var fitting = model.Catalogue.Kinds.Where(k => k.Location is not null && k.Id.Scheme != CoreKinds.Scheme && allowed.Any(k.Is)).ToList();
        if (KindOf(sent) is { } named)
        {
            if (!fitting.Contains(named))
                return (null, $"{attr.Name}: a {wanted} was wanted, \"{sent}\" was given, which is a {named.Id.Term}.");
            (fitting, wanted) = ([named], named.Id.Term);
        }
        // An id alone does not tell its kind.
        foreach (var kind in fitting)
        {
            if (await grains.Entity(kind.Id.Term, id).View(caller) is not null)
                return (new($"{kind.Location}{id:D}", kind.Id.ToString(), id), null);
        }
        return (null, $"{attr.Name}: there is no {wanted} {id}.");
    }

    /// <summary>The kind whose collection a path or URL leads into; null where it tells none.</summary>
    private Kind? KindOf(string uri)
    {
        var path = uri.StartsWith('/') ? uri : Uri.TryCreate(uri, UriKind.Absolute, out var url) ? url.AbsolutePath : "";
        return model.Catalogue.FindByLocation(path[..(path.LastIndexOf('/') + 1)]) as Kind;
    }

    // The API has made paths of its own URLs.
    private static bool IsExternal(string uri) =>
        !uri.StartsWith('/') && !uri.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(uri, UriKind.Absolute, out _);

    private static string? Take(Dictionary<string, AttributeValue> attributes, Attr attr) => attributes.Remove(attr.Name, out var value) ? value.Text : null;
}
