using Occi.Json;

namespace Occi.Declared;

/// <summary>
/// Reads data files into a model, on top of the standard's. Pure, and total: for any text it answers a model or what is wrong, never an exception.
/// The form is that of the standard's own category rendering (GFD.226 §3.2) and a few members more; docs/adding-a-kind.md describes it.
/// </summary>
public static class ModelLoader
{
    private static readonly string[] Sections = ["kinds", "mixins", "actions"];

    /// <summary>Loads all files together: they may refer to one another.</summary>
    public static LoadedModel Load(IEnumerable<ModelFile> files)
    {
        var complaints = new Complaints();
        var drafts = new List<Draft>();
        foreach (var file in files)
            Read(file, drafts, complaints);
        new UniqueNames(complaints).Check(drafts);
        if (complaints.All.Count > 0)
            return new(null, complaints.All);   // what refers to a broken draft would only complain of it again

        var building = new Building(drafts, complaints);
        building.Run();
        return complaints.All.Count > 0
            ? new(null, complaints.All)
            : new(
                new DeclaredModel(
                    new Catalogue([.. StandardModel.Catalogue.Kinds, .. building.Kinds], [.. StandardModel.Catalogue.Mixins, .. building.Mixins]),
                    building.Lifecycles,
                    building.Links),
                []);
    }

    private static void Read(ModelFile file, List<Draft> drafts, Complaints complaints)
    {
        var parsed = JsonPart.Parse(file.Text);
        if (parsed.Error is { } error)
        {
            complaints.Add(file.Name, error);
            return;
        }
        var shape = new Shape(file.Name, complaints);
        if (!shape.Object(parsed.Value!, [.. Sections, "$schema", "description"]))
            return;
        foreach (var (section, @class) in Sections.Zip([CategoryClass.Kind, CategoryClass.Mixin, CategoryClass.Action]))
        {
            foreach (var item in shape.Items(parsed.Value![section]))
            {
                if (Draft.Read(file.Name, item, @class, shape, complaints) is { } draft)
                    drafts.Add(draft);
            }
        }
    }
}
