using Controller.Conformance.Http;

namespace Controller.Conformance;

/// <summary>What the query interface says, read from its text rendering: every version of OCCI has that.</summary>
public sealed class Model
{
    private readonly Dictionary<string, Category> _byId;

    private Model(IReadOnlyList<Category> categories)
    {
        Categories = categories;
        _byId = categories.GroupBy(c => c.Id).ToDictionary(g => g.Key, g => g.First());
    }

    public IReadOnlyList<Category> Categories { get; }

    public IEnumerable<Category> Kinds => Categories.Where(c => c.Class == "kind");

    public IEnumerable<Category> Mixins => Categories.Where(c => c.Class == "mixin");

    public IEnumerable<Category> Actions => Categories.Where(c => c.Class == "action");

    public static async Task<Model> Read(Caller caller)
    {
        var response = Expect.Status(await caller.Get(Standard.QueryInterface, Standard.TextPlain), 200);
        return new(response.Categories);
    }

    public Category? Find(string id) => _byId.GetValueOrDefault(id);

    /// <exception cref="NotApplicableException">It is not offered: providers choose what they implement.</exception>
    public Category Get(string id) => Find(id) ?? throw new NotApplicableException($"{id} is not offered here");

    /// <summary>The path of a kind's or mixin's collection.</summary>
    public string LocationOf(string id) => Get(id).Location ?? throw new CheckFailedException($"{id} has no location.");

    /// <summary>The mixins whose <c>rel</c> is that one: its templates.</summary>
    public IReadOnlyList<Category> TemplatesOf(string id) => [.. Mixins.Where(m => m.Rel == id)];
}
