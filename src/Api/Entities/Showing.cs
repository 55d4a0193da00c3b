using System.Globalization;
using Controller.Api.Model;
using Controller.Contracts;
using Occi;
using Occi.Core;

namespace Controller.Api.Entities;

/// <summary>From a grain's view to what travels.</summary>
internal static class Showing
{
    /// <summary>The entity; its links are the view's own, or those given (a listing's). A mixin that its project has no more is not shown.</summary>
    public static Representation Show(this EntityView view, ProjectModel model, IEnumerable<EntityView>? links = null)
    {
        var attributes = new Dictionary<string, AttributeValue>(view.Attributes.Count + 1) { [CoreKinds.Id.Name] = AttributeValue.Of(UrnOf(view.Id)) };
        foreach (var (name, value) in view.Attributes)
            attributes[name] = value;
        return new()
        {
            Kind = IdOf(view.Kind),
            Mixins = [.. view.Mixins.Select(IdOf).Where(model.Shows)],
            Attributes = attributes,
            Actions = [.. view.Actions.Select(IdOf)],
            Links = [.. (links ?? view.Links).Select(l => l.Show(model, []))],
            Location = (model.Catalogue.Find(IdOf(view.Kind)) as Kind)?.Location + view.Id.ToString("D"),
        };
    }

    /// <summary>A listing's member of which only the place is needed.</summary>
    public static Representation Locate(Kind kind, Guid id) => new() { Kind = kind.Id, Location = PathOf(kind, id) };

    public static string PathOf(Kind kind, Guid id) => $"{kind.Location}{id:D}";

    public static string UrnOf(Guid id) => $"urn:uuid:{id:D}";

    /// <summary>
    /// The tag of what is shown: the entity's version, its links' versions, and the rendering, since another one is another representation.
    /// </summary>
    public static string TagOf(EntityView view, Rendering rendering)
    {
        var links = view.Links.Aggregate(17L, (hash, link) => unchecked((((hash * 31) + link.Id.GetHashCode()) * 31) + link.Version));
        return string.Create(CultureInfo.InvariantCulture, $"\"{view.Version}.{links:x}-{rendering}\"");
    }

    /// <summary>The entity's version in a tag of ours; null when it is none.</summary>
    public static long? VersionIn(string tag)
    {
        var text = tag.AsSpan().Trim().Trim('"');
        var dot = text.IndexOf('.');
        return long.TryParse(dot < 0 ? text : text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
    }

    private static TypeId IdOf(string text) =>
        TypeId.TryParse(text, out var id) ? id : throw new FormatException($"A view names the category '{text}', which is no type identifier.");
}
