using Occi.Core;
using Occi.Json;

namespace Occi.Declared;

/// <summary>Reads what a kind of link joins, once all kinds are there.</summary>
internal sealed class LinkRules(Building building, Complaints complaints)
{
    public void Read(Draft draft, Kind kind)
    {
        if (draft.Part["link"] is not { } part)
            return;
        var shape = new Shape(draft.File, complaints);
        if (!kind.Is(CoreKinds.Link))
        {
            complaints.Add(draft.File, part, $"expected no member link, found one: {kind} is no kind of link");
            return;
        }
        if (shape.Object(part, ["source", "target", "external", "acyclic"]))
            building.Links[kind] = new(Ends(draft, part, "source", shape), Ends(draft, part, "target", shape), shape.Flag(part, "external"), shape.Flag(part, "acyclic"));
    }

    private List<Kind> Ends(Draft draft, JsonPart part, string member, Shape shape)
    {
        if (part[member] is null)
            return [CoreKinds.Resource];
        var found = new List<Kind>();
        foreach (var (at, named) in shape.Texts(part[member]))
        {
            if (TypeId.TryParse(named, out var id) && building.Make(id) is Kind kind && kind.Is(CoreKinds.Resource))
                found.Add(kind);
            else
                complaints.Add(draft.File, at, $"expected a kind of resource of these files or of the standard, found \"{Unfit.Shorten(named)}\"");
        }
        return found;
    }
}
