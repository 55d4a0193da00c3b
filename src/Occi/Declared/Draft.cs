using Occi.Json;

namespace Occi.Declared;

/// <summary>A category of a file, its names checked and nothing looked up yet.</summary>
internal sealed record Draft(string File, JsonPart Part, CategoryClass Class, TypeId Id, string Title, string Location)
{
    private static readonly string[] Common = ["term", "scheme", "title", "attributes"];
    private static readonly string[] OfKind = [.. Common, "location", "actions", "parent", "lifecycle", "link"];
    private static readonly string[] OfMixin = [.. Common, "location", "actions", "depends", "applies", "lifecycle"];

    /// <summary>Null where its names are wrong; the complaints say why.</summary>
    public static Draft? Read(string file, JsonPart part, CategoryClass @class, Shape shape, Complaints complaints)
    {
        if (!shape.Object(part, @class switch { CategoryClass.Kind => OfKind, CategoryClass.Mixin => OfMixin, _ => Common }))
            return null;
        var (term, scheme, title) = (shape.Text(part, "term"), shape.Text(part, "scheme"), shape.Text(part, "title"));
        var location = @class == CategoryClass.Action ? "" : shape.Text(part, "location");
        if (term is null || scheme is null || title is null || location is null)
            return null;
        var before = complaints.All.Count;
        void Check(string member, string? complaint)
        {
            if (complaint is not null)
                complaints.Add(file, part[member]!, complaint);
        }
        Check("term", NameRules.Term(term, @class));
        Check("scheme", NameRules.Scheme(scheme));
        Check("title", NameRules.Title(title));
        if (@class != CategoryClass.Action)
            Check("location", NameRules.Location(location));
        return complaints.All.Count > before ? null : new(file, part, @class, new(scheme, term), title, location);
    }
}
