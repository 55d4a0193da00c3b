using Controller.Api.Http;
using Occi;
using Occi.Core;

namespace Controller.Api.Entities;

/// <summary>
/// Links in the rendering of a resource that exists: clients echo those that are there (pOCCI puts back all that it read), and may add some.
/// </summary>
internal static class LinkChanges
{
    /// <summary>The links that are new, or what is wrong: an existing one with other values.</summary>
    public static (IReadOnlyList<Representation> Added, Problem? Problem) Sort(OcciRequest request, Representation present, Representation sent)
    {
        var added = new List<Representation>();
        foreach (var link in sent.Links)
        {
            if (present.Links.FirstOrDefault(p => IsSame(request, p, link)) is not { } existing)
                added.Add(link);
            else if (Difference(request, existing, link) is { } name)
                return ([], Problems.Invalid($"{existing.Location} has another {name} than the request says; links are changed at their own URL."));
        }
        return (added, null);
    }

    private static bool IsSame(OcciRequest request, Representation present, Representation sent) =>
        (sent.Location is { } location && request.PathOf(location) == present.Location)
        || (sent.Attributes.TryGetValue(CoreKinds.Id.Name, out var id) && EntityIds.TryParse(id.Text, out var given)
            && present.Location!.EndsWith(given.ToString("D"), StringComparison.Ordinal));   // what is shown has a place

    // What the server alone sets (a state) may have moved on since it was read.
    private static string? Difference(OcciRequest request, Representation present, Representation sent) => sent.Attributes
        .Where(a => a.Key != CoreKinds.Id.Name && IsMutable(request.Catalogue, present, a.Key))
        .Where(a => !present.Attributes.TryGetValue(a.Key, out var value) || request.PathOf(value.Text) != request.PathOf(a.Value.Text))
        .Select(a => a.Key)
        .FirstOrDefault();

    private static bool IsMutable(Catalogue catalogue, Representation link, string attribute) =>
        ((catalogue.Find(link.Kind!.Value) as Kind)?.AllAttributes ?? [])   // what is shown has a kind
            .Concat(link.Mixins.SelectMany(m => (catalogue.Find(m) as Mixin)?.Closure ?? []).SelectMany(m => m.Attributes))
            .FirstOrDefault(a => a.Name == attribute)?.Mutable ?? true;
}
