using Controller.Api.Http;
using Controller.Api.Model;
using Occi;

namespace Controller.Api.Entities;

/// <summary>The query interface, <c>/-/</c> (GFD.223 §9): the categories that the caller's project has.</summary>
internal sealed class QueryInterface(Catalogues catalogues, UserMixins mixins)
{
    /// <summary>All categories, or those that the filter names; with a mixin also those that depend on it (decision D-16).</summary>
    public async Task<Reply> Get(OcciRequest request)
    {
        if (request.Fields.Count == 0)
        {
            var (rendered, body) = request.Model.Rendered(request.Rendering, request.Writer);
            return Reply.Ok(rendered) with { Encoded = body };
        }
        var filter = OcciReader.Filter(request.Fields, request.Limits);
        if (!filter.Ok)
            return Problems.BadRendering(filter.Error!);
        var wanted = filter.Value!.Categories;
        request.Model = await catalogues.Knowing(request.Model, request.Caller.Project, wanted, request.Aborted);
        if (wanted.FirstOrDefault(id => request.Catalogue.Find(id) is null) is { Term: not null } unknown)
            return Problems.Invalid($"The filter names {unknown}, which is no category here.");
        var named = wanted.Count == 0 ? [.. request.Catalogue.All] : wanted.Select(id => request.Catalogue.Find(id)!).ToHashSet();
        return Reply.Ok(request.Writer.Categories(
            request.Catalogue.All.Where(c => named.Contains(c) || (c is Mixin m && m.Closure.Any(named.Contains))), request.Rendering));
    }

    /// <summary>Makes mixins of the project's own, and shows them.</summary>
    public async Task<Reply> Add(OcciRequest request)
    {
        var (sent, problem) = await Categories(request);
        if ((problem ?? await mixins.Add(request, sent)) is { } refused)
            return refused;
        return Reply.Ok(request.Writer.Categories(sent.Select(c => request.Catalogue.Find(c.Id)).OfType<Mixin>().Distinct(), request.Rendering));
    }

    /// <summary>Removes mixins of the project's own; the provider's categories stay.</summary>
    public async Task<Reply> Remove(OcciRequest request)
    {
        var (sent, problem) = await Categories(request);
        return (problem ?? await mixins.Remove(request, sent)) is { } refused ? refused : Reply.Done();
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
