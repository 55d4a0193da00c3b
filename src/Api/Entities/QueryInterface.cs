using Controller.Api.Http;
using Controller.Api.Model;
using Occi;

namespace Controller.Api.Entities;

/// <summary>The query interface, <c>/-/</c> (GFD.223 §9).</summary>
internal sealed class QueryInterface(Catalogues catalogues)
{
    /// <summary>All categories, or those that the filter names; with a mixin also those that depend on it (decision D-16).</summary>
    public async Task<Reply> Get(OcciRequest request)
    {
        if (request.Fields.Count == 0)
            return Reply.Ok(catalogues.Current.Rendered(request.Rendering, request.Writer));
        var filter = OcciReader.Filter(request.Fields, request.Limits);
        if (!filter.Ok)
            return Problems.BadRendering(filter.Error!);
        var wanted = filter.Value!.Categories;
        request.Catalogue = await catalogues.Knowing(request.Catalogue, wanted, request.Aborted);
        if (wanted.FirstOrDefault(id => request.Catalogue.Find(id) is null) is { Term: not null } unknown)
            return Problems.Invalid($"The filter names {unknown}, which is no category here.");
        var named = wanted.Count == 0 ? [.. request.Catalogue.All] : wanted.Select(id => request.Catalogue.Find(id)!).ToHashSet();
        return Reply.Ok(request.Writer.Categories(
            request.Catalogue.All.Where(c => named.Contains(c) || (c is Mixin m && m.Closure.Any(named.Contains))), request.Rendering));
    }

    /// <summary>A user's mixins: not offered yet.</summary>
    public static async Task<Reply> Add(OcciRequest request)
    {
        var (sent, problem) = await Categories(request);
        if (problem is not null)
            return problem;
        return sent.FirstOrDefault(c => c.Class != CategoryClass.Mixin) is { } stray
            ? Problems.Invalid($"{stray.Id} is a {stray.Class.ToString().ToLowerInvariant()}; only mixins can be added.")
            : Problems.NotImplemented("Mixins of one's own are not offered here.");
    }

    /// <summary>The provider's categories stay; others are not there.</summary>
    public static async Task<Reply> Remove(OcciRequest request)
    {
        var (sent, problem) = await Categories(request);
        if (problem is not null)
            return problem;
        return sent.FirstOrDefault(c => request.Catalogue.Find(c.Id) is null) is { } unknown
            ? Problems.NotFound(unknown.Id.ToString())
            : Problems.Immutable($"{sent[0].Id} is the provider's and can't be removed.");
    }

    private static async Task<(IReadOnlyList<CategoryDefinition> Sent, Problem? Problem)> Categories(OcciRequest request)
    {
        var (message, problem) = await request.Read();
        if (problem is not null)
            return ([], problem);
        var parsed = OcciReader.Categories(message);
        return !parsed.Ok ? ([], Problems.BadRendering(parsed.Error!))
            : parsed.Value is { Count: > 0 } sent ? (sent, null)
            : ([], Problems.Invalid("A category was wanted, none was sent."));
    }
}
