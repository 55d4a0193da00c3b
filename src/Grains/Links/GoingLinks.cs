using Controller.Contracts;

namespace Controller.Grains.Links;

/// <summary>
/// For what links lead to, before it refuses to be deleted because of them. Links are told that their compute goes before its deletion is answered, but not for ever: a silo may die meanwhile, or the database be slow.
/// Clients see such a link no more, and could not delete it first.
/// </summary>
internal sealed class GoingLinks(IGrainFactory grains)
{
    /// <summary>The phase of a compute that goes.</summary>
    public const string Deleting = "deleting";

    /// <summary>Which of these links are going, or their computes are.</summary>
    /// <param name="term">Their kind's term.</param>
    /// <param name="links">Their ids; ids of anything else are not among those found.</param>
    public async Task<Guid[]> Of(string term, IEnumerable<Guid> links)
    {
        Guid[] asked = [.. links];
        var going = await Task.WhenAll(asked.Select(id => grains.At<ILinkGrain>(GrainId.Create(term, GrainKeys.Of(term, id))).IsGoing()));
        return [.. asked.Where((_, at) => going[at])];
    }
}
