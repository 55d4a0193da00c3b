using System.Text.Json;

namespace Controller.Api.Tests.Security;

/// <summary>The categories that a server lists, as a walker over all of them needs them.</summary>
internal sealed class TheModel
{
    public const string Json = "application/occi+json";

    private static readonly string[] Abstract = ["entity", "resource", "link"];

    private TheModel(JsonElement model)
    {
        Kinds = [.. model.GetProperty("kinds").EnumerateArray().Select(k => new Category(
            k.GetProperty("term").GetString()!, k.GetProperty("scheme").GetString()!, Location(k),
            k.TryGetProperty("actions", out var actions) ? [.. actions.EnumerateArray().Select(a => a.GetString()!)] : []))];
        Mixins = [.. model.GetProperty("mixins").EnumerateArray().Select(m => new Category(
            m.GetProperty("term").GetString()!, m.GetProperty("scheme").GetString()!, Location(m),
            m.TryGetProperty("actions", out var actions) ? [.. actions.EnumerateArray().Select(a => a.GetString()!)] : []))];
    }

    public IReadOnlyList<Category> Kinds { get; }

    /// <summary>Kinds that entities are of.</summary>
    public IEnumerable<Category> Concrete => Kinds.Where(k => !Abstract.Contains(k.Term));

    public IReadOnlyList<Category> Mixins { get; }

    /// <summary>The URLs of all collections.</summary>
    public IEnumerable<string> Collections => Kinds.Concat(Mixins).Select(c => c.Location).OfType<string>().Append("/").Distinct();

    public static async Task<TheModel> Of(ApiFixture api, string caller) => new((await api.Send("GET", "/-/", caller: caller, accept: Json)).Json);

    private static string? Location(JsonElement category) => category.TryGetProperty("location", out var location) ? location.GetString() : null;

    /// <param name="Term">Its term.</param>
    /// <param name="Scheme">With its <c>#</c>.</param>
    /// <param name="Location">A path; null: it has no collection.</param>
    /// <param name="Actions">Type identifiers.</param>
    internal sealed record Category(string Term, string Scheme, string? Location, string[] Actions)
    {
        public string Id => Scheme + Term;
    }
}
