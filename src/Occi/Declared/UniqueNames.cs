namespace Occi.Declared;

/// <summary>Identifiers and locations are unique over all files and the standard, terms of kinds too: rows know entities by them.</summary>
internal sealed class UniqueNames(Complaints complaints)
{
    public void Check(IReadOnlyList<Draft> drafts)
    {
        var ids = StandardModel.Catalogue.All.ToDictionary(c => c.Id, _ => "the standard");
        var locations = StandardModel.Catalogue.All.Where(c => Catalogue.LocationOf(c) is not null)
            .ToDictionary(c => Catalogue.LocationOf(c)!, c => c.ToString());
        var terms = new Dictionary<string, string>();
        foreach (var draft in drafts)
        {
            if (!ids.TryAdd(draft.Id, draft.File))
                complaints.Add(draft.File, draft.Part, $"expected an identifier that is free, found {draft.Id}, which {ids[draft.Id]} has already");
            if (draft.Class == CategoryClass.Action)
                continue;
            if (!locations.TryAdd(draft.Location, draft.Id.ToString()))
                complaints.Add(draft.File, draft.Part["location"]!, $"expected a location that is free, found {draft.Location}, which {locations[draft.Location]} has already");
            if (draft.Class == CategoryClass.Kind && !terms.TryAdd(draft.Id.Term, draft.Id.ToString()))
                complaints.Add(draft.File, draft.Part["term"]!, $"expected a term that no other kind has, found \"{draft.Id.Term}\", which {terms[draft.Id.Term]} has already");
        }
        var kinds = drafts.Where(d => d.Class == CategoryClass.Kind).ToList();
        foreach (var draft in drafts.Where(d => d.Class != CategoryClass.Action))
        {
            if (kinds.FirstOrDefault(k => k.Location != draft.Location && draft.Location.StartsWith(k.Location, StringComparison.Ordinal)) is { } around)
                complaints.Add(draft.File, draft.Part["location"]!, $"expected a path outside of the collection of {around.Id}, found \"{Unfit.Shorten(draft.Location)}\"");
        }
    }
}
