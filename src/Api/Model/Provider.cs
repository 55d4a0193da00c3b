using Controller.Contracts;
using Occi;

namespace Controller.Api.Model;

/// <summary>
/// The provider's categories, as of a state of the images' and hosts' rows: those that everybody has (the standard's, those of data files, an <c>os_tpl</c> for every image that is
/// nobody's own, a mixin for every zone that a host is in), and the templates of images that belong to a project.
/// </summary>
internal sealed class Provider
{
    private readonly ILookup<Guid, Mixin> _images;

    private Provider(string fingerprint, ProjectModel model, ILookup<Guid, Mixin> images) => (Fingerprint, Model, _images) = (fingerprint, model, images);

    public string Fingerprint { get; }

    public ProjectModel Model { get; }

    public static Provider Of(string fingerprint, Catalogue declared, IEnumerable<ImageView> images, IEnumerable<string> zones)
    {
        var templates = images.ToLookup(i => i.Project, ImageTemplates.Of);
        return new(
            fingerprint, new(declared.With([.. templates[null], .. zones.Select(Occi.Extension.Zone.Of)]), []),
            templates.Where(g => g.Key is not null).SelectMany(g => g.Select(mixin => (Project: g.Key!.Value, Mixin: mixin))).ToLookup(t => t.Project, t => t.Mixin));
    }

    /// <summary>The templates that only this project has.</summary>
    public IReadOnlyList<Mixin> ImagesOf(Guid project) => [.. _images[project]];
}
