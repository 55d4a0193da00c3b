using Controller.Api.Cluster;
using Controller.Api.Http;
using Controller.Api.Model;
using Controller.Contracts;
using Microsoft.Extensions.Options;
using Occi;

namespace Controller.Api.Entities;

/// <summary>Makes and removes mixins of the caller's project (GFD.223 §9.3, §9.4). This process knows of the change before it answers.</summary>
internal sealed class UserMixins(IGrainFactory grains, Catalogues catalogues, MixinDefinitions definitions, IOptions<MixinOptions> options)
{
    /// <summary>All or none; afterwards the request's model has them.</summary>
    public async Task<Problem?> Add(OcciRequest request, IReadOnlyList<CategoryDefinition> sent)
    {
        var project = request.Caller.Project;
        request.Model = await catalogues.Fresh(project, request.Aborted);
        var mixins = new List<UserMixin>();
        foreach (var definition in sent)
        {
            var (mixin, problem) = definitions.Read(request, definition);
            if (problem is not null)
                return problem;
            mixins.Add(mixin);
        }
        var outcome = await Twice.Try(() => grains.UserMixins(project).Add(new(request.Caller, [.. mixins], options.Value.MaxPerProject)));
        if (!outcome.Ok)
            return Problems.From(outcome, request.Path);
        request.Model = await catalogues.Fresh(project, request.Aborted);
        return null;
    }

    /// <summary>All or none, and from whatever has them.</summary>
    public async Task<Problem?> Remove(OcciRequest request, IReadOnlyList<CategoryDefinition> sent)
    {
        var project = request.Caller.Project;
        request.Model = await catalogues.Fresh(project, request.Aborted);
        if (sent.FirstOrDefault(c => request.Catalogue.Find(c.Id) is null) is { } unknown)
            return Problems.NotFound(unknown.Id.ToString());
        if (sent.FirstOrDefault(c => !request.Model.IsOwn(c.Id)) is { } given)
            return Problems.Immutable($"{given.Id} is the provider's and can't be removed.");
        var outcome = await Twice.Try(() => grains.UserMixins(project).Remove(new(request.Caller, [.. sent.Select(c => c.Id.ToString())])));
        if (!outcome.Ok)
            return Problems.From(outcome, request.Path);
        request.Model = await catalogues.Fresh(project, request.Aborted);
        return null;
    }
}
